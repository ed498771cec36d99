import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation

/// A group of models with its networks: a recipe (`.json`) and the files that it names, or a `.scnmgroup`, which holds
/// everything.
package struct ModelGroup: Sendable {
  package var path: String
  package var recipe: GroupRecipe
  /// The networks in the recipe's order; `nil` where one is missing or cannot be read.
  package var files: [ModelFile?]
  package var findings: [GroupFinding]

  /// Reads everything that can be read, and tells what is wrong with the rest in `findings`. Throws when the file itself
  /// is no group.
  package static func read(_ path: String) throws(AisError) -> ModelGroup {
    let name = (path as NSString).lastPathComponent
    let bytes = try RandomAccessFile(path).contents(limit: 16 << 30)
    if TarArchive.isLikely(bytes) { return try GroupArchive.read(bytes, path: path, name: name) }
    guard bytes.count <= 16 << 20 else {
      throw AisError(
        .malformed,
        "'\(name)' is no group: expected a recipe (JSON, schema '\(GroupRecipe.schemaName)') or a .scnmgroup")
    }
    let recipe = try GroupRecipe(parsing: bytes, name: name)
    var group = ModelGroup(path: path, recipe: recipe, files: [], findings: recipe.findings)
    var search = ModelSearch(recipePath: path)
    for model in recipe.models {
      let found = search.find(model)
      group.files.append(found.file)
      group.findings += found.findings
    }
    return group
  }

  /// The group and its networks, if nothing stands in the way of using it; throws all that does.
  package static func readWhole(_ path: String) throws(AisError) -> (group: ModelGroup, files: [ModelFile]) {
    let group = try read(path)
    let errors = group.findings.filter { $0.severity == .error }
    let files = group.files.compactMap(\.self)
    guard errors.isEmpty, files.count == group.recipe.models.count else {
      let name = (path as NSString).lastPathComponent
      let list = errors.map(\.message).joined(separator: "; ")
      throw AisError(
        .malformed, "the group '\(name)' cannot be used: \(list). 'ais group check \(shellWord(path))' shows all of it")
    }
    return (group, files)
  }
}

extension ModelGroup {
  /// The recipe with the networks that are there now: their hashes, and where they were found.
  package func updatedRecipe() throws(AisError) -> GroupRecipe {
    guard !OutputName.isGroupArchive(path) else {
      throw AisError(.usage, "'\(path)' holds its networks itself: there is nothing to update")
    }
    var updated = recipe
    let folder = (path as NSString).deletingLastPathComponent
    for (index, file) in files.enumerated() {
      guard let file else {
        let problem = findings.first { $0.code == .missingModel || $0.code == .unreadableModel }
        throw AisError(.notFound, "the recipe was not updated: \(problem?.message ?? "a network is missing")")
      }
      updated.models[index].contentHash = file.contentHash
      if findings.contains(where: { $0.code == .movedModel }) {
        updated.models[index].file = GroupCreation.relative(file.path, to: folder)
      }
    }
    return updated
  }

  /// Replaces the recipe by one with the networks that are there now.
  package func update() throws(AisError) { try AtomicFile.write(try updatedRecipe().json, to: path) }
}

/// Finds the networks that a recipe names: where it says, or else beside the recipe by their hash.
private struct ModelSearch {
  private let folder: String
  private let recipePath: String
  /// Networks that lie in the recipe's folder, read when first needed.
  private var neighbours: [ModelFile]?

  private typealias Found = (file: ModelFile?, findings: [GroupFinding])

  init(recipePath: String) {
    self.recipePath = recipePath
    folder = (recipePath as NSString).deletingLastPathComponent
  }

  mutating func find(_ model: GroupRecipe.Model) -> (file: ModelFile?, findings: [GroupFinding]) {
    let path = model.file.hasPrefix("/") || folder.isEmpty ? model.file : folder + "/" + model.file
    guard FileManager.default.fileExists(atPath: path) else {
      if let moved = neighbour(of: model) { return moved }
      let hash = model.contentHash.map { " or another file with the network \($0.prefix(12))…" } ?? ""
      return (
        nil,
        [
          .init(
            severity: .error, code: .missingModel,
            message:
              "the network of '\(model.title)' is not there: expected '\(path)'\(hash). Copy it there, or correct 'file' in the recipe"
          )
        ]
      )
    }
    let file: ModelFile
    do throws(AisError) { file = try ModelFile.read(path) } catch {
      return (nil, [.init(severity: .error, code: .unreadableModel, message: error.message)])
    }
    guard let hash = model.contentHash else {
      return (
        file,
        [
          .init(
            severity: .warning, code: .unhashedModel,
            message:
              "the recipe does not say which network '\(model.title)' is: 'ais group check --update \(shellWord(recipePath))' writes down the one of '\(path)'"
          )
        ]
      )
    }
    if file.contentHash == hash { return (file, []) }
    if let moved = neighbour(of: model) { return moved }
    return (
      file,
      [
        .init(
          severity: .error, code: .changedModel,
          message:
            "'\(path)' is another network than when the group was made: expected \(hash.prefix(12))…, found \(file.contentHash.prefix(12))…. Put the old file back, or accept the new one with 'ais group check --update \(shellWord(recipePath))'"
        )
      ]
    )
  }

  /// A file beside the recipe that holds the network that the recipe means.
  private mutating func neighbour(of model: GroupRecipe.Model) -> (file: ModelFile?, findings: [GroupFinding])? {
    guard let hash = model.contentHash else { return nil }
    if neighbours == nil {
      let base = folder.isEmpty ? "" : folder + "/"
      let names = ((try? FolderListing.names(in: folder.isEmpty ? "." : folder)) ?? []).filter {
        ["scnm", "h5"].contains(($0 as NSString).pathExtension.lowercased())
      }
      neighbours = names.prefix(64).compactMap { try? ModelFile.read(base + $0) }
    }
    guard let file = neighbours?.first(where: { $0.contentHash == hash }) else { return nil }
    return (
      file,
      [
        .init(
          severity: .warning, code: .movedModel,
          message: "the network of '\(model.title)' was found as '\(file.path)', not as '\(model.file)'")
      ]
    )
  }
}
