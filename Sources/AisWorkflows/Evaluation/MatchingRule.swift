import AisCore

/// When a found particle counts as a true one, and how the counts become one number.
package struct MatchingRule: Sendable {
  /// How near a found particle must be.
  package enum Reach: Sendable, Hashable {
    /// At most so far from the true centre.
    case length(Length)
    /// At most this fraction of the particle's radius.
    case fractionOfRadius(Double)
  }

  /// How found and true particles are counted.
  package enum Counting: Sendable, Hashable {
    /// Each found particle stands for at most one true one and the other way round: as many pairs as possible, and of
    /// all such choices the one with the smallest sum of distances.
    case oneToOne
    /// A true particle is found when any found one is near enough, whatever else that one is near to.
    case anyWithin
    /// A true particle is found when the voxel of a found one belongs to it in this volume, whose voxels hold the
    /// number of their particle, counted from 1 in the order of the true list.
    case occupancy(String)
  }

  /// A published rule.
  package enum Preset: String, Sendable, CaseIterable {
    /// The CZII cryoET object identification challenge (Kaggle, 2024).
    case czii
    /// SHREC 2021, classification in cryo-electron tomograms (Gubins et al. 2021).
    case shrec2021
  }

  package var reach: Reach?
  package var counting = Counting.oneToOne
  package var beta = 1.0
  /// The radius of features that have none of their own.
  package var radius: Length?
  /// Radii by feature, under `PointNames.featureKey`.
  package var radii: [String: Length] = [:]
  /// How much each feature counts in the weighted mean, under `PointNames.featureKey`; 1 where nothing is said.
  package var weights: [String: Double] = [:]
  /// Features that count neither as true nor as found.
  package var excluded: Set<String> = []
  /// Positions alone are compared.
  package var ignoresFeatures = false
  package var preset: Preset?

  package init() {}

  /// The published rules, which options may then change.
  ///
  /// * CZII: the metric published with the challenge. A true particle is found when a found one of its type lies within
  ///   half its radius; counts are added up over tomograms, F-beta with β = 4 is taken for each type and averaged with
  ///   weight 2 for the two hard types and 0 for β-amylase.
  /// * SHREC 2021: the organisers' evaluation program. The voxel of each found particle is looked up in the occupancy
  ///   volume, grown by one voxel; 4V94 and vesicles are left out; F1.
  package init(_ preset: Preset) {
    self.preset = preset
    switch preset {
    case .czii:
      reach = .fractionOfRadius(0.5)
      counting = .anyWithin
      beta = 4
      for (name, radius, weight) in Self.cziiParticles {
        radii[PointNames.featureKey(name)] = .angstroms(radius)
        weights[PointNames.featureKey(name)] = weight
      }
    case .shrec2021:
      beta = 1
      ignoresFeatures = true
      excluded = ["4v94", "vesicle"]
    }
  }

  /// The challenge's particle types: radius in ångström and weight.
  package static let cziiParticles: [(name: String, radius: Double, weight: Double)] = [
    ("apo-ferritin", 60, 1), ("beta-amylase", 65, 0), ("beta-galactosidase", 90, 2), ("ribosome", 150, 1),
    ("thyroglobulin", 130, 2), ("virus-like-particle", 135, 1),
  ]

  /// How near a found particle of a feature must be, in ångström.
  ///
  /// - Throws: `.needsDecision` when that depends on a radius that is not known.
  package func reach(of feature: String) throws(AisError) -> Double {
    switch reach {
    case .length(let length)?: return length.angstrom
    case .fractionOfRadius(let fraction)?:
      guard let radius = radii[PointNames.featureKey(feature)] ?? radius else {
        throw AisError(
          .needsDecision,
          "the radius of '\(feature)' is not known, and what counts as found depends on it. Give it with '--radius "
            + "\(feature)=10nm', one for all with '--radius 10nm', or a distance with '--distance 50A'")
      }
      return fraction * radius.angstrom
    case nil:
      throw AisError(
        .needsDecision,
        "how near must a found particle be? Give the particles' radius, '--radius 12nm' (half of it counts as found), or a "
          + "distance, '--distance 60A'; '--preset czii' knows the particles of the CZII challenge")
    }
  }

  package func weight(of feature: String) -> Double { weights[PointNames.featureKey(feature)] ?? 1 }
}
