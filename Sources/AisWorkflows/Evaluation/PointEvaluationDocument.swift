import AisCore
import AisImaging

/// A comparison of particles as JSON, schema `ais.point-evaluation/1`.
package struct PointEvaluationDocument: Encodable, Sendable {
  struct Scores: Encodable {
    var name: String
    var truePositives: Int
    var falsePositives: Int
    var falseNegatives: Int
    var precision: Double?
    var recall: Double?
    var fBeta: Double?
    var errors: Errors?

    init(_ name: String, _ row: PointEvaluation.Row, beta: Double) {
      self.init(name, row.counts, beta: beta)
      errors = Errors(row.errors)
    }

    init(_ name: String, _ counts: DetectionCounts, beta: Double) {
      self.name = name
      truePositives = counts.truePositives
      falsePositives = counts.falsePositives
      falseNegatives = counts.falseNegatives
      precision = counts.precision
      recall = counts.recall
      fBeta = counts.fBeta(beta)
    }
  }

  /// Found minus true, of the pairs that were matched.
  struct Errors: Encodable {
    struct Axes: Encodable {
      var x: Double
      var y: Double
      var z: Double

      init(_ position: Position) { (x, y, z) = (position.x, position.y, position.z) }
    }

    var medianDistanceAngstrom: Double
    var meanDistanceAngstrom: Double
    var meanSignedAngstrom: Axes
    var medianSignedAngstrom: Axes
    var medianDistanceVoxels: Double
    var meanSignedVoxels: Axes

    init?(_ errors: PositionErrors) {
      guard let angstrom = errors.angstrom, let voxels = errors.voxels else { return nil }
      medianDistanceAngstrom = angstrom.medianDistance
      meanDistanceAngstrom = angstrom.meanDistance
      meanSignedAngstrom = Axes(angstrom.meanSigned)
      medianSignedAngstrom = Axes(angstrom.medianSigned)
      medianDistanceVoxels = voxels.medianDistance
      meanSignedVoxels = Axes(voxels.meanSigned)
    }
  }

  struct Macro: Encodable {
    var precision: Double?
    var recall: Double?
    var fBeta: Double?

    init(_ means: (precision: Double?, recall: Double?, fBeta: Double?)) {
      (precision, recall, fBeta) = means
    }
  }

  struct Best: Encodable {
    var threshold: Double
    var fBeta: Double
  }

  struct Occupancy: Encodable {
    var inBackground: Int
    var outsideVolume: Int
    var hitRepeatedly: Int
    var classes: [Scores]
    /// For each true class, how many of its particles were taken for each class; the last column: not found.
    var confusion: [[Int]]
  }

  var schema = "ais.point-evaluation/1"
  var found: [String]
  var truth: [String]
  var rule: String
  var beta: Double
  var threshold: Double?
  var total: Scores
  var macroOverClasses: Macro
  var macroOverTomograms: Macro
  /// Only where classes have different weights.
  var weightedFBeta: Double?
  var classes: [Scores]
  var tomograms: [Scores]
  var bestThreshold: Best?
  var occupancy: Occupancy?
  var notes: [String]

  package init(
    _ evaluation: PointEvaluation, found: [String], truth: [String], rule: MatchingRule, threshold: Double?
  ) {
    let beta = evaluation.beta
    self.found = found
    self.truth = truth
    self.rule = rule.sentence
    self.beta = beta
    self.threshold = threshold
    total = Scores("all", evaluation.total, beta: beta)
    macroOverClasses = Macro(evaluation.macro(evaluation.featureRows))
    macroOverTomograms = Macro(evaluation.macro(evaluation.tomogramRows))
    weightedFBeta = rule.weights.isEmpty ? nil : evaluation.weightedFBeta
    classes = zip(evaluation.features, evaluation.featureRows).map { Scores($0, $1, beta: beta) }
    tomograms = zip(evaluation.tomograms, evaluation.tomogramRows).map { Scores($0.name, $1, beta: beta) }
    bestThreshold = evaluation.bestThreshold(isWeighted: !rule.weights.isEmpty).map {
      Best(threshold: $0.threshold, fBeta: $0.fBeta)
    }
    occupancy = evaluation.occupancy.map { counts in
      Occupancy(
        inBackground: counts.background, outsideVolume: counts.outside, hitRepeatedly: counts.hitRepeatedly,
        classes: counts.classes.indices.map { Scores(counts.classes[$0], counts.counts(ofClass: $0), beta: beta) },
        confusion: counts.confusion)
    }
    notes = evaluation.notes
  }
}

extension MatchingRule {
  /// What counts as found, for people.
  package var sentence: String {
    let near: String
    switch reach {
    case .length(let length)?: near = "within \(angstromText(length.angstrom)) Å of the centre"
    case .fractionOfRadius(let fraction)?: near = "within \(angstromText(fraction)) of the particle's radius"
    case nil: near = "at any distance"
    }
    switch counting {
    case .oneToOne: return "\(near), one to one"
    case .anyWithin: return "\(near); a particle is found when any point lies there"
    case .occupancy(let path): return "the point's voxel belongs to the particle in '\(path)', grown by one voxel"
    }
  }

  /// `F1`, `F4`, `F0.5`.
  package static func name(ofBeta beta: Double) -> String { "F\(angstromText(beta))" }
}
