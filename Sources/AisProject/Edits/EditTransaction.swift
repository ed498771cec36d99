import AisCore
import GRDB

/// One line of the journal while it is made: edits are applied and noted, all of them or none.
package struct EditTransaction {
  let journal: Journal
  let registers: Registers
  let masks: MaskStore
  package let sequence: Int64
  let author: Author
  private var parts = 0
  /// Rows that are known to be kept alive by this author, so that it is not looked up for every stroke.
  private var kept: Set<RecordKey> = []

  init(_ db: Database, sequence: Int64, author: Author) {
    journal = Journal(db: db)
    registers = Registers(db: db)
    masks = MaskStore(db: db)
    self.sequence = sequence
    self.author = author
  }

  /// Applies one edit. Returns the number of the row that it made, if it made one.
  @discardableResult
  package mutating func perform(_ edit: Edit) throws -> Int64? {
    switch edit {
    case .addDataset(let name, let shape, let fields, let id): return try addDataset(name, shape, fields, id)
    case .changeDataset(let id, let fields): try change(RecordKey(.dataset, id), fields.values)
    case .removeDataset(let id): try remove(RecordKey(.dataset, id))
    case .addVersion(let dataset, let kind, let title, let reference, let scale):
      return try addVersion(dataset, kind, title, reference, scale)
    case .relinkVersion(let id, let reference): try relinkVersion(id, reference)
    case .removeVersion(let id): try remove(RecordKey(.version, id))
    case .createFeature(let fields, let id): return try createFeature(fields, id)
    case .changeFeature(let id, let fields): try change(RecordKey(.feature, id), fields.values)
    case .deleteFeature(let id): try remove(RecordKey(.feature, id))
    case .setBoxSize(let dataset, let feature, let size): try setBoxSize(dataset, feature, size)
    case .paint(let patch): try paint(patch)
    case .clearSlice(let dataset, let feature, let slice): try clearSlice(dataset, feature, slice)
    case .placeBox(let dataset, let feature, let slice, let y, let x, let id):
      return try placeBox(dataset, feature, slice, y, x, id)
    case .moveBox(let id, let slice, let y, let x): try moveBox(id, slice, y, x)
    case .removeBox(let id): try remove(RecordKey(.box, id))
    case .setView(let dataset, let fields): try setView(dataset, fields)
    case .setSetting(let name, let json, let isPersonal): try setSetting(name, json, isPersonal)
    case .addLibrary(let name, let isActive):
      return try make(.library, nil, ["name": .text(name), "is_active": .flag(isActive)])
    case .changeLibrary(let id, let name, let isActive):
      var values: [String: ProjectValue] = [:]
      if let name { values["name"] = .text(name) }
      if let isActive { values["is_active"] = .flag(isActive) }
      try change(RecordKey(.library, id), values)
    case .removeLibrary(let id): try remove(RecordKey(.library, id))
    case .addLibraryFeature(let library, let fields): return try addLibraryFeature(library, fields)
    case .changeLibraryFeature(let id, let fields): try change(RecordKey(.libraryFeature, id), fields.values)
    case .removeLibraryFeature(let id): try remove(RecordKey(.libraryFeature, id))
    case .createModel(let fields, let id): return try createModel(fields, id)
    case .changeModel(let id, let fields): try changeModel(id, fields)
    case .duplicateModel(let id, let title, let newId): return try duplicateModel(id, title, newId)
    case .deleteModel(let id): try remove(RecordKey(.model, id))
    case .createRule(let fields, let id): return try createRule(fields, id)
    case .changeRule(let id, let fields): try changeRule(id, fields)
    case .deleteRule(let id): try remove(RecordKey(.rule, id))
    case .createTrainingSet(let fields, let id): return try createTrainingSet(fields, id)
    case .changeTrainingSet(let id, let fields): try changeTrainingSet(id, fields)
    case .deleteTrainingSet(let id): try remove(RecordKey(.trainingSet, id))
    }
    return nil
  }

  /// Says what some cells of a row are, in the journal and in the table.
  mutating func assert(_ record: RecordKey, _ values: [String: ProjectValue]) throws {
    if values.isEmpty { return }
    try registers.set(values, of: record)
    for field in values.keys.sorted() { try journal.note(values[field]!, of: field, record, in: sequence) }
  }

  /// Makes a row. `id` was chosen by whoever sent the edit, or is given here.
  mutating func make(_ kind: RecordKind, _ id: Int64?, _ values: [String: ProjectValue]) throws -> Int64 {
    if let id {
      guard Registers.chosen.contains(id) else {
        throw AisError(.usage, "\(id) is no number for a new \(kind.noun): chosen ones lie between 2^40 and 2^53")
      }
      guard try !registers.exists(RecordKey(kind, id)) else {
        throw AisError(.usage, "the number \(id) belongs to another \(kind.noun) already")
      }
    }
    let id = try id ?? registers.newIdentifier(kind)
    let record = RecordKey(kind, id)
    try registers.set(values.merging(["live": .integer(1)]) { $1 }, of: record)
    // Defaults are noted too: the undoing of a later change leads back to them.
    for (field, value) in try registers.values(of: record) { try journal.note(value, of: field, record, in: sequence) }
    kept.insert(record)
    return id
  }

  mutating func change(_ record: RecordKey, _ values: [String: ProjectValue]) throws {
    try registers.requireLive(record)
    // Whoever changes a thing wants it: the undoing of its making by somebody else must not take it away.
    try assert(record, values.merging(["live": .integer(1)]) { $1 })
  }

  mutating func remove(_ record: RecordKey) throws {
    try registers.requireLive(record)
    kept.remove(record)
    try assert(record, ["live": .integer(0)])
  }

  /// Notes that the author builds on a row, unless the author was the last to say so.
  mutating func keep(_ record: RecordKey) throws {
    if kept.contains(record) { return }
    try registers.requireLive(record)
    if try registers.keeper(of: record) != author.name { try assert(record, ["live": .integer(1)]) }
    kept.insert(record)
  }

  mutating func nextPart() -> Int {
    parts += 1
    return parts
  }
}
