import AisCore
import AisImaging

/// Compares found particles with the true ones, tomogram by tomogram and feature by feature.
package enum PointComparison {
  /// - Parameters:
  ///   - threshold: found particles need at least this score; `nil` takes all. Curves are always made of all.
  /// - Throws: `.needsDecision` when tomograms or features of the two have no name in common, when there is no true
  ///   particle, when a threshold is asked of particles without scores, and for an unknown radius.
  package static func compare(
    found: PointSet, truth: PointSet, rule: MatchingRule, threshold: Double? = nil,
    cancellation: Cancellation = Cancellation()
  ) throws(AisError) -> PointEvaluation {
    let pairing = try PointPairing(found: found, truth: truth, rule: rule)
    let hasScores = !found.points.isEmpty && found.points.allSatisfy { $0.score != nil }
    if threshold != nil, !hasScores, !found.points.isEmpty {
      throw AisError(
        .needsDecision,
        "a score threshold was given, but not every found particle has a score. Leave the threshold away, or name the column "
          + "that holds the scores with '--score-column'")
    }
    var evaluation = PointEvaluation(
      tomograms: pairing.tomograms, features: pairing.features, groups: [], matches: [], featureCurves: nil, curve: nil,
      beta: rule.beta, weights: pairing.features.map { rule.weight(of: $0) }, occupancy: nil, notes: pairing.notes)
    if !hasScores, !found.points.isEmpty {
      evaluation.notes.append("the found particles have no scores, so there is no sweep over thresholds")
    }
    var steps = [[(score: Double, gain: Int)]](repeating: [], count: pairing.features.count)
    var occupancy: OccupancyLookup?
    if case .occupancy(let path) = rule.counting { occupancy = try OccupancyLookup(path, truth: truth, rule: rule) }

    for tomogram in pairing.tomograms.indices {
      var rows: [PointEvaluation.Row] = []
      for feature in pairing.features.indices {
        try cancellation.check()
        let members = pairing.members(tomogram: tomogram, feature: feature)
        let group = Group(
          found: members.found, truth: members.truth, foundPoints: found.points, truthPoints: truth.points)
        let result: Group.Result
        if occupancy != nil {
          result = try occupancy!.compare(group, threshold: threshold, cancellation)
        } else {
          let reach = group.truth.isEmpty ? 0 : try rule.reach(of: pairing.features[feature])
          result = try group.compare(rule, reach: reach, threshold: threshold)
        }
        var errors = PositionErrors()
        for pair in result.pairs {
          let (a, b) = (found.points[pair.found].position, truth.points[pair.truth].position)
          let offset = Position(z: a.z - b.z, y: a.y - b.y, x: a.x - b.x)
          errors.add(offset, voxelSize: pairing.tomograms[tomogram].voxelSize)
          evaluation.matches.append(
            .init(
              tomogram: tomogram, feature: feature, found: pair.found, truth: pair.truth, distance: pair.distance,
              offset: offset))
        }
        rows.append(.init(counts: result.counts, errors: errors))
        steps[feature] += result.steps
      }
      evaluation.groups.append(rows)
    }
    evaluation.occupancy = occupancy?.counts(found: found)
    if hasScores {
      let truthCounts = evaluation.featureRows.map(\.counts.truthCount)
      evaluation.featureCurves = pairing.features.indices.map {
        DetectionCurve(steps: steps[$0], truthCount: truthCounts[$0])
      }
      evaluation.curve = DetectionCurve(steps: steps.flatMap { $0 }, truthCount: truthCounts.reduce(0, +))
    }
    return evaluation
  }
}

/// The found and true particles of one feature in one tomogram, as indices into the lists that they come from.
struct Group {
  var found: [Int]
  var truth: [Int]
  var foundPoints: [PointSet.Point]
  var truthPoints: [PointSet.Point]

  struct Result {
    var counts: DetectionCounts
    /// With the indices of the lists.
    var pairs: [ClosePair]
    /// Of every found particle, by falling score.
    var steps: [(score: Double, gain: Int)]
  }

  /// The found particles by falling score; equal ones in the order of the list.
  var byScore: [Int] {
    found.sorted { a, b in
      let (first, second) = (score(a), score(b))
      return first == second ? a < b : first > second
    }
  }

  func score(_ index: Int) -> Double {
    let score = foundPoints[index].score ?? 0
    return score.isNaN ? -.infinity : score
  }

  func isTaken(_ index: Int, _ threshold: Double?) -> Bool { threshold.map { score(index) >= $0 } ?? true }

  func compare(_ rule: MatchingRule, reach: Double, threshold: Double?) throws(AisError) -> Result {
    let ordered = byScore
    let close = try PointMatching.closePairs(
      found: ordered.map { foundPoints[$0].position }, truth: truth.map { truthPoints[$0].position }, within: reach)
    let taken = ordered.prefix { isTaken($0, threshold) }.count
    let gains: [Int]
    let chosen: [ClosePair]
    if rule.counting == .anyWithin {
      var isFound = [Bool](repeating: false, count: truth.count)
      var count = [Int](repeating: 0, count: ordered.count)
      for pair in close where !isFound[pair.truth] {
        isFound[pair.truth] = true
        count[pair.found] += 1
      }
      gains = count
      chosen = nearest(close.filter { $0.found < taken })
    } else {
      gains = PointMatching.gains(close, order: Array(ordered.indices), truthCount: truth.count).map { $0 ? 1 : 0 }
      chosen = try PointMatching.optimal(
        close.filter { $0.found < taken }, foundCount: ordered.count, truthCount: truth.count)
    }
    return Result(
      counts: DetectionCounts(matched: gains.prefix(taken).reduce(0, +), found: taken, truth: truth.count),
      pairs: chosen.map { ClosePair(found: ordered[$0.found], truth: truth[$0.truth], distance: $0.distance) },
      steps: zip(ordered, gains).map { (score: score($0), gain: $1) })
  }

  /// For each true particle that was found, the nearest found one.
  private func nearest(_ pairs: [ClosePair]) -> [ClosePair] {
    var best: [Int: ClosePair] = [:]
    for pair in pairs where pair.distance < best[pair.truth]?.distance ?? .infinity { best[pair.truth] = pair }
    return best.values.sorted { $0.truth < $1.truth }
  }
}
