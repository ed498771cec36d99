/// The threshold that parts a histogram best into two groups (Otsu 1979).
package struct OtsuThreshold: Sendable, Hashable {
  /// Values up to this bin belong to the lower group.
  package var bin: Int
  /// Mean bins of the two groups.
  package var lowerMean: Double
  package var upperMean: Double

  /// Parts the histogram where the variance between the groups is greatest; of equals the middle is taken. `nil` when fewer
  /// than two bins are occupied.
  package init?(histogram: [Int]) {
    let total = histogram.reduce(0.0) { $0 + Double($1) }
    let sum = histogram.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
    var best: (first: Int, last: Int, variance: Double)?
    var (count, part) = (0.0, 0.0)
    for bin in histogram.indices.dropLast() {
      count += Double(histogram[bin])
      part += Double(bin) * Double(histogram[bin])
      guard count > 0, count < total else { continue }
      let difference = part / count - (sum - part) / (total - count)
      let variance = count * (total - count) * difference * difference
      if let found = best, variance <= found.variance {
        // Empty bins between two groups part them equally well.
        if variance == found.variance, found.last == bin - 1 { best!.last = bin }
      } else {
        best = (bin, bin, variance)
      }
    }
    guard let best else { return nil }
    bin = (best.first + best.last) / 2
    let lower = histogram[...bin]
    let lowerCount = lower.reduce(0.0) { $0 + Double($1) }
    let lowerSum = lower.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
    lowerMean = lowerSum / lowerCount
    upperMean = (sum - lowerSum) / (total - lowerCount)
  }
}
