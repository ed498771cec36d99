import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisSegmentation
import Foundation

/// Networks of a project as files for others.
package enum ModelExport {
  /// A `.scnm` with what the project says of the model: its title, colour, threshold and so on.
  ///
  /// - Parameter shown: picture and slice in place of those that the network came with.
  package static func model(
    _ model: Model, from store: ModelStore, shown: ModelPreview.Parts? = nil
  ) throws(AisError) -> [UInt8] {
    let archive = try TarArchive(try contents(model, store), name: model.title)
    let stem = OutputName.safe(model.title)
    var members: [TarArchive.Member] = []
    for member in archive.members where !member.baseName.hasPrefix("._") {
      let isPicture = member.baseName.hasSuffix("_preview.png") || member.baseName.hasSuffix("_slice.tiff")
      if shown != nil, isPicture { continue }
      guard member.baseName.hasSuffix("_metadata.json") else {
        // Members are named after the file: `<stem>_weights.h5`.
        let part = member.baseName.split(separator: "_").last.map(String.init) ?? member.baseName
        members.append(.init(name: "\(stem)_\(part)", bytes: member.bytes))
        continue
      }
      guard case .object(var metadata) = try JSONValue(parsing: member.bytes, name: member.name) else { continue }
      let colour = model.colour
      metadata["title"] = .string(model.title)
      metadata["colour"] = .array([colour.red, colour.green, colour.blue].map { .number($0) })
      metadata["alpha"] = .number(model.opacity)
      metadata["threshold"] = .number(model.threshold)
      metadata["active"] = .bool(model.isActive)
      metadata["show"] = .bool(model.isVisible)
      metadata["blend"] = .bool(model.isBlended)
      metadata["emit"] = .bool(model.emits)
      metadata["absorb"] = .bool(model.absorbs)
      metadata["tta"] = .number(Double(model.augmentations))
      members.append(.init(name: "\(stem)_metadata.json", bytes: Array(JSONValue.object(metadata).text.utf8)))
    }
    if let shown {
      members.append(.init(name: "\(stem)_slice.tiff", bytes: shown.slice))
      members.append(.init(name: "\(stem)_preview.png", bytes: shown.picture))
    }
    return try TarArchive.bytes(of: members)
  }

  /// The network's picture of what it finds in a slice, in the model's colour and above its threshold.
  package static func shown(
    _ model: Model, in preview: ModelPreview, from store: ModelStore, engine: any Engine, memoryLimit: Int,
    threads: Int, cancellation: Cancellation
  ) throws(AisError) -> ModelPreview.Parts {
    let file = try ModelFile.read(bytes: try contents(model, store), path: model.title)
    var metadata = file.metadata
    metadata.colour = .init(red: model.colour.red, green: model.colour.green, blue: model.colour.blue)
    return try preview.make(
      file.graph, metadata, engine: engine, memoryLimit: memoryLimit, threads: threads, threshold: model.threshold,
      cancellation: cancellation)
  }

  /// A `.scnmgroup` of models and the rules between them.
  package static func group(
    _ title: String, models: [Model], rules: [ModelRule], from store: ModelStore
  ) throws(AisError) -> [UInt8] {
    guard !models.isEmpty else {
      throw AisError(.usage, "a group needs models that have a network: there is none. Add or train one first")
    }
    var bytes: [[UInt8]] = []
    for model in models { bytes.append(try Self.model(model, from: store)) }
    return try GroupArchive.bytes(
      of: recipe(title, models: models, rules: rules), models: bytes, stem: OutputName.safe(title))
  }

  /// The models and rules of a project as a group; rules with others are left out.
  package static func recipe(_ title: String, models: [Model], rules: [ModelRule]) -> GroupRecipe {
    var recipe = GroupRecipe(title: title, models: [])
    for model in models {
      var member = GroupRecipe.Model(title: model.title, file: model.title, contentHash: nil)
      member.threshold = model.threshold
      member.emits = model.emits
      member.absorbs = model.absorbs
      let settings = LiveModel(model, path: "", content: "").settings
      member.augmentations = settings.augmentations
      if settings.tiling != .standard { member.tiling = settings.tiling }
      if settings.scaling != .asTrained { member.scaling = settings.scaling }
      recipe.models.append(member)
    }
    let titles = Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0.title) })
    recipe.rules = rules.compactMap { rule in
      guard let child = titles[rule.child], let parent = titles[rule.parent],
        let kind = Interaction.Kind(rawValue: rule.kind)
      else { return nil }
      return .init(
        kind: kind, child: child, parent: parent, radiusNanometer: rule.radius.nanometer, threshold: rule.threshold)
    }
    return recipe
  }

  private static func contents(_ model: Model, _ store: ModelStore) throws(AisError) -> [UInt8] {
    guard let file = model.file else {
      throw AisError(.notFound, "'\(model.title)' has no network yet: its training has not ended its first epoch")
    }
    return try RandomAccessFile(store.path(of: file)).contents(limit: 4 << 30)
  }
}
