import AisCore
import AisImaging

/// What comes out of a comparison of found particles with the true ones.
package struct PointEvaluation: Sendable {
  /// Counts and errors of some of the particles: those of a feature, of a tomogram, or all.
  package struct Row: Sendable {
    package var counts: DetectionCounts
    package var errors: PositionErrors
  }

  /// A found particle and the true one that it stands for.
  package struct Match: Sendable, Hashable {
    package var tomogram: Int
    package var feature: Int
    /// Indices into the points that were compared.
    package var found: Int
    package var truth: Int
    package var distance: Double
    /// Found minus true, in ångström.
    package var offset: Position
  }

  package var tomograms: [PointSet.Tomogram]
  package var features: [String]
  /// For each tomogram and, within it, each feature.
  package var groups: [[Row]]
  package var matches: [Match]
  /// For each feature, all tomograms together; `nil` when the found particles have no scores.
  package var featureCurves: [DetectionCurve]?
  /// All particles together.
  package var curve: DetectionCurve?
  package var beta: Double
  package var weights: [Double]
  /// Only of occupancy volumes: found particles in the background, true ones hit more than once, and, of each true
  /// particle that has a class, what it was taken for.
  package var occupancy: OccupancyCounts?
  package var notes: [String]

  /// All tomograms together, for each feature.
  package var featureRows: [Row] { features.indices.map { feature in Self.sum(groups.map { $0[feature] }) } }
  /// All features together, for each tomogram.
  package var tomogramRows: [Row] { groups.map { Self.sum($0) } }
  /// Everything together.
  package var total: Row { Self.sum(tomogramRows) }

  /// The mean of features or tomograms that have a true or found particle, each counting the same.
  package func macro(_ rows: [Row]) -> (precision: Double?, recall: Double?, fBeta: Double?) {
    let rows = rows.filter { $0.counts.foundCount + $0.counts.truthCount > 0 }
    // A list that finds nothing of what is there has no precision to be proud of.
    let precisions = rows.map { $0.counts.precision ?? 0 }
    return (
      Self.mean(precisions), Self.mean(rows.compactMap { $0.counts.recall }),
      Self.mean(rows.compactMap { $0.counts.fBeta(beta) })
    )
  }

  /// The mean of the features' F-beta by their weights: the score of the CZII challenge. Features that are not in the truth
  /// do not count.
  package var weightedFBeta: Double? { weightedFBeta(featureRows.map(\.counts)) }

  private func weightedFBeta(_ counts: [DetectionCounts]) -> Double? {
    var (sum, whole) = (0.0, 0.0)
    for (feature, counts) in counts.enumerated() where counts.truthCount > 0 {
      sum += weights[feature] * (counts.fBeta(beta) ?? 0)
      whole += weights[feature]
    }
    return whole > 0 ? sum / whole : nil
  }

  /// The score threshold with the greatest F-beta, by the weighted mean when `isWeighted`.
  package func bestThreshold(isWeighted: Bool) -> (threshold: Double, fBeta: Double)? {
    guard let curve, let featureCurves else { return nil }
    guard isWeighted else {
      return curve.best(beta: beta).map { ($0.threshold, $0.counts.fBeta(beta) ?? 0) }
    }
    let truths = featureRows.map(\.counts.truthCount)
    var best: (threshold: Double, fBeta: Double)?
    for point in curve.points {
      let counts = features.indices.map { featureCurves[$0].counts(atLeast: point.threshold, truthCount: truths[$0]) }
      let value = weightedFBeta(counts) ?? 0
      if value > best?.fBeta ?? -.infinity { best = (point.threshold, value) }
    }
    return best
  }

  private static func sum(_ rows: [Row]) -> Row {
    rows.reduce(Row(counts: DetectionCounts(), errors: PositionErrors())) {
      Row(counts: $0.counts + $1.counts, errors: $0.errors + $1.errors)
    }
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

/// How far found particles lie from the true ones, along each axis and in all.
package struct PositionErrors: Sendable {
  /// Found minus true.
  private var offsets: [(angstrom: Position, voxels: Position)] = []

  package init() {}

  package mutating func add(_ offset: Position, voxelSize: VoxelSize) {
    offsets.append(
      (
        offset,
        Position(
          z: offset.z / voxelSize.z.angstrom, y: offset.y / voxelSize.y.angstrom, x: offset.x / voxelSize.x.angstrom)
      ))
  }

  /// One number for each way of looking at the errors.
  package struct Summary: Sendable, Hashable {
    package var medianDistance: Double
    package var meanDistance: Double
    /// Means of found minus true: a coordinate frame that is off shows here.
    package var meanSigned: Position
    package var medianSigned: Position
  }

  package var count: Int { offsets.count }
  /// In ångström; `nil` when there is no pair.
  package var angstrom: Summary? { summary(offsets.map(\.angstrom)) }
  /// In voxels of each particle's tomogram.
  package var voxels: Summary? { summary(offsets.map(\.voxels)) }

  private func summary(_ offsets: [Position]) -> Summary? {
    guard !offsets.isEmpty else { return nil }
    let zero = Position(z: 0, y: 0, x: 0)
    let distances = offsets.map { $0.distance(to: zero) }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func median(_ values: [Double]) -> Double { Histogram.quantile(values.sorted(), 0.5) }
    let (z, y, x) = (offsets.map(\.z), offsets.map(\.y), offsets.map(\.x))
    return Summary(
      medianDistance: median(distances), meanDistance: mean(distances),
      meanSigned: Position(z: mean(z), y: mean(y), x: mean(x)),
      medianSigned: Position(z: median(z), y: median(y), x: median(x)))
  }

  package static func + (a: PositionErrors, b: PositionErrors) -> PositionErrors {
    var sum = a
    sum.offsets += b.offsets
    return sum
  }
}
