/// How well a set of voxels agrees with a ground truth.
package struct MaskOverlap: Hashable, Sendable {
  /// Voxels in both, only in the tested mask, and only in the truth.
  package var shared: Int
  package var onlyTested: Int
  package var onlyTruth: Int

  package init(shared: Int, onlyTested: Int, onlyTruth: Int) {
    self.shared = shared
    self.onlyTested = onlyTested
    self.onlyTruth = onlyTruth
  }

  /// Twice the shared voxels over the sum of both masks (Dice 1945); 1 when both are empty.
  package var dice: Double { Self.ratio(2 * shared, 2 * shared + onlyTested + onlyTruth) }
  /// The shared voxels over the union of both masks (Jaccard 1912); 1 when both are empty.
  package var intersectionOverUnion: Double { Self.ratio(shared, shared + onlyTested + onlyTruth) }
  /// The share of the tested mask that is true; 1 when the tested mask is empty.
  package var precision: Double { Self.ratio(shared, shared + onlyTested) }
  /// The share of the truth that was found; 1 when the truth is empty.
  package var recall: Double { Self.ratio(shared, shared + onlyTruth) }

  private static func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 1 : Double(part) / Double(whole)
  }
}

/// Counts a segmentation's values inside and outside a mask, so that one pass answers for every threshold.
///
/// Values are taken on the scale 0 to 255; what is above or below counts as 255 or 0. NaN counts as 0. A voxel belongs to
/// the mask at threshold t when its value is greater than t.
package struct OverlapHistogram: Sendable {
  // Counts by the smallest whole threshold that leaves the voxel out: a value v in (n − 1, n] counts in bin n.
  private var inside = [Int](repeating: 0, count: 256)
  private var outside = [Int](repeating: 0, count: 256)

  package init() {}

  /// Adds one voxel: its value on the scale 0 to 255, and whether the truth has it.
  package mutating func add(_ value: Float, isTrue: Bool) {
    let bin = value > 0 ? Int(min(value, 255).rounded(.up)) : 0
    if isTrue { inside[bin] += 1 } else { outside[bin] += 1 }
  }

  /// The overlap of `value > threshold` with the truth, for a whole threshold from 0 to 254.
  package func overlap(threshold: Int) -> MaskOverlap {
    precondition((0...254).contains(threshold), "a threshold lies between 0 and 254, got \(threshold)")
    let shared = inside[(threshold + 1)...].reduce(0, +)
    return MaskOverlap(
      shared: shared,
      onlyTested: outside[(threshold + 1)...].reduce(0, +),
      onlyTruth: inside.reduce(0, +) - shared)
  }

  /// The threshold with the highest Dice coefficient; the lowest of equals.
  package var bestThreshold: Int {
    var best = 0
    var bestDice = -1.0
    for threshold in 0...254 {
      let dice = overlap(threshold: threshold).dice
      if dice > bestDice { (best, bestDice) = (threshold, dice) }
    }
    return best
  }

  /// The number of voxels of the truth.
  package var truthCount: Int { inside.reduce(0, +) }
}
