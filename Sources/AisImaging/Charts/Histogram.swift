import Foundation

/// Numbers counted into bins of equal width, or of equal factor.
package struct Histogram: Sendable, Hashable {
  /// One more than there are bins.
  package private(set) var edges: [Double] = []
  package private(set) var counts: [Int] = []
  /// Bins grow by equal factors.
  package private(set) var isLogarithmic = false

  /// Counts all finite values; the last bin includes its upper edge.
  ///
  /// Bins follow Freedman & Diaconis (1981), 5 to 60 of them. Values that are all above zero and spread over more than a
  /// factor of 100 are binned by factors.
  package init(_ values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let least = sorted.first, let greatest = sorted.last else { return }
    isLogarithmic = least > 0 && greatest / least > 100
    let scaled = isLogarithmic ? sorted.map { log10($0) } : sorted
    let (low, high) = (scaled[0], scaled[scaled.count - 1])
    guard high > low else {
      let half = low == 0 ? 0.5 : abs(low) * 0.05
      edges = [low - half, low + half]
      counts = [sorted.count]
      return
    }
    let spread = Self.quantile(scaled, 0.75) - Self.quantile(scaled, 0.25)
    let width = 2 * spread / cbrt(Double(scaled.count))
    let bins = width > 0 ? max(5, min(60, Int(((high - low) / width).rounded(.up)))) : 20
    counts = [Int](repeating: 0, count: bins)
    for value in scaled { counts[min(bins - 1, Int((value - low) / (high - low) * Double(bins)))] += 1 }
    let steps = (0...bins).map { low + (high - low) * Double($0) / Double(bins) }
    edges = isLogarithmic ? steps.map { pow(10, $0) } : steps
  }

  /// A chart of the counts.
  package func chart(title: String, xTitle: String, yTitle: String, colour: Colour = Chart.colours[0]) -> Chart {
    var chart = Chart(
      title: title, xTitle: xTitle, yTitle: yTitle, x: AxisScale(covering: edges, isLogarithmic: isLogarithmic),
      y: AxisScale(covering: counts.map(Double.init), from: 0))
    let bars = counts.indices.map { (range: edges[$0]...edges[$0 + 1], y: Double(counts[$0])) }
    chart.layers = [.bars(bars, colour, title: nil)]
    if counts.isEmpty { chart.note = "nothing to show" }
    return chart
  }

  /// Of sorted values, by linear interpolation between neighbours.
  package static func quantile(_ sorted: [Double], _ part: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let place = part * Double(sorted.count - 1)
    let below = Int(place.rounded(.down))
    let above = min(sorted.count - 1, below + 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}
