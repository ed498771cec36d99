import Foundation

/// How values are spread, in a line of text.
package struct SizeHistogram: Sendable, Hashable {
  package var low: Double
  package var high: Double
  package var median: Double
  /// Equal steps from `low` to `high`; of values that span more than a decade, equal steps of their logarithm.
  package var counts: [Int]
  package var isLogarithmic: Bool

  /// `nil` when there are no values. Values are finite.
  package init?(_ values: [Double], bins: Int = 24) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let low = sorted.first, let high = sorted.last else { return nil }
    self.low = low
    self.high = high
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    let isLogarithmic = low > 0 && high / low > 10
    self.isLogarithmic = isLogarithmic
    func place(_ value: Double) -> Double { isLogarithmic ? log(value / low) : value - low }
    let width = place(high)
    counts = [Int](repeating: 0, count: width > 0 ? min(bins, max(1, sorted.count)) : 1)
    for value in sorted {
      let share = width > 0 ? place(value) / width : 0
      counts[min(counts.count - 1, Int(share * Double(counts.count)))] += 1
    }
  }

  /// `65 ▂▄█▆▂▁ 2300`: bars as high as the counts; an empty bin is a dot.
  package var line: String {
    let tallest = Double(counts.max() ?? 1)
    let bars = counts.map { count -> String in
      if count == 0 { return "·" }
      return String(Array("▁▂▃▄▅▆▇█")[min(7, Int(Double(count) / tallest * 8))])
    }
    if counts.count == 1 { return Self.number(low) }
    return "\(Self.number(low)) \(bars.joined()) \(Self.number(high))"
  }

  /// Four digits are enough for people.
  package static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    if abs(value) >= 1000 || value == value.rounded() { return String(Int(value.rounded())) }
    let digits = abs(value) >= 100 ? 1 : abs(value) >= 10 ? 1 : 2
    var text = String(format: "%.\(digits)f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
