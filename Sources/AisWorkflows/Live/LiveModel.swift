import AisCore
import AisFormats
import AisProject
import AisSegmentation

/// A model of a project with the file that its network is in now: what is known before the file is read.
package struct LiveModel: Sendable, Hashable {
  package var id: Int64
  package var title: String
  package var path: String
  /// What tells the file's content from others.
  package var content: String
  package var settings: InferenceSettings
  package var member: Combination.Member

  /// - Parameters:
  ///   - path: of the file with the network.
  ///   - content: what tells its content from others.
  package init(_ model: Model, path: String, content: String) {
    id = model.id
    title = model.title
    self.path = path
    self.content = content
    settings = InferenceSettings()
    settings.augmentations = model.augmentations
    settings.tiling = InferenceSettings.Tiling(rawValue: model.tiling) ?? .standard
    switch model.processingVoxelSize {
    case nil: settings.scaling = .asTrained
    case 0?: settings.scaling = .native
    case let size?: settings.scaling = .pixelSize(.angstroms(size))
    }
    member = Combination.Member(emits: model.emits, absorbs: model.absorbs, threshold: model.threshold)
  }

  /// Changes with everything that changes what the model says by itself.
  package var version: String {
    Self.digest("\(content) \(settings.augmentations) \(settings.tiling) \(settings.scaling)")
  }

  static func digest(_ text: String) -> String { String(SHA256.hex(of: Array(text.utf8)).prefix(16)) }
}

/// The active models of a project and how their results are made to agree.
package struct LiveGroup: Sendable, Hashable {
  package var models: [LiveModel]
  package var combination: Combination

  /// Rules with models that are not among these do nothing.
  package init(_ models: [LiveModel], rules: [ModelRule], dimension: Combination.Dimension) {
    self.models = models
    var combination = Combination(members: models.map(\.member))
    combination.dimension = dimension
    for rule in rules {
      guard let child = models.firstIndex(where: { $0.id == rule.child }),
        let parent = models.firstIndex(where: { $0.id == rule.parent }),
        let kind = Interaction.Kind(rawValue: rule.kind)
      else { continue }
      combination.interactions.append(
        Interaction(child: child, parent: parent, kind: kind, radius: rule.radius, threshold: rule.threshold))
    }
    self.combination = combination
  }

  /// The same without the rules: what is left after the competition.
  package var competing: LiveGroup {
    var group = self
    group.combination.interactions = []
    return group
  }

  /// Changes with everything that changes what comes out.
  package var version: String {
    let members = zip(models, combination.members).map { "\($0.version) \($1.emits) \($1.absorbs)" }
    let rules = combination.interactions.map {
      "\($0.child) \($0.parent) \($0.kind) \($0.radius.angstrom) \($0.threshold)"
    }
    return LiveModel.digest((members + rules + ["\(combination.dimension)"]).joined(separator: "; "))
  }
}
