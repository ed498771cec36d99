import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation

/// Groups as the reference program keeps them: `.scnmgroup`, a tar archive of `<group>_model_<i>.scnm` and
/// `<group>_interactions.json`.
///
/// Its words are the other way round: `parent_title` is the model that is changed, the paper's child.
package enum GroupArchive {
  private static let interactionsSuffix = "_interactions.json"

  /// Reads a group. Interactions go by titles: of equal ones the last model counts, as in the reference.
  static func read(_ bytes: [UInt8], path: String, name: String) throws(AisError) -> ModelGroup {
    let members = try members(bytes, name: name)
    var group = ModelGroup(
      path: path, recipe: GroupRecipe(title: OutputName.stem(of: name), models: []), files: [], findings: [])
    var places: [String: Int] = [:]
    for member in members.models {
      let file = try ModelFile.read(bytes: member.bytes, path: "\(name): \(member.baseName)")
      let metadata = file.metadata
      places[metadata.title] = group.files.count
      let title = group.uniqueTitle(metadata.title)
      var model = GroupRecipe.Model(title: title, file: member.baseName, contentHash: file.contentHash)
      (model.threshold, model.emits, model.absorbs) = (metadata.threshold, metadata.emits, metadata.absorbs)
      group.recipe.models.append(model)
      group.files.append(file)
    }
    guard let list = try JSONValue(parsing: members.interactions.bytes, name: "\(name): interactions").array else {
      throw AisError(.malformed, "'\(name)' is no group: its interactions are no list")
    }
    for (index, entry) in list.enumerated() {
      guard let child = entry["parent_title"]?.string, let parent = entry["partner_title"]?.string,
        let type = entry["type"]?.integer, type == 0 || type == 1, let radius = entry["radius"]?.number,
        let threshold = entry["threshold"]?.number
      else { throw AisError(.malformed, "'\(name)': interaction \(index + 1) lacks a part, or has a senseless one") }
      guard child != parent else {
        group.findings.append(
          .init(
            severity: .warning, code: .lostInteraction,
            message:
              "interaction \(index + 1) is between two models called '\(child)': the reference program loses it, and so do we"
          ))
        continue
      }
      func title(_ name: String) -> String { places[name].map { group.recipe.models[$0].title } ?? name }
      group.recipe.rules.append(
        .init(
          kind: type == 0 ? .colocalize : .avoid, child: title(child), parent: title(parent),
          radiusNanometer: radius, threshold: threshold))
    }
    group.findings += group.recipe.findings
    return group
  }

  /// The bytes of each model's own `.scnm`, in order.
  package static func models(in path: String) throws(AisError) -> [[UInt8]] {
    let bytes = try RandomAccessFile(path).contents(limit: 16 << 30)
    return try members(bytes, name: (path as NSString).lastPathComponent).models.map(\.bytes)
  }

  /// A group for the reference program.
  ///
  /// - Parameter stem: of the file's name; the reference finds members by it.
  package static func bytes(of group: GroupRecipe, models: [[UInt8]], stem: String) throws(AisError) -> [UInt8] {
    var members: [TarArchive.Member] = []
    for (index, (model, bytes)) in zip(group.models, models).enumerated() {
      let name = "\(stem)_model_\(index).scnm"
      members.append(.init(name: name, bytes: try repacked(bytes, as: model, stem: "\(stem)_model_\(index)")))
    }
    let rules = group.rules.map { rule -> JSONValue in
      .object([
        "parent_title": .string(rule.child), "partner_title": .string(rule.parent),
        "type": .number(rule.kind == .colocalize ? 0 : 1), "radius": .number(rule.radiusNanometer),
        "threshold": .number(rule.threshold),
      ])
    }
    members.append(.init(name: stem + interactionsSuffix, bytes: Array(JSONValue.array(rules).text.utf8)))
    return try TarArchive.bytes(of: members)
  }

  /// A model's archive with what the group says of it in its metadata; pictures stay behind, as in the reference's groups.
  private static func repacked(
    _ bytes: [UInt8], as model: GroupRecipe.Model, stem: String
  ) throws(AisError) -> [UInt8] {
    guard TarArchive.isLikely(bytes) else {
      throw AisError(
        .unsupported,
        "'\(model.file)' is not one whole .scnm file, which a .scnmgroup can hold. Save it with the reference program once, or write a recipe (.json) instead"
      )
    }
    let archive = try TarArchive(bytes, name: model.file)
    var members: [TarArchive.Member] = []
    for member in archive.members where !member.baseName.hasPrefix("._") {
      if member.baseName.hasSuffix("_weights.h5") {
        members.append(.init(name: stem + "_weights.h5", bytes: member.bytes))
      } else if member.baseName.hasSuffix("_metadata.json") {
        guard case .object(var metadata) = try JSONValue(parsing: member.bytes, name: member.name) else { continue }
        metadata["title"] = .string(model.title)
        metadata["emit"] = .bool(model.emits)
        metadata["absorb"] = .bool(model.absorbs)
        metadata["threshold"] = .number(model.threshold)
        members.append(.init(name: stem + "_metadata.json", bytes: Array(JSONValue.object(metadata).text.utf8)))
      }
    }
    return try TarArchive.bytes(of: members)
  }

  private static func members(
    _ bytes: [UInt8], name: String
  ) throws(AisError) -> (models: [TarArchive.Member], interactions: TarArchive.Member) {
    var limits = TarArchive.Limits()
    limits.totalBytes = 16 << 30
    let archive = try TarArchive(bytes, name: name, limits: limits) {
      !$0.hasPrefix("._") && ($0.hasSuffix(".scnm") || $0.hasSuffix(interactionsSuffix))
    }
    func number(_ member: TarArchive.Member) -> Int? {
      guard let range = member.baseName.range(of: "_model_", options: .backwards) else { return nil }
      return Int(member.baseName[range.upperBound...].dropLast(".scnm".count))
    }
    let numbered = archive.members.compactMap { member in number(member).map { (number: $0, member: member) } }
    let interactions = archive.members.filter { $0.baseName.hasSuffix(interactionsSuffix) }
    guard !numbered.isEmpty, interactions.count == 1 else {
      throw AisError(
        .malformed,
        "'\(name)' is no group: expected members '…_model_0.scnm', … and one '…_interactions.json', found \(numbered.count) and \(interactions.count)"
      )
    }
    return (numbered.sorted { $0.number < $1.number }.map(\.member), interactions[0])
  }
}

extension ModelGroup {
  /// A title that no model of the group has yet. Renames the next model and says so.
  fileprivate mutating func uniqueTitle(_ title: String) -> String {
    let taken = Set(recipe.models.map(\.title))
    guard taken.contains(title) else { return title }
    let unique = (2...).lazy.map { "\(title) \($0)" }.first { !taken.contains($0) }!
    findings.append(
      .init(
        severity: .warning, code: .duplicateTitle,
        message: "several models are called '\(title)': number \(recipe.models.count + 1) is '\(unique)' here"))
    return unique
  }
}
