import AisCore

/// A found and a true point that lie close enough to be the same particle.
package struct ClosePair: Sendable, Hashable {
  /// Index of the found point.
  package var found: Int
  /// Index of the true point.
  package var truth: Int
  package var distance: Double

  package init(found: Int, truth: Int, distance: Double) {
    self.found = found
    self.truth = truth
    self.distance = distance
  }
}

/// Which found point stands for which true one.
package enum PointMatching {
  /// More pairs than this mean that the distance is many times the spacing of the particles.
  package static let mostPairs = 20_000_000

  /// All pairs at most `distance` apart, in the order of the found points and then of the true ones.
  ///
  /// - Throws: `.limitExceeded` when there are more than `mostPairs`.
  package static func closePairs(
    found: [Position], truth: [Position], within distance: Double
  ) throws(AisError) -> [ClosePair] {
    let tree = PointTree(truth)
    var pairs: [ClosePair] = []
    for (index, position) in found.enumerated() {
      for neighbour in tree.neighbours(of: position, within: distance) {
        pairs.append(ClosePair(found: index, truth: neighbour.index, distance: neighbour.distance))
      }
      guard pairs.count <= mostPairs else {
        throw AisError(
          .limitExceeded,
          "more than \(mostPairs) pairs of found and true particles lie within \(distance) Å of each other: the distance is "
            + "many times the spacing of the particles. Choose a smaller one.")
      }
    }
    return pairs
  }

  /// How many more true points are matched one to one when each found point is added, in the order of `order`.
  ///
  /// After every step the matching has the greatest possible size (augmenting paths, Kuhn 1955), so a sweep over score
  /// thresholds costs no more than one matching: the sum of the first k gains is the number of matches of the first k.
  ///
  /// - Parameter pairs: sorted by `found`.
  package static func gains(_ pairs: [ClosePair], order: [Int], truthCount: Int) -> [Bool] {
    var growing = GrowingMatching(pairs, truthCount: truthCount)
    return order.map { growing.add($0) }
  }
}

/// A matching of greatest size that grows with the found points added to it.
private struct GrowingMatching {
  /// For each found point, where its pairs begin in `neighbours`.
  private var starts: [Int: Range<Int>] = [:]
  private var neighbours: [Int]
  /// The found point that each true point is matched with, or −1.
  private var partner: [Int]
  /// True points from which no free one can be reached any more, now or later.
  private var isExhausted: [Bool]
  /// The step in which a true point was last seen, and from which found point.
  private var seenIn: [Int]
  private var reachedFrom: [Int]
  private var step = 0

  init(_ pairs: [ClosePair], truthCount: Int) {
    neighbours = pairs.map(\.truth)
    var begin = 0
    while begin < pairs.count {
      var end = begin
      while end < pairs.count, pairs[end].found == pairs[begin].found { end += 1 }
      starts[pairs[begin].found] = begin..<end
      begin = end
    }
    partner = [Int](repeating: -1, count: truthCount)
    isExhausted = [Bool](repeating: false, count: truthCount)
    seenIn = [Int](repeating: -1, count: truthCount)
    reachedFrom = [Int](repeating: -1, count: truthCount)
  }

  /// Adds a found point; whether the matching grew by it.
  mutating func add(_ found: Int) -> Bool {
    step += 1
    var queue = [found]
    var seen: [Int] = []
    var next = 0
    // The true point that leads each found point's match to it, to walk back along the path.
    var matchOf: [Int: Int] = [:]
    while next < queue.count {
      let current = queue[next]
      next += 1
      for place in starts[current] ?? 0..<0 {
        let truth = neighbours[place]
        if seenIn[truth] == step || isExhausted[truth] { continue }
        seenIn[truth] = step
        reachedFrom[truth] = current
        seen.append(truth)
        if partner[truth] < 0 {
          flip(endingAt: truth, from: found, matchOf)
          return true
        }
        matchOf[partner[truth]] = truth
        queue.append(partner[truth])
      }
    }
    // All true points reached are matched with found points whose neighbours were all reached: no path will ever leave them.
    for truth in seen { isExhausted[truth] = true }
    return false
  }

  /// Exchanges matched and unmatched pairs along the path that ends at a free true point.
  private mutating func flip(endingAt end: Int, from start: Int, _ matchOf: [Int: Int]) {
    var truth = end
    while true {
      let found = reachedFrom[truth]
      partner[truth] = found
      if found == start { return }
      truth = matchOf[found]!
    }
  }
}
