import AisCore
import AisFormats
import AisSegmentation

/// A segmentation with several models as one readable file (schema `ais.group/1`): which networks, and how their results
/// are made to agree.
package struct GroupRecipe: Sendable, Equatable {
  package struct Model: Sendable, Equatable {
    /// The feature; unique in the group, and what interactions and outputs are named by.
    package var title: String
    /// Where the network's file was, from the recipe's folder on: a hint, for the hash decides.
    package var file: String
    /// SHA-256 of what the network computes (`ModelFile.contentHash`); `nil` in recipes written by hand.
    package var contentHash: String?
    package var threshold = 0.5
    package var emits = false
    package var absorbs = false
    /// Test-time augmentation, tiling and pixel size of this model; where the group is silent, what the run is asked for holds.
    package var augmentations: Int?
    package var tiling: InferenceSettings.Tiling?
    package var scaling: InferenceSettings.Scaling?

    package init(title: String, file: String, contentHash: String?) {
      self.title = title
      self.file = file
      self.contentHash = contentHash
    }
  }

  /// An interaction between models by title.
  package struct Rule: Sendable, Equatable {
    package var kind: Interaction.Kind
    /// The title of the model that is changed.
    package var child: String
    package var parent: String
    package var radiusNanometer: Double
    /// On the parent's probability.
    package var threshold: Double

    package init(
      kind: Interaction.Kind, child: String, parent: String, radiusNanometer: Double, threshold: Double = 0.5
    ) {
      self.kind = kind
      self.child = child
      self.parent = parent
      self.radiusNanometer = radiusNanometer
      self.threshold = threshold
    }
  }

  package static let schemaName = "ais.group/1"

  package var title: String
  package var models: [Model]
  /// In the order in which they are applied, after the competition.
  package var rules: [Rule]
  package var dimension = Combination.Dimension.two
  package var compatibility = Combination.Rounding.standard

  package init(title: String, models: [Model], rules: [Rule] = []) {
    self.title = title
    self.models = models
    self.rules = rules
  }

  /// The recipe as the networks' results need it. Titles must be checked before (`findings`).
  package var combination: Combination {
    func place(_ title: String) -> Int {
      guard let place = models.firstIndex(where: { $0.title == title }) else {
        preconditionFailure("the recipe was checked: '\(title)' is one of its models")
      }
      return place
    }
    var combination = Combination(
      members: models.map { .init(emits: $0.emits, absorbs: $0.absorbs, threshold: $0.threshold) },
      interactions: rules.map {
        Interaction(
          child: place($0.child), parent: place($0.parent), kind: $0.kind, radius: .nanometers($0.radiusNanometer),
          threshold: $0.threshold)
      })
    combination.dimension = dimension
    combination.rounding = compatibility
    return combination
  }
}

extension GroupRecipe.Model {
  /// How the model is applied in a run that is asked for `settings`.
  package func settings(_ settings: InferenceSettings) -> InferenceSettings {
    var own = settings
    own.augmentations = augmentations ?? settings.augmentations
    own.tiling = tiling ?? settings.tiling
    own.scaling = scaling ?? settings.scaling
    return own
  }
}

extension GroupRecipe.Rule {
  /// The interaction in words: `Ribosome stays only within 10 nm of Membrane (above 0.5)`.
  package var sentence: String {
    let radius = JSONText.number(radiusNanometer)
    let verb = kind == .colocalize ? "stays only within \(radius) nm of" : "stays only farther than \(radius) nm from"
    return "\(child) \(verb) \(parent) (above \(JSONText.number(threshold)))"
  }
}

extension GroupRecipe {
  /// What is done to the results, step by step, in words.
  package var stepLines: [String] {
    var steps: [String] = []
    if combination.competes {
      let (absorbers, emitters) = (models.filter(\.absorbs), models.filter(\.emits))
      func names(_ models: [Model]) -> String { models.map(\.title).joined(separator: ", ") }
      steps.append(
        "competition: \(names(absorbers)) \(absorbers.count == 1 ? "gives" : "give") way where \(names(emitters)) "
          + (emitters.count == 1 ? "is more probable" : "are more probable"))
    }
    steps += rules.map(\.sentence)
    let manner = dimension == .three ? "in 3 dimensions" : "slice by slice"
    let rounding = compatibility == .reference ? ", with the reference's rounding" : ""
    if !rules.isEmpty { steps[steps.count - 1] += " (radii \(manner)\(rounding))" }
    return zip(1..., steps).map { "\($0). \($1)" }
  }
}
