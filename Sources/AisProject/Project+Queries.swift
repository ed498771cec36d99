import AisCore
import Foundation
import GRDB

/// What is in the project now.
extension Project {
  package func datasets() throws(AisError) -> [Dataset] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM dataset WHERE live = 1 ORDER BY position, id").map { Dataset($0) }
    }
  }

  package func dataset(_ id: Int64) throws(AisError) -> Dataset? {
    try database.read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM dataset WHERE id = ? AND live = 1", arguments: [id]).map { Dataset($0) }
    }
  }

  /// The versions of a dataset, or of all, in the order in which they were added.
  package func versions(of dataset: Int64? = nil) throws(AisError) -> [DatasetVersion] {
    try database.read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM version WHERE live = 1 AND (?1 IS NULL OR dataset = ?1) ORDER BY dataset, position, id",
        arguments: [dataset]
      ).map { DatasetVersion($0) }
    }
  }

  package func features() throws(AisError) -> [Feature] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM feature WHERE live = 1 ORDER BY position, id").map { Feature($0) }
    }
  }

  /// The size of a feature's boxes in a dataset, in voxels of the frame.
  package func boxSize(of feature: Int64, in dataset: Int64) throws(AisError) -> Int? {
    try database.read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT coalesce((SELECT box_size FROM layer WHERE dataset = ?1 AND feature = ?2 AND live = 1), box_size)
          FROM feature WHERE id = ?2 AND live = 1
          """, arguments: [dataset, feature])
    }
  }

  /// A slice with paint or boxes of a feature.
  package struct AnnotatedSlice: Sendable, Hashable {
    package var dataset: Int64
    package var feature: Int64
    package var slice: Int
    package var pixelCount: Int
    package var boxCount: Int
  }

  /// The annotated slices of a dataset and a feature, or of all of them; of deleted features none.
  package func annotatedSlices(
    dataset: Int64? = nil, feature: Int64? = nil
  ) throws(AisError) -> [AnnotatedSlice] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT a.dataset, a.feature, a.z, sum(a.pixels) AS pixels, sum(a.boxes) AS boxes FROM (
            SELECT dataset, feature, z, pixel_count AS pixels, 0 AS boxes FROM mask
            UNION ALL
            SELECT dataset, feature, z, 0, count(*) FROM box WHERE live = 1 GROUP BY dataset, feature, z
          ) a
          JOIN feature f ON f.id = a.feature AND f.live = 1 JOIN dataset d ON d.id = a.dataset AND d.live = 1
          WHERE (?1 IS NULL OR a.dataset = ?1) AND (?2 IS NULL OR a.feature = ?2)
          GROUP BY a.dataset, a.feature, a.z ORDER BY a.dataset, f.position, a.feature, a.z
          """, arguments: [dataset, feature]
      ).map {
        AnnotatedSlice(
          dataset: $0["dataset"], feature: $0["feature"], slice: $0["z"], pixelCount: $0["pixels"],
          boxCount: $0["boxes"])
      }
    }
  }

  /// The painted pixels of a slice, in the frame.
  package func mask(dataset: Int64, feature: Int64, slice: Int) throws(AisError) -> SliceMask {
    try database.read { db in
      try MaskStore(db: db).mask(.init(dataset: dataset, feature: feature, slice: slice))
    }
  }

  /// The same as `MaskCodec` has it, as it is stored, with the slice's rows and columns.
  package func encodedMask(
    dataset: Int64, feature: Int64, slice: Int
  ) throws(AisError) -> (bytes: [UInt8], height: Int, width: Int) {
    try database.read { db in
      let size = try MaskStore(db: db).size(of: dataset)
      let bytes = try Data.fetchOne(
        db, sql: "SELECT pixels FROM mask WHERE dataset = ? AND feature = ? AND z = ?",
        arguments: [dataset, feature, slice])
      return (bytes.map { Array($0) } ?? [1], size.y, size.x)
    }
  }

  /// The boxes of a feature in a dataset, or of all, in one slice or in all.
  package func boxes(
    dataset: Int64, feature: Int64? = nil, slice: Int? = nil
  ) throws(AisError) -> [AnnotationBox] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT b.* FROM box b JOIN feature f ON f.id = b.feature AND f.live = 1
          WHERE b.live = 1 AND b.dataset = ?1 AND (?2 IS NULL OR b.feature = ?2) AND (?3 IS NULL OR b.z = ?3)
          ORDER BY b.feature, b.z, b.id
          """, arguments: [dataset, feature, slice]
      ).map { AnnotationBox($0) }
    }
  }

  /// How a person last looked at a dataset.
  package func view(of dataset: Int64, by author: String) throws(AisError) -> DatasetView? {
    try database.read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM view WHERE live = 1 AND dataset = ? AND author = ?", arguments: [dataset, author]
      ).map { DatasetView($0) }
    }
  }

  /// A setting's JSON: the author's, or without one the project's.
  package func setting(_ name: String, author: String = "") throws(AisError) -> String? {
    try database.read { db in
      try String.fetchOne(
        db, sql: "SELECT value FROM setting WHERE live = 1 AND author = ? AND name = ?", arguments: [author, name])
    }
  }

  package func libraries() throws(AisError) -> [FeatureLibrary] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM library WHERE live = 1 ORDER BY id").map { row in
        let cards = try Row.fetchAll(
          db, sql: "SELECT * FROM library_feature WHERE live = 1 AND library = ? ORDER BY position, id",
          arguments: [row["id"] as Int64])
        return FeatureLibrary(
          id: row["id"], name: row["name"], isActive: row["is_active"], features: cards.map { LibraryFeature($0) })
      }
    }
  }

  /// All settings as JSON by name: the author's, and the project's where the author has none.
  package func settings(author: String) throws(AisError) -> [String: String] {
    try database.read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT name, value FROM setting WHERE live = 1 AND author IN ('', ?) ORDER BY author",
        arguments: [author])
      return Dictionary(rows.map { ($0["name"] as String, $0["value"] as String? ?? "null") }) { $1 }
    }
  }

  /// Sizes of boxes that are not those of their feature.
  package func layers() throws(AisError) -> [Layer] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM layer WHERE live = 1 ORDER BY id").map {
        Layer(id: $0["id"], dataset: $0["dataset"], feature: $0["feature"], boxSize: $0["box_size"])
      }
    }
  }

  /// What a dataset has of its own for a feature.
  package struct Layer: Sendable, Hashable {
    package var id: Int64
    package var dataset: Int64
    package var feature: Int64
    /// Voxels of the frame.
    package var boxSize: Int?
  }
}
