import AisCore
import Foundation
import GRDB

/// The painted pixels of every slice, and how edits and their undoing change them.
struct MaskStore {
  /// Rows or columns of the largest slice.
  static let largestSide = 1 << 17
  /// Pixels of the largest slice: 32 MiB as a mask.
  static let largestPixelCount = 1 << 28

  let db: Database

  /// Slices of one feature in one dataset.
  struct Plane: Hashable {
    var dataset: Int64
    var feature: Int64
    var slice: Int
  }

  /// The frame of a dataset.
  func size(of dataset: Int64) throws -> Shape {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT size_z, size_y, size_x FROM dataset WHERE id = ?", arguments: [dataset])
    else { throw AisError(.notFound, "the dataset \(dataset) is not in the project") }
    return Shape(z: row["size_z"], y: row["size_y"], x: row["size_x"])
  }

  /// The painted pixels of a slice; none when nothing was painted.
  func mask(_ plane: Plane) throws -> SliceMask {
    let size = try size(of: plane.dataset)
    let row = try Row.fetchOne(
      db, sql: "SELECT pixels FROM mask WHERE dataset = ? AND feature = ? AND z = ?",
      arguments: [plane.dataset, plane.feature, plane.slice])
    guard let row else { return SliceMask(height: size.y, width: size.x) }
    let bytes: Data = row["pixels"]
    return try MaskCodec.decode(Array(bytes), height: size.y, width: size.x)
  }

  func store(_ mask: SliceMask, _ plane: Plane) throws {
    let count = mask.count
    if count == 0 {
      try db.execute(
        sql: "DELETE FROM mask WHERE dataset = ? AND feature = ? AND z = ?",
        arguments: [plane.dataset, plane.feature, plane.slice])
      return
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO mask (dataset, feature, z, pixel_count, pixels) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET pixel_count = excluded.pixel_count, pixels = excluded.pixels
        """
    ).execute(arguments: [plane.dataset, plane.feature, plane.slice, count, Data(MaskCodec.encode(mask))])
  }

  /// Applies a new edit, which lies above all others.
  func apply(_ patch: MaskPatch) throws {
    let plane = Plane(dataset: patch.dataset, feature: patch.feature, slice: patch.slice)
    var mask = try mask(plane)
    patch.apply(to: &mask)
    try store(mask, plane)
  }

  /// Makes a rectangle of a slice what the edits that count say, and returns what changed, if anything did.
  func settle(_ rectangle: PixelRectangle, _ plane: Plane) throws -> MaskPatch? {
    var mask = try mask(plane)
    let before = mask.cropped(to: rectangle)
    let after = try composed(rectangle, plane)
    let patch = MaskPatch(
      dataset: plane.dataset, feature: plane.feature, slice: plane.slice, rectangle: rectangle,
      painted: after.subtracting(before), erased: before.subtracting(after))
    if patch.isEmpty { return nil }
    patch.apply(to: &mask)
    try store(mask, plane)
    return patch
  }

  /// What the edits that count make of a rectangle, one after the other: of each pixel the last that touched it decides.
  func composed(_ rectangle: PixelRectangle, _ plane: Plane) throws -> SliceMask {
    var mask = SliceMask(height: rectangle.height, width: rectangle.width)
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT m.* FROM journal_mask m JOIN journal j ON j.seq = m.seq AND j.action = 'edit'
        WHERE m.dataset = ? AND m.feature = ? AND m.z = ? AND m.y < ? AND m.y + m.height > ? AND m.x < ? AND m.x + m.width > ?
          AND NOT EXISTS (SELECT 1 FROM undone u WHERE u.seq = m.seq)
        ORDER BY m.seq, m.part
        """,
      arguments: [
        plane.dataset, plane.feature, plane.slice, rectangle.y + rectangle.height, rectangle.y,
        rectangle.x + rectangle.width, rectangle.x,
      ])
    while let row = try rows.next() { try StoredMaskPatch(row).decoded().apply(to: &mask, part: rectangle) }
    return mask
  }
}
