import AisCore
import AisImaging
import Testing

@Suite("Matching of found and true points")
struct PointMatchingTests {
  /// The best matching by trying all of them: first size, then sum of distances.
  static func exhaustive(_ pairs: [ClosePair]) -> (count: Int, sum: Double) {
    func best(_ rest: ArraySlice<ClosePair>, _ found: Set<Int>, _ truth: Set<Int>) -> (count: Int, sum: Double) {
      guard let first = rest.first else { return (0, 0) }
      var result = best(rest.dropFirst(), found, truth)
      if !found.contains(first.found), !truth.contains(first.truth) {
        let with = best(rest.dropFirst(), found.union([first.found]), truth.union([first.truth]))
        let candidate = (count: with.count + 1, sum: with.sum + first.distance)
        if candidate.count > result.count || candidate.count == result.count && candidate.sum < result.sum {
          result = candidate
        }
      }
      return result
    }
    return best(pairs[...], [], [])
  }

  @Test("have the greatest size and then the smallest sum, as trying all shows", arguments: 0..<60)
  func optimal(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let found = PointTreeTests.random(.random(in: 0...6, using: &generator), seed: 2 * seed, extent: 10)
    let truth = PointTreeTests.random(.random(in: 0...6, using: &generator), seed: 2 * seed + 1, extent: 10)
    let pairs = try PointMatching.closePairs(found: found, truth: truth, within: 5.5)
    let chosen = try PointMatching.optimal(pairs, foundCount: found.count, truthCount: truth.count)
    let expected = Self.exhaustive(pairs)
    #expect(chosen.count == expected.count)
    #expect(abs(chosen.reduce(0) { $0 + $1.distance } - expected.sum) < 1e-9)
    #expect(Set(chosen.map(\.found)).count == chosen.count && Set(chosen.map(\.truth)).count == chosen.count)
  }

  @Test("give up a near pair when that lets two be found")
  func sizeFirst() throws {
    // The middle found point is nearest to the second true one, but the first true one has only it.
    let truth = [Position(z: 0, y: 0, x: 0), Position(z: 0, y: 0, x: 10)]
    let found = [Position(z: 0, y: 0, x: 6), Position(z: 0, y: 0, x: 14)]
    let pairs = try PointMatching.closePairs(found: found, truth: truth, within: 7)
    let chosen = try PointMatching.optimal(pairs, foundCount: 2, truthCount: 2)
    #expect(chosen.map(\.found) == [0, 1] && chosen.map(\.distance) == [6, 4])
  }

  @Test("grow to the greatest size with every point that is added", arguments: 0..<40)
  func gains(seed: UInt64) throws {
    let found = PointTreeTests.random(30, seed: seed, extent: 20)
    let truth = PointTreeTests.random(20, seed: seed + 1000, extent: 20)
    let pairs = try PointMatching.closePairs(found: found, truth: truth, within: 6)
    var generator = SeededGenerator(seed: seed)
    let order = Array(found.indices).shuffled(using: &generator)
    let gains = PointMatching.gains(pairs, order: order, truthCount: truth.count)
    for count in 1...order.count {
      let first = Set(order.prefix(count))
      let chosen = try PointMatching.optimal(
        pairs.filter { first.contains($0.found) }, foundCount: found.count, truthCount: truth.count)
      #expect(gains.prefix(count).count { $0 } == chosen.count)
    }
  }

  @Test("a distance far above the spacing of the particles is refused before memory is full")
  func tooManyPairs() {
    let points = PointTreeTests.random(5000, seed: 1, extent: 10)
    let error = #expect(throws: AisError.self) {
      try PointMatching.closePairs(found: points, truth: points, within: 100)
    }
    #expect(error?.code == .limitExceeded && error?.message.contains("smaller") == true)
  }

  @Test("duplicates of a found point are matched once")
  func duplicates() throws {
    let truth = [Position(z: 0, y: 0, x: 0)]
    let found = Array(repeating: Position(z: 0, y: 1, x: 0), count: 500)
    let pairs = try PointMatching.closePairs(found: found, truth: truth, within: 2)
    #expect(try PointMatching.optimal(pairs, foundCount: 500, truthCount: 1).count == 1)
    #expect(PointMatching.gains(pairs, order: Array(0..<500), truthCount: 1).count { $0 } == 1)
  }
}

@Suite("Counts of detections")
struct DetectionCountsTests {
  @Test("F-beta agrees with precision and recall", arguments: [0.5, 1, 2, 4])
  func fBeta(beta: Double) throws {
    let counts = DetectionCounts(truePositives: 30, falsePositives: 10, falseNegatives: 60)
    let (precision, recall) = (0.75, 1.0 / 3)
    #expect(counts.precision == precision && counts.recall == recall)
    let expected = (1 + beta * beta) * precision * recall / (beta * beta * precision + recall)
    #expect(abs(try #require(counts.fBeta(beta)) - expected) < 1e-12)
  }

  @Test("what cannot be said is not said")
  func undefined() {
    #expect(DetectionCounts().precision == nil && DetectionCounts().recall == nil && DetectionCounts().fBeta(1) == nil)
    #expect(DetectionCounts(falsePositives: 3).recall == nil && DetectionCounts(falsePositives: 3).fBeta(1) == 0)
    #expect(DetectionCounts(falseNegatives: 3).precision == nil && DetectionCounts(falseNegatives: 3).fBeta(1) == 0)
  }

  @Test("a curve takes particles of one score together, and what is no number last")
  func curve() throws {
    let curve = DetectionCurve(
      steps: [(0.5, 1), (0.9, 1), (0.5, 0), (.nan, 1), (0.1, 0)], truthCount: 4)
    #expect(curve.points.map(\.threshold) == [0.9, 0.5, 0.1, -.infinity])
    #expect(curve.points.map(\.counts.truePositives) == [1, 2, 2, 3])
    #expect(curve.points.map(\.counts.falsePositives) == [0, 1, 2, 2])
    #expect(curve.counts(atLeast: 0.5, truthCount: 4).truePositives == 2)
    #expect(curve.counts(atLeast: 0.6, truthCount: 4).truePositives == 1)
    #expect(curve.counts(atLeast: 2, truthCount: 4) == DetectionCounts(falseNegatives: 4))
    #expect(try #require(curve.best(beta: 1)).threshold == -.infinity)
    #expect(try #require(curve.best(beta: 0.25)).threshold == 0.9)
  }
}
