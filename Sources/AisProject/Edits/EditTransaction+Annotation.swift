import AisCore
import GRDB

/// Painting and boxes.
extension EditTransaction {
  mutating func paint(_ patch: MaskPatch) throws {
    try keep(RecordKey(.dataset, patch.dataset))
    try keep(RecordKey(.feature, patch.feature))
    let size = try masks.size(of: patch.dataset)
    let box = patch.rectangle
    guard PixelRectangle(y: 0, x: 0, height: size.y, width: size.x).contains(box), !box.isEmpty else {
      throw AisError(
        .usage,
        "a stroke covers rows \(box.y) to \(box.y + box.height - 1) and columns \(box.x) to \(box.x + box.width - 1); the "
          + "slice has \(size.x) × \(size.y) pixels")
    }
    try requireSlice(patch.slice, depth: size.z)
    let masksFit = [patch.painted, patch.erased].allSatisfy { $0.height == box.height && $0.width == box.width }
    guard masksFit, patch.painted.intersection(patch.erased).isEmpty else {
      throw AisError(.usage, "a stroke's masks do not fit its rectangle, or both paint and erase a pixel")
    }
    if patch.isEmpty { return }
    try journal.note(patch, part: nextPart(), in: sequence)
    try masks.apply(patch)
  }

  mutating func clearSlice(_ dataset: Int64, _ feature: Int64, _ slice: Int) throws {
    try keep(RecordKey(.dataset, dataset))
    try keep(RecordKey(.feature, feature))
    let painted = try masks.mask(.init(dataset: dataset, feature: feature, slice: slice))
    if !painted.isEmpty {
      // All of the slice, not only what is painted now: nothing may come back from below when another edit is undone.
      let everything = SliceMask(height: painted.height, width: painted.width).inverted
      try paint(
        .stroke(
          dataset: dataset, feature: feature, slice: slice, rectangle: painted.bounds, everything, erases: true))
    }
    let boxes = try Int64.fetchAll(
      journal.db, sql: "SELECT id FROM box WHERE dataset = ? AND feature = ? AND z = ? AND live = 1",
      arguments: [dataset, feature, slice])
    for box in boxes { try assert(RecordKey(.box, box), ["live": .integer(0)]) }
  }

  mutating func placeBox(
    _ dataset: Int64, _ feature: Int64, _ slice: Int, _ y: Double, _ x: Double, _ id: Int64?
  ) throws -> Int64 {
    try keep(RecordKey(.dataset, dataset))
    try keep(RecordKey(.feature, feature))
    try requirePlace(y, x)
    try requireSlice(slice, depth: try masks.size(of: dataset).z)
    return try make(
      .box, id,
      [
        "dataset": .integer(dataset), "feature": .integer(feature), "z": .integer(Int64(slice)), "y": .real(y),
        "x": .real(x),
      ])
  }

  mutating func moveBox(_ id: Int64, _ slice: Int, _ y: Double, _ x: Double) throws {
    let record = RecordKey(.box, id)
    try registers.requireLive(record)
    try requirePlace(y, x)
    if case .integer(let dataset) = try registers.value("dataset", of: record) {
      try requireSlice(slice, depth: try masks.size(of: dataset).z)
    }
    try change(record, ["z": .integer(Int64(slice)), "y": .real(y), "x": .real(x)])
  }

  mutating func setBoxSize(_ dataset: Int64, _ feature: Int64, _ size: Int?) throws {
    try keep(RecordKey(.dataset, dataset))
    try keep(RecordKey(.feature, feature))
    let found = try Int64.fetchOne(
      journal.db, sql: "SELECT id FROM layer WHERE dataset = ? AND feature = ?", arguments: [dataset, feature])
    let value: ProjectValue = size.map { .integer(Int64($0)) } ?? .null
    if let found {
      try assert(RecordKey(.layer, found), ["box_size": value, "live": .integer(1)])
    } else {
      _ = try make(
        .layer, nil, ["dataset": .integer(dataset), "feature": .integer(feature), "box_size": value])
    }
  }

  private func requireSlice(_ slice: Int, depth: Int) throws {
    guard (0..<depth).contains(slice) else {
      throw AisError(.usage, "slice \(slice) is not there: the dataset has slices 0 to \(depth - 1)")
    }
  }

  private func requirePlace(_ y: Double, _ x: Double) throws {
    guard y.isFinite, x.isFinite, abs(y) < 1e9, abs(x) < 1e9 else {
      throw AisError(.usage, "a box cannot be placed at x \(x), y \(y)")
    }
  }
}
