import Foundation

/// One axis of a chart: which values it shows, and where its round numbers are.
package struct AxisScale: Sendable, Hashable {
  package private(set) var low: Double
  package private(set) var high: Double
  /// Equal steps are equal factors.
  package let isLogarithmic: Bool
  /// Values that are written at the axis.
  package let ticks: [Double]
  /// What is written at the ticks in place of their numbers.
  private var names: [String] = []

  /// An axis of things beside each other: the first lies at 1, the second at 2, …
  ///
  /// More than twelve are numbered and not named.
  package init(places names: [String]) {
    isLogarithmic = false
    (low, high) = (0.5, Double(max(1, names.count)) + 0.5)
    let every = names.count <= 12 ? 1 : max(1, (names.count + 9) / 10)
    ticks = stride(from: 1, through: max(1, names.count), by: every).map(Double.init)
    if names.count <= 12 { self.names = names }
  }

  /// An axis that shows exactly `range`, with round numbers inside it.
  package init(exactly range: ClosedRange<Double>) {
    self.init(low: range.lowerBound, high: range.upperBound, isLogarithmic: false, isWidened: false)
  }

  /// An axis wide enough for all values, from one round number to another. Values that are not finite are left out, and
  /// those that are not above zero when it is logarithmic.
  package init(covering values: some Sequence<Double>, from zero: Double? = nil, isLogarithmic: Bool = false) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite && (!isLogarithmic || value > 0) {
      low = min(low, value)
      high = max(high, value)
    }
    if let zero, !isLogarithmic { (low, high) = (min(low, zero), max(high, zero)) }
    if low > high { (low, high) = isLogarithmic ? (1, 10) : (0, 1) }
    self.init(low: low, high: high, isLogarithmic: isLogarithmic, isWidened: true)
  }

  private init(low: Double, high: Double, isLogarithmic: Bool, isWidened: Bool) {
    self.isLogarithmic = isLogarithmic
    (self.low, self.high) = (low, high)
    if isLogarithmic {
      let (first, last) = (log10(low).rounded(.down), max(log10(low).rounded(.down) + 1, log10(high).rounded(.up)))
      (self.low, self.high) = (pow(10, first), pow(10, last))
      let every = max(1, ((last - first) / 6).rounded(.up))
      ticks = stride(from: first, through: last, by: every).map { pow(10, $0) }
      return
    }
    if low == high {
      let margin = low == 0 ? 0.5 : abs(low) * 0.05
      (self.low, self.high) = (low - margin, high + margin)
    }
    let step = Self.roundStep((self.high - self.low) / 5)
    if isWidened {
      self.low = (self.low / step).rounded(.down) * step
      self.high = (self.high / step).rounded(.up) * step
    }
    let first = (self.low / step - 1e-9).rounded(.up)
    let last = (self.high / step + 1e-9).rounded(.down)
    ticks = stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
  }

  /// The nearest of 1, 2, 5, 10 … that is not below `step`.
  private static func roundStep(_ step: Double) -> Double {
    guard step > 0, step.isFinite else { return 1 }
    let decade = pow(10, log10(step).rounded(.down))
    return [1, 2, 5].map { $0 * decade }.first { $0 >= step * 0.999 } ?? 10 * decade
  }

  /// Whether words stand at the ticks.
  package var isNamed: Bool { !names.isEmpty }

  /// How far along the axis a value lies, 0 to 1 for those inside.
  package func part(_ value: Double) -> Double {
    if isLogarithmic { return value > 0 ? log10(value / low) / log10(high / low) : -.infinity }
    return (value - low) / (high - low)
  }

  /// The text of a tick, with as many digits as the ticks need.
  package func label(_ tick: Double) -> String {
    if let place = Int(exactly: tick), names.indices.contains(place - 1) { return names[place - 1] }
    if isLogarithmic {
      let exponent = Int(log10(tick).rounded())
      return (-2...4).contains(exponent) ? Self.trimmed(tick) : "1e\(exponent)"
    }
    let greatest = max(abs(low), abs(high))
    if greatest >= 1e6 || greatest < 1e-3 { return Self.short(tick) }
    let step = ticks.count > 1 ? ticks[1] - ticks[0] : greatest
    let digits = max(0, min(6, Int((-log10(step) - 1e-9).rounded(.up))))
    return Self.signed(String(format: "%.\(digits)f", tick))
  }

  private static func trimmed(_ value: Double) -> String {
    value == value.rounded() ? String(format: "%.0f", value) : String(format: "%g", value)
  }

  /// `2e6`, `1.5e7`.
  private static func short(_ value: Double) -> String {
    if value == 0 { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    return signed(String(format: "%g", (value / pow(10, Double(exponent)) * 1000).rounded() / 1000) + "e\(exponent)")
  }

  /// With the minus sign of print.
  private static func signed(_ text: String) -> String { text.hasPrefix("-") ? "−" + text.dropFirst() : text }
}
