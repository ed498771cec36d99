/// How well a list of found particles agrees with the true ones.
package struct DetectionCounts: Hashable, Sendable {
  /// True particles that were found.
  package var truePositives: Int
  /// Found particles that stand for no true one.
  package var falsePositives: Int
  /// True particles that were not found.
  package var falseNegatives: Int

  package init(truePositives: Int = 0, falsePositives: Int = 0, falseNegatives: Int = 0) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
  }

  /// Counts of `matched` true particles out of `truth`, with `found` particles in the list.
  package init(matched: Int, found: Int, truth: Int) {
    self.init(truePositives: matched, falsePositives: found - matched, falseNegatives: truth - matched)
  }

  package var foundCount: Int { truePositives + falsePositives }
  package var truthCount: Int { truePositives + falseNegatives }

  /// The share of the found particles that is true; `nil` when nothing was found.
  package var precision: Double? { foundCount == 0 ? nil : Double(truePositives) / Double(foundCount) }

  /// The share of the true particles that was found; `nil` when there is none.
  package var recall: Double? { truthCount == 0 ? nil : Double(truePositives) / Double(truthCount) }

  /// (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP) (van Rijsbergen 1979): recall counts β times as much as precision.
  /// `nil` when nothing is true and nothing was found.
  package func fBeta(_ beta: Double) -> Double? {
    let square = beta * beta
    let hits = (1 + square) * Double(truePositives)
    let whole = hits + square * Double(falseNegatives) + Double(falsePositives)
    return foundCount + truthCount == 0 ? nil : hits / whole
  }

  package static func + (a: DetectionCounts, b: DetectionCounts) -> DetectionCounts {
    DetectionCounts(
      truePositives: a.truePositives + b.truePositives, falsePositives: a.falsePositives + b.falsePositives,
      falseNegatives: a.falseNegatives + b.falseNegatives)
  }
}

/// How the counts change with the least score that a found particle must have.
package struct DetectionCurve: Sendable {
  /// A threshold, and the counts of all particles with at least that score.
  package struct Point: Sendable, Hashable {
    package var threshold: Double
    package var counts: DetectionCounts
  }

  /// From the highest score to the lowest, one for every score that occurs.
  package private(set) var points: [Point] = []

  /// - Parameters:
  ///   - steps: for every found particle its score, and how many true ones are found with it in addition to those found
  ///     with all particles before it. Scores that are not numbers count as lowest.
  ///   - truthCount: the number of true particles.
  package init(steps: [(score: Double, gain: Int)], truthCount: Int) {
    let sorted = steps.map { (score: $0.score.isNaN ? -.infinity : $0.score, gain: $0.gain) }
      .sorted { $0.score > $1.score }
    var (found, matched) = (0, 0)
    for (index, step) in sorted.enumerated() {
      found += 1
      matched += step.gain
      // Particles of one score come in together.
      if index + 1 < sorted.count, sorted[index + 1].score == step.score { continue }
      points.append(
        Point(threshold: step.score, counts: DetectionCounts(matched: matched, found: found, truth: truthCount)))
    }
  }

  /// The counts with all particles that score at least `threshold`.
  package func counts(atLeast threshold: Double, truthCount: Int) -> DetectionCounts {
    // Thresholds fall, so those that are high enough come first.
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].threshold >= threshold { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? DetectionCounts(matched: 0, found: 0, truth: truthCount) : points[low - 1].counts
  }

  /// The point with the greatest F-beta; of equals the one with the highest threshold.
  package func best(beta: Double) -> Point? {
    var best: Point?
    var greatest = -Double.infinity
    for point in points {
      let value = point.counts.fBeta(beta) ?? 0
      if value > greatest { (best, greatest) = (point, value) }
    }
    return best
  }
}
