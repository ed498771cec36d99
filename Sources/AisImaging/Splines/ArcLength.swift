/// The way along a curve as a function of its parameter, and back.
///
/// The speed is integrated by Gauss–Legendre quadrature with five points on quarters of the knot intervals; lengths of cubic
/// splines through smooth curves are then good to about ten digits.
package struct ArcLength: Sendable {
  package let curve: BSplineCurve
  private let derivative: BSplineCurve
  /// Parameters at which the way is known, ascending, and the way there.
  private let parameters: [Double]
  private let ways: [Double]

  /// Measures a curve over a range of its parameter; without one, over its whole domain.
  package init(_ curve: BSplineCurve, over range: ClosedRange<Double>? = nil) {
    self.curve = curve
    let derivative = curve.derivative
    self.derivative = derivative
    let range = range ?? curve.domain
    var stops = [range.lowerBound]
    for knot in curve.knots where knot > stops.last! && knot < range.upperBound { stops.append(knot) }
    stops.append(range.upperBound)
    var parameters = [range.lowerBound]
    var ways = [0.0]
    for (start, end) in zip(stops, stops.dropFirst()) where end > start {
      for quarter in 1...4 {
        let next = quarter == 4 ? end : start + (end - start) * Double(quarter) / 4
        ways.append(ways.last! + Self.way(from: parameters.last!, to: next, derivative))
        parameters.append(next)
      }
    }
    self.parameters = parameters
    self.ways = ways
  }

  /// The length of the curve, in the unit of its points.
  package var length: Double { ways.last! }

  /// The parameter after a way from the start; the ends for ways outside of the curve.
  package func parameter(after way: Double) -> Double {
    guard way > 0 else { return parameters.first! }
    guard way < length else { return parameters.last! }
    var low = 0
    var high = ways.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if ways[middle] <= way { low = middle } else { high = middle }
    }
    // Newton's method inside the interval; where it would leave, the interval is halved instead.
    var (left, right) = (parameters[low], parameters[high])
    var guess = left + (right - left) * (way - ways[low]) / (ways[high] - ways[low])
    for _ in 0..<40 {
      let excess = ways[low] + Self.way(from: parameters[low], to: guess, derivative) - way
      if abs(excess) <= 1e-12 * length { break }
      if excess > 0 { right = guess } else { left = guess }
      let speed = derivative.point(at: guess).length
      let step = guess - excess / speed
      guess = speed > 0 && step > left && step < right ? step : (left + right) / 2
    }
    return guess
  }

  private static let nodes: [(position: Double, weight: Double)] = [
    (0, 128.0 / 225),
    (-0.538469310105683, 0.478628670499366), (0.538469310105683, 0.478628670499366),
    (-0.906179845938664, 0.236926885056189), (0.906179845938664, 0.236926885056189),
  ]

  private static func way(from start: Double, to end: Double, _ derivative: BSplineCurve) -> Double {
    let (middle, half) = ((start + end) / 2, (end - start) / 2)
    return half
      * nodes.reduce(0) { $0 + $1.weight * derivative.point(at: middle + half * $1.position).length }
  }
}
