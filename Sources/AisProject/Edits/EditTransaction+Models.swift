import AisCore
import GRDB

/// Models, rules and training sets.
extension EditTransaction {
  mutating func createModel(_ fields: ModelFields, _ id: Int64?) throws -> Int64 {
    var fields = fields
    let title = fields.title ?? ""
    guard !title.isEmpty else { throw AisError(.usage, "a model needs a title") }
    fields.title = try freeTitle(title, of: .model)
    if fields.position == nil { fields.position = try nextPosition(.model) }
    if fields.colour == nil {
      let count = try Int.fetchOne(journal.db, sql: "SELECT count(*) FROM model WHERE live = 1") ?? 0
      fields.colour = Feature.Colour.palette[count % Feature.Colour.palette.count]
    }
    return try make(.model, id, fields.values)
  }

  mutating func changeModel(_ id: Int64, _ fields: ModelFields) throws {
    if let title = fields.title, try isTaken(title, of: .model, except: id) {
      throw AisError(.usage, "another model is called '\(title)' already: results are named by it. Choose another")
    }
    try change(RecordKey(.model, id), fields.values)
  }

  /// A second row for the same network.
  mutating func duplicateModel(_ id: Int64, _ title: String?, _ newId: Int64?) throws -> Int64 {
    let record = RecordKey(.model, id)
    try registers.requireLive(record)
    var values: [String: ProjectValue] = [:]
    for (field, value) in try registers.values(of: record) where field != "live" { values[field] = value }
    values["title"] = .text(try freeTitle(title ?? values["title"]?.text ?? "", of: .model))
    values["position"] = .real(try nextPosition(.model))
    // The copy keeps what was learnt so far; the training goes on in the first one.
    values["training"] = .null
    return try make(.model, newId, values)
  }

  mutating func createRule(_ fields: ModelRuleFields, _ id: Int64?) throws -> Int64 {
    guard let child = fields.child, let parent = fields.parent, fields.kind != nil else {
      throw AisError(.usage, "a rule needs its 'kind', the model that is changed ('child') and the other ('parent')")
    }
    try keep(RecordKey(.model, child))
    try keep(RecordKey(.model, parent))
    var fields = fields
    if fields.position == nil { fields.position = try nextPosition(.rule) }
    let made = try make(.rule, id, fields.values)
    try requireOtherParent(made)
    return made
  }

  mutating func changeRule(_ id: Int64, _ fields: ModelRuleFields) throws {
    for model in [fields.child, fields.parent].compactMap(\.self) { try keep(RecordKey(.model, model)) }
    try change(RecordKey(.rule, id), fields.values)
    try requireOtherParent(id)
  }

  private func requireOtherParent(_ rule: Int64) throws {
    let record = RecordKey(.rule, rule)
    if try registers.value("child", of: record) == registers.value("parent", of: record) {
      throw AisError(.usage, "a rule is between two models: 'child' and 'parent' are the same")
    }
  }

  mutating func createTrainingSet(_ fields: TrainingSetFields, _ id: Int64?) throws -> Int64 {
    try requireFeatures(fields)
    var fields = fields
    fields.title = try freeTitle(fields.title ?? "Training set", of: .trainingSet)
    if fields.position == nil { fields.position = try nextPosition(.trainingSet) }
    return try make(.trainingSet, id, fields.values)
  }

  mutating func changeTrainingSet(_ id: Int64, _ fields: TrainingSetFields) throws {
    try requireFeatures(fields)
    try change(RecordKey(.trainingSet, id), fields.values)
  }

  private mutating func requireFeatures(_ fields: TrainingSetFields) throws {
    for feature in (fields.roles ?? [:]).keys.sorted() { try keep(RecordKey(.feature, feature)) }
    if let datasets = fields.datasets { for dataset in datasets ?? [] { try keep(RecordKey(.dataset, dataset)) } }
  }

  private func isTaken(_ title: String, of kind: RecordKind, except id: Int64? = nil) throws -> Bool {
    try Bool.fetchOne(
      journal.db, sql: "SELECT 1 FROM \(kind.rawValue) WHERE live = 1 AND title = ? AND id IS NOT ?",
      arguments: [title, id]) ?? false
  }

  /// The title, or with a number that nobody has.
  private func freeTitle(_ title: String, of kind: RecordKind) throws -> String {
    var free = title
    var number = 2
    while try isTaken(free, of: kind) {
      free = "\(title) \(number)"
      number += 1
    }
    return free
  }
}
