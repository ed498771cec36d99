import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisSegmentation
import Foundation

/// Takes networks from files into a project: a model, or a group with its rules, as one step of undo.
package struct ModelAddition: Sendable {
  /// How a file came here, for provenance.
  package enum Way: String, Sendable { case file, upload, training }

  /// What was added.
  package struct Result: Sendable {
    package var entry: JournalEntry
    package var models: [Int64]
    package var rules: [Int64]
    package var warnings: [String]
  }

  /// A network as the project will have it.
  private struct Part {
    var fields: ModelFields
    /// Of a group: the title by which its rules call the model.
    var title: String
  }

  private var parts: [Part] = []
  private var rules: [GroupRecipe.Rule] = []
  private var warnings: [String] = []
  private let label: String

  /// Reads the file and keeps its networks in the project's folder; nothing is in the project yet.
  ///
  /// - Parameters:
  ///   - path: `.scnm`, `.scnmgroup`, a recipe of a group (`.json`), or Keras' `.h5`.
  ///   - name: what the file is called, where the path does not say it.
  package init(
    _ path: String, name: String? = nil, way: Way, author: Author, store: ModelStore
  ) throws(AisError) {
    let name = name ?? (path as NSString).lastPathComponent
    label = "add \(name)"
    let source = JSONValue.object([
      "kind": .string(way.rawValue), "name": .string(name), "path": way == .file ? .string(path) : .null,
      "time": .number((Date().timeIntervalSince1970 * 1000).rounded()), "by": .string(author.name),
    ]).text
    guard ["json", "scnmgroup"].contains((name as NSString).pathExtension.lowercased()) else {
      let file = try ModelFile.read(path)
      let bytes = file.container == .tar ? try RandomAccessFile(path).contents(limit: 4 << 30) : nil
      try add(file, bytes, title: file.metadata.title, source, store)
      return
    }
    let (group, files) = try ModelGroup.readWhole(path)
    warnings += group.findings.map(\.message)
    let contents = OutputName.isGroupArchive(path) ? try GroupArchive.models(in: path) : nil
    for (index, (model, file)) in zip(group.recipe.models, files).enumerated() {
      var bytes = contents?[index]
      if contents == nil, file.container == .tar { bytes = try RandomAccessFile(file.path).contents(limit: 4 << 30) }
      try add(file, bytes, title: model.title, source, store)
      parts[index].fields.threshold = model.threshold
      parts[index].fields.emits = model.emits
      parts[index].fields.absorbs = model.absorbs
    }
    rules = group.recipe.rules
  }

  private mutating func add(
    _ file: ModelFile, _ bytes: [UInt8]?, title: String, _ source: String, _ store: ModelStore
  ) throws(AisError) {
    warnings += file.warnings.map { "\(title): \($0)" }
    let metadata = file.metadata
    // What is no plain archive is written as one, so that it can be handed on.
    let whole: [UInt8]
    if let bytes { whole = bytes } else { whole = try ModelFile.bytes(of: file.graph, metadata, stem: "model") }
    var fields = ModelFields(title: title)
    fields.colour = .init(red: metadata.colour.red, green: metadata.colour.green, blue: metadata.colour.blue)
    fields.opacity = metadata.opacity
    fields.threshold = metadata.threshold
    fields.isActive = true
    fields.isVisible = metadata.isShown
    fields.isBlended = metadata.isBlended
    fields.emits = metadata.emits
    fields.absorbs = metadata.absorbs
    fields.augmentations = metadata.tta
    fields.file = try store.keep(whole)
    fields.network = ModelStore.facts(file).text
    fields.source = source
    parts.append(Part(fields: fields, title: title))
  }

  /// Puts everything into the project.
  ///
  /// - Parameter id: chosen by the sender, for the first model.
  package func apply(to project: Project, by author: Author, id: Int64? = nil) throws(AisError) -> Result {
    let features = try project.features()
    var models: [Int64] = []
    var rules: [Int64] = []
    let entry = try project.edit("add-models", by: author, label: label) { transaction in
      for (index, part) in parts.enumerated() {
        var fields = part.fields
        if let feature = features.first(where: { $0.title == part.title }) { fields.feature = feature.id }
        models.append(try transaction.perform(.createModel(fields, id: index == 0 ? id : nil)) ?? 0)
      }
      for rule in self.rules {
        guard let child = parts.firstIndex(where: { $0.title == rule.child }),
          let parent = parts.firstIndex(where: { $0.title == rule.parent })
        else { continue }
        var fields = ModelRuleFields()
        fields.kind = rule.kind.rawValue
        fields.child = models[child]
        fields.parent = models[parent]
        fields.radius = .nanometers(rule.radiusNanometer)
        fields.threshold = rule.threshold
        rules.append(try transaction.perform(.createRule(fields)) ?? 0)
      }
    }
    return Result(entry: entry, models: models, rules: rules, warnings: warnings)
  }
}
