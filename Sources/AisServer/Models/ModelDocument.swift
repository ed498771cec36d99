import AisCore
import AisFormats
import AisProject
import AisWorkflows

/// Models, rules and training sets of a project as JSON.
struct ModelDocument: Sendable {
  let live: LiveModels

  /// The members of a project's state.
  func members(_ project: Project) throws(AisError) -> [String: JSONValue] {
    [
      "models": .array(try project.models().map(json)), "rules": .array(try project.rules().map(Self.json)),
      "trainingSets": .array(try project.trainingSets().map(Self.json)),
    ]
  }

  private func json(_ model: Model) -> JSONValue {
    let colour = model.colour
    let (state, reason, version): (String, String, String) =
      switch live.state(of: model) {
      case .ready(let live): ("ready", "", live.version)
      case .training: ("training", "the training has not ended its first epoch", "")
      case .missing(let path): ("missing", "'\(path)' is gone. Put the file back, or add the model again", "")
      }
    return .object([
      "id": .number(model.id), "title": .string(model.title), "position": .number(model.position),
      "colour": .object([
        "red": .number(colour.red), "green": .number(colour.green), "blue": .number(colour.blue),
      ]), "opacity": .number(model.opacity), "threshold": .number(model.threshold), "isActive": .bool(model.isActive),
      "isVisible": .bool(model.isVisible), "isBlended": .bool(model.isBlended), "emits": .bool(model.emits),
      "absorbs": .bool(model.absorbs), "feature": .optional(model.feature),
      "augmentations": .number(model.augmentations), "tiling": .string(model.tiling),
      "processingVoxelSizeAngstrom": .optional(model.processingVoxelSize), "training": .optional(model.training),
      "state": .string(state), "reason": .string(reason), "version": .string(version),
      "network": Self.parsed(model.network), "source": Self.parsed(model.source),
    ])
  }

  private static func parsed(_ text: String?) -> JSONValue {
    guard let text else { return .null }
    return (try? JSONValue(parsing: text.utf8, name: "model")) ?? .null
  }

  private static func json(_ rule: ModelRule) -> JSONValue {
    .object([
      "id": .number(rule.id), "position": .number(rule.position), "kind": .string(rule.kind),
      "child": .number(rule.child), "parent": .number(rule.parent), "radiusNanometer": .number(rule.radius.nanometer),
      "threshold": .number(rule.threshold),
    ])
  }

  private static func json(_ set: TrainingSet) -> JSONValue {
    .object([
      "id": .number(set.id), "title": .string(set.title), "position": .number(set.position),
      "boxSize": .number(set.boxSize), "depth": .number(set.depth),
      "pixelSizeAngstrom": .number(set.pixelSize.angstrom),
      "roles": .object(
        Dictionary(uniqueKeysWithValues: set.roles.map { (String($0.key), .string($0.value.rawValue)) })),
      "datasets": set.datasets.map { .array($0.map { .number($0) }) } ?? .null,
      "takesVersions": .bool(set.takesVersions),
    ])
  }
}
