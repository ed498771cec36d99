import AisCore
import Foundation

/// Entries as JSON, for pages and scripts.
extension JournalEntry: Encodable {
  private enum Key: String, CodingKey {
    case sequence, time, author, client, action, kind, label, target, dataset, feature, slice, isUndone, isUndoable
    case values, masks
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(sequence, forKey: .sequence)
    try container.encode(time, forKey: .time)
    try container.encode(author.name, forKey: .author)
    try container.encode(author.client, forKey: .client)
    try container.encode(action.rawValue, forKey: .action)
    try container.encode(kind, forKey: .kind)
    try container.encodeIfPresent(label, forKey: .label)
    try container.encodeIfPresent(target, forKey: .target)
    try container.encodeIfPresent(dataset, forKey: .dataset)
    try container.encodeIfPresent(feature, forKey: .feature)
    try container.encodeIfPresent(slice, forKey: .slice)
    try container.encode(isUndone, forKey: .isUndone)
    try container.encode(isUndoable, forKey: .isUndoable)
    try container.encode(values, forKey: .values)
    try container.encode(masks, forKey: .masks)
  }

  /// One line of JSON.
  package func json() throws(AisError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
      throw AisError(.malformed, "line \(sequence) of the journal cannot be written as JSON", cause: error)
    }
  }
}

extension JournalEntry.ValueChange: Encodable {
  private enum Key: String, CodingKey { case record, field, value }
  private enum RecordName: String, CodingKey { case kind, id }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var key = container.nestedContainer(keyedBy: RecordName.self, forKey: .record)
    try key.encode(record.kind.rawValue, forKey: .kind)
    try key.encode(record.id, forKey: .id)
    try container.encode(field, forKey: .field)
    switch value {
    case .null: try container.encodeNil(forKey: .value)
    case .integer(let value): try container.encode(value, forKey: .value)
    case .real(let value): try container.encode(value, forKey: .value)
    case .text(let value): try container.encode(value, forKey: .value)
    }
  }
}

extension StoredMaskPatch: Encodable {
  private enum Key: String, CodingKey { case dataset, feature, slice, rectangle, painted, erased }
  private enum Side: String, CodingKey { case y, x, height, width }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(dataset, forKey: .dataset)
    try container.encode(feature, forKey: .feature)
    try container.encode(slice, forKey: .slice)
    var box = container.nestedContainer(keyedBy: Side.self, forKey: .rectangle)
    try box.encode(rectangle.y, forKey: .y)
    try box.encode(rectangle.x, forKey: .x)
    try box.encode(rectangle.height, forKey: .height)
    try box.encode(rectangle.width, forKey: .width)
    try container.encode(Data(painted).base64EncodedString(), forKey: .painted)
    try container.encode(Data(erased).base64EncodedString(), forKey: .erased)
  }
}
