import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation

/// Makes a group file: a recipe or a `.scnmgroup`, of models or of another group.
package struct GroupCreation: Sendable {
  /// A change to what the models' files say of themselves.
  package struct Adjustments: Sendable {
    package var title: String?
    package var emitting: [String] = []
    package var absorbing: [String] = []
    package var thresholds: [(title: String, threshold: Double)] = []
    /// Put behind the interactions that are there.
    package var rules: [GroupRecipe.Rule] = []
    package var dimension: Combination.Dimension?
    package var compatibility: Combination.Rounding?
    package init() {}
  }

  package private(set) var recipe: GroupRecipe
  /// What is worth knowing, and what stands in the way.
  package private(set) var findings: [GroupFinding]
  private var contents: [[UInt8]?]
  private let sources: [String]
  private let isFromArchive: Bool

  /// Reads the models, or the one group, and adjusts what they say.
  package init(_ inputs: [String], adjustments: Adjustments) throws(AisError) {
    if inputs.count == 1, Self.isGroup(inputs[0]) {
      let (whole, files) = try ModelGroup.readWhole(inputs[0])
      recipe = whole.recipe
      findings = whole.findings.filter { ![.cycle, .competition].contains($0.code) }
      isFromArchive = OutputName.isGroupArchive(inputs[0])
      contents = isFromArchive ? try GroupArchive.models(in: inputs[0]) : files.map { _ in nil }
      sources = files.map(\.path)
    } else {
      recipe = GroupRecipe(title: "group", models: [])
      findings = []
      for path in inputs {
        let file = try ModelFile.read(path)
        var model = GroupRecipe.Model(title: file.metadata.title, file: path, contentHash: file.contentHash)
        let metadata = file.metadata
        (model.threshold, model.emits, model.absorbs) = (metadata.threshold, metadata.emits, metadata.absorbs)
        recipe.models.append(model)
      }
      isFromArchive = false
      contents = inputs.map { _ in nil }
      sources = inputs
    }
    try adjust(adjustments)
    findings += recipe.findings
  }

  /// Writes the group; `.scnmgroup` makes an archive for the reference program, everything else a recipe.
  ///
  /// - Returns: all files written: the group, and the models that came out of an archive, which lie beside the recipe.
  package mutating func write(to path: String, replaces: Bool) throws(AisError) -> [String] {
    if let problem = findings.first(where: { $0.severity == .error }) {
      throw AisError(.malformed, "the group was not written: \(problem.message)")
    }
    if recipe.title == "group" { recipe.title = OutputName.stem(of: path) }
    if OutputName.isGroupArchive(path) { return [try writeArchive(to: path, replaces: replaces)] }
    let folder = (path as NSString).deletingLastPathComponent
    var files: [(path: String, bytes: [UInt8])] = []
    for index in recipe.models.indices {
      if isFromArchive, let bytes = contents[index] {
        let name = OutputName.safe(recipe.models[index].title) + ".scnm"
        recipe.models[index].file = name
        files.append((folder.isEmpty ? name : folder + "/" + name, bytes))
      } else {
        recipe.models[index].file = Self.relative(sources[index], to: folder)
      }
    }
    files.append((path, recipe.json))
    for file in files { try check(file.path, file.bytes, replaces: replaces) }
    for file in files { try AtomicFile.write(file.bytes, to: file.path) }
    return files.map(\.path)
  }

  private mutating func writeArchive(to path: String, replaces: Bool) throws(AisError) -> String {
    if recipe.dimension == .three {
      findings.append(
        .init(
          severity: .warning, code: .dimension,
          message:
            "a .scnmgroup cannot say that masks are dilated in 3 dimensions: the reference does it slice by slice"))
    }
    var models: [[UInt8]] = []
    for index in recipe.models.indices {
      if let bytes = contents[index] {
        models.append(bytes)
      } else {
        models.append(try RandomAccessFile(sources[index]).contents(limit: 4 << 30))
      }
    }
    let bytes = try GroupArchive.bytes(of: recipe, models: models, stem: OutputName.stem(of: path))
    try check(path, bytes, replaces: replaces)
    try AtomicFile.write(bytes, to: path)
    return path
  }

  /// Throws when something else is there already.
  private func check(_ path: String, _ bytes: [UInt8], replaces: Bool) throws(AisError) {
    guard !replaces, FileManager.default.fileExists(atPath: path) else { return }
    if let there = try? RandomAccessFile(path).contents(limit: bytes.count + 1), there == bytes { return }
    throw AisError(.needsDecision, "'\(path)' is there already: use '--force' to replace it, or another '-o'")
  }

  private mutating func adjust(_ adjustments: Adjustments) throws(AisError) {
    func place(_ title: String) throws(AisError) -> Int {
      guard let place = recipe.models.firstIndex(where: { $0.title == title }) else {
        let known = recipe.models.map { "'\($0.title)'" }.joined(separator: ", ")
        throw AisError(.usage, "'\(title)' is no model of the group. It has \(known)")
      }
      return place
    }
    if let title = adjustments.title { recipe.title = title }
    for title in adjustments.emitting { recipe.models[try place(title)].emits = true }
    for title in adjustments.absorbing { recipe.models[try place(title)].absorbs = true }
    for change in adjustments.thresholds { recipe.models[try place(change.title)].threshold = change.threshold }
    recipe.rules += adjustments.rules
    recipe.dimension = adjustments.dimension ?? recipe.dimension
    recipe.compatibility = adjustments.compatibility ?? recipe.compatibility
  }

  /// Whether a file is a group and not a model. A `.scnm` is a tar too, and a model of 2023 is JSON: the name decides.
  private static func isGroup(_ path: String) -> Bool {
    ["json", "scnmgroup"].contains((path as NSString).pathExtension.lowercased())
  }

  /// A path as seen from a folder; the whole path where they share nothing but the root.
  static func relative(_ path: String, to folder: String) -> String {
    func parts(_ path: String) -> [String] {
      URL(filePath: path.isEmpty ? "." : path).standardizedFileURL.pathComponents.filter { $0 != "/" }
    }
    let (target, base) = (parts(path), parts(folder))
    let shared = zip(target, base).prefix { $0 == $1 }.count
    if shared == 0 { return "/" + target.joined(separator: "/") }
    return (Array(repeating: "..", count: base.count - shared) + target[shared...]).joined(separator: "/")
  }
}

extension OutputName {
  /// Whether a group file of this name is the reference's kind.
  static func isGroupArchive(_ path: String) -> Bool {
    (path as NSString).pathExtension.lowercased() == "scnmgroup"
  }
}
