import AisCore
import AisFormats

/// Which boxes a network learns from, and which it is held against.
package struct TrainingSplit: Sendable, Equatable {
  /// Places in the pool, in order.
  package var training: [Int]
  package var validation: [Int]

  /// Holds out the same share of the boxes with the feature and of those without, chosen by the seed: at least one of each where
  /// there are two. Boxes of one identifier (the same place in several sets) stay together.
  ///
  /// - Throws: `usage` when a share is asked for and there are too few boxes to hold one out.
  package init(_ pool: TrainingPool, fraction: Double, seed: UInt64) throws(AisError) {
    precondition((0..<1).contains(fraction), "a share below 1 can be held out, not \(fraction)")
    training = Array(pool.samples.indices)
    validation = []
    guard fraction > 0 else { return }
    var heldOut: Set<Int> = []
    for isPositive in [true, false] {
      var generator = SeededGenerator(seed: seed, streams: [UInt64(isPositive ? 1 : 2)])
      var groups: [[Int]] = []
      var places: [String: Int] = [:]
      for sample in pool.samples.indices where pool.samples[sample].isPositive == isPositive {
        let name = pool.identifier(sample)
        if let place = places[name] {
          groups[place].append(sample)
        } else {
          places[name] = groups.count
          groups.append([sample])
        }
      }
      guard groups.count >= 2 else { continue }
      let count = min(groups.count - 1, max(1, Int((fraction * Double(groups.count)).rounded())))
      for group in groups.shuffled(using: &generator).prefix(count) { heldOut.formUnion(group) }
    }
    guard !heldOut.isEmpty else {
      throw AisError(
        .usage,
        "\(pool.samples.count == 1 ? "the only box" : "too few boxes (\(pool.samples.count)) to hold some out"): train without "
          + "'--validation', or annotate more")
    }
    training = pool.samples.indices.filter { !heldOut.contains($0) }
    validation = heldOut.sorted()
  }
}

extension TrainingPool {
  /// The name of a box: the same place of the same feature has the same one. Stacks of before 2026 have no names; a set's path
  /// tells their boxes apart.
  func identifier(_ sample: Int) -> String {
    let place = samples[sample]
    let set = sets[place.set]
    let name = set.identifiers[place.index]
    return set.sources[name] == nil ? "\(place.set) \(name)" : name
  }
}

extension SeededGenerator {
  /// A generator of its own for each combination of numbers: what one draws does not depend on what others drew before.
  package init(seed: UInt64, streams: [UInt64]) {
    var state = seed
    for stream in streams {
      var mixer = SeededGenerator(seed: state ^ (stream &* 0xD6E8_FEB8_6659_FD93))
      _ = mixer.next()
      state = mixer.next()
    }
    self.init(seed: state)
  }
}
