/// A curve in space made of B-splines: `knots.count - degree - 1` control points and a clamped knot vector.
///
/// Vectors hold (z, y, x), in the unit of the points that the curve was made from.
package struct BSplineCurve: Sendable {
  package let degree: Int
  /// Ascending, the first and last repeated `degree + 1` times.
  package let knots: [Double]
  package let controlPoints: [SIMD3<Double>]

  package init(degree: Int, knots: [Double], controlPoints: [SIMD3<Double>]) {
    precondition(
      controlPoints.count > degree && knots.count == controlPoints.count + degree + 1,
      "\(controlPoints.count) control points of degree \(degree) need \(controlPoints.count + degree + 1) knots, got \(knots.count)"
    )
    self.degree = degree
    self.knots = knots
    self.controlPoints = controlPoints
  }

  /// Where the parameter starts and ends.
  package var domain: ClosedRange<Double> { knots[degree]...knots[controlPoints.count] }

  /// The point at a parameter; outside of the domain the outermost polynomials go on (de Boor 1972).
  package func point(at parameter: Double) -> SIMD3<Double> {
    let span = span(of: parameter)
    var local = Array(controlPoints[span - degree...span])
    for level in stride(from: 1, through: degree, by: 1) {
      for index in stride(from: degree, through: level, by: -1) {
        let left = knots[span - degree + index]
        let right = knots[span + 1 + index - level]
        let share = (parameter - left) / (right - left)
        local[index] = local[index - 1] * (1 - share) + local[index] * share
      }
    }
    return local[degree]
  }

  /// The first derivative with respect to the parameter, one degree lower.
  package var derivative: BSplineCurve {
    guard degree > 0 else {
      return BSplineCurve(degree: 0, knots: knots, controlPoints: controlPoints.map { _ in .zero })
    }
    let differences = (1..<controlPoints.count).map { index in
      (controlPoints[index] - controlPoints[index - 1]) * (Double(degree) / (knots[index + degree] - knots[index]))
    }
    return BSplineCurve(
      degree: degree - 1, knots: Array(knots.dropFirst().dropLast()), controlPoints: differences)
  }

  /// The index of the knot interval that holds the parameter; the last interval holds its end.
  func span(of parameter: Double) -> Int {
    BSplineBasis.span(of: parameter, knots: knots, degree: degree)
  }
}

/// The values of B-spline basis functions.
enum BSplineBasis {
  /// The largest index i between `degree` and the last inner interval with `knots[i] <= parameter`.
  static func span(of parameter: Double, knots: [Double], degree: Int) -> Int {
    var low = degree
    var high = knots.count - degree - 2
    while low < high {
      let middle = (low + high + 1) / 2
      if knots[middle] <= parameter { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The `degree + 1` basis functions that are not 0 on the interval `span`, the first belonging to control point
  /// `span - degree` (the recurrence of Cox 1972 and de Boor 1972).
  static func values(at parameter: Double, span: Int, knots: [Double], degree: Int) -> [Double] {
    var values = [Double](repeating: 0, count: degree + 1)
    values[0] = 1
    for level in stride(from: 1, through: degree, by: 1) {
      var carried = 0.0
      for index in 0..<level {
        let right = knots[span + 1 + index]
        let left = knots[span + 1 + index - level]
        let share = values[index] / (right - left)
        values[index] = carried + (right - parameter) * share
        carried = (parameter - left) * share
      }
      values[level] = carried
    }
    return values
  }

  /// How much the derivative of order `degree` jumps at an inner knot, for the `degree + 2` basis functions that
  /// change there, the first belonging to control point `knot - degree - 1`; up to a factor common to all knots.
  static func jumps(at knot: Int, knots: [Double], degree: Int) -> [Double] {
    (knot - degree - 1...knot).map { first in
      let last = first + degree + 1
      var product = 1.0
      for other in first...last where other != knot { product *= knots[knot] - knots[other] }
      return (knots[last] - knots[first]) / product
    }
  }
}
