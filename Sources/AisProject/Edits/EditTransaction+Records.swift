import AisCore
import Foundation
import GRDB

/// Datasets, features, views, settings and libraries.
extension EditTransaction {
  mutating func addDataset(_ name: String, _ shape: Shape, _ fields: DatasetFields, _ id: Int64?) throws -> Int64 {
    guard shape.x > 0, shape.y > 0, shape.z > 0, max(shape.x, shape.y) <= MaskStore.largestSide,
      shape.sliceCount <= MaskStore.largestPixelCount, shape.z <= 1 << 20
    else { throw AisError(.usage, "'\(name)' cannot be annotated: it has \(shape) voxels") }
    var values = fields.values
    values["name"] = .text(name)
    values["size_z"] = .integer(Int64(shape.z))
    values["size_y"] = .integer(Int64(shape.y))
    values["size_x"] = .integer(Int64(shape.x))
    if values["position"] == nil { values["position"] = .real(try nextPosition(.dataset)) }
    return try make(.dataset, id, values)
  }

  mutating func addVersion(
    _ dataset: Int64, _ kind: DatasetVersion.Kind, _ title: String, _ reference: TomogramReference,
    _ scale: VersionScale
  ) throws -> Int64 {
    try keep(RecordKey(.dataset, dataset))
    try requireFit(reference, scale, in: dataset)
    var values = reference.values
    values["dataset"] = .integer(dataset)
    values["kind"] = .text(kind.rawValue)
    values["title"] = .text(title)
    values["scale_up"] = .integer(Int64(scale.up))
    values["scale_down"] = .integer(Int64(scale.down))
    values["position"] = .real(try nextPosition(.version))
    return try make(.version, nil, values)
  }

  mutating func relinkVersion(_ id: Int64, _ reference: TomogramReference) throws {
    let record = RecordKey(.version, id)
    try registers.requireLive(record)
    guard let dataset = try registers.value("dataset", of: record).integer,
      let up = try registers.value("scale_up", of: record).integer,
      let down = try registers.value("scale_down", of: record).integer
    else { return }
    try requireFit(reference, VersionScale(up: Int(up), down: Int(down)), in: dataset)
    try change(record, reference.values)
  }

  private func requireFit(_ reference: TomogramReference, _ scale: VersionScale, in dataset: Int64) throws {
    let frame = try masks.size(of: dataset)
    guard VersionScale(version: reference.shape, frame: frame) == scale else {
      throw AisError(
        .shapeMismatch,
        "'\(reference.path)' does not lie on this dataset: it has \(reference.shape) voxels, the dataset \(frame)"
          + (scale == .same ? "" : " at \(scale.up)/\(scale.down)"))
    }
  }

  mutating func createFeature(_ fields: FeatureFields, _ id: Int64?) throws -> Int64 {
    guard let title = fields.title, !title.isEmpty else { throw AisError(.usage, "a feature needs a title") }
    var fields = fields
    if fields.position == nil { fields.position = try nextPosition(.feature) }
    if fields.colour == nil {
      let count = try Int.fetchOne(journal.db, sql: "SELECT count(*) FROM feature WHERE live = 1") ?? 0
      fields.colour = Feature.Colour.palette[count % Feature.Colour.palette.count]
    }
    return try make(.feature, id, fields.values)
  }

  mutating func addLibraryFeature(_ library: Int64, _ fields: LibraryFeatureFields) throws -> Int64 {
    try keep(RecordKey(.library, library))
    guard let title = fields.title, !title.isEmpty else { throw AisError(.usage, "a feature needs a title") }
    var values = fields.values
    values["library"] = .integer(library)
    if values["position"] == nil { values["position"] = .real(try nextPosition(.libraryFeature)) }
    return try make(.libraryFeature, nil, values)
  }

  mutating func setView(_ dataset: Int64, _ fields: DatasetViewFields) throws {
    try registers.requireLive(RecordKey(.dataset, dataset))
    try requireJSON(fields.filters, "filters")
    try requireJSON(fields.extras, "extras")
    let found = try Int64.fetchOne(
      journal.db, sql: "SELECT id FROM view WHERE dataset = ? AND author = ?", arguments: [dataset, author.name])
    if let found {
      try assert(RecordKey(.view, found), fields.values)
    } else {
      _ = try make(
        .view, nil, fields.values.merging(["dataset": .integer(dataset), "author": .text(author.name)]) { $1 })
    }
  }

  mutating func setSetting(_ name: String, _ json: String?, _ isPersonal: Bool) throws {
    try requireJSON(json, name)
    let owner = isPersonal ? author.name : ""
    let found = try Int64.fetchOne(
      journal.db, sql: "SELECT id FROM setting WHERE author = ? AND name = ?", arguments: [owner, name])
    let value = ProjectValue.optional(json)
    if let found {
      try assert(RecordKey(.setting, found), ["value": value])
    } else {
      _ = try make(.setting, nil, ["author": .text(owner), "name": .text(name), "value": value])
    }
  }

  private func requireJSON(_ text: String?, _ name: String) throws {
    guard let text else { return }
    do {
      _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    } catch {
      throw AisError(.usage, "the value of '\(name)' is not JSON")
    }
  }

  /// Behind all others.
  func nextPosition(_ kind: RecordKind) throws -> Double {
    let last = try Double.fetchOne(journal.db, sql: "SELECT max(position) FROM \(kind.rawValue) WHERE live = 1")
    return (last ?? -1).rounded(.down) + 1
  }
}
