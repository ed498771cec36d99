import Foundation

/// Smoothing splines through noisy points along a curve, after Dierckx.
///
/// Of all splines on a set of knots whose squared distances to the points sum up to at most a given number, the smoothest is
/// taken: the one whose highest derivative jumps least at the knots. Knots are added where points are far off, until
/// least squares alone would come close enough (P. Dierckx, Curve and Surface Fitting with Splines, Oxford 1993, chapter 5).
package enum SmoothingSpline {
  /// A cubic spline along points (z, y, x), of lower degree when there are fewer than four.
  ///
  /// Points that repeat the one before are passed over. The parameter runs from 0 to 1 with the distance from point to
  /// point. At least two different points are expected.
  ///
  /// - Parameter sum: the largest sum of squared distances between points and curve, in the points' unit squared;
  ///   0 leads the curve through every point. With noise of standard deviation σ per coordinate, 3σ² for each point.
  /// - Returns: `nil` when there are fewer than two different points.
  package static func fit(_ points: [SIMD3<Double>], sum: Double) -> BSplineCurve? {
    fit(points, sum: sum, degree: 3)
  }

  /// A cubic spline along a closed curve, whose last point is followed by the first.
  ///
  /// - Returns: a curve of three turns, of which the middle one, from 1/3 to 2/3, is the closed curve; `nil` when there are
  ///   fewer than four different points.
  package static func fitClosed(_ points: [SIMD3<Double>], sum: Double) -> BSplineCurve? {
    var distinct: [SIMD3<Double>] = []
    for point in points where point != distinct.last { distinct.append(point) }
    if distinct.count > 1, distinct.first == distinct.last { distinct.removeLast() }
    guard distinct.count > 3 else { return nil }
    return fit(distinct + distinct + distinct + [distinct[0]], sum: 3 * sum, degree: 3)
  }

  private static func fit(_ points: [SIMD3<Double>], sum: Double, degree: Int) -> BSplineCurve? {
    precondition(sum >= 0, "a sum of squares cannot be negative: \(sum)")
    var distinct: [SIMD3<Double>] = []
    for point in points where point != distinct.last { distinct.append(point) }
    guard distinct.count > 1 else { return nil }
    var way = [0.0]
    for (previous, next) in zip(distinct, distinct.dropFirst()) { way.append(way.last! + (next - previous).length) }
    let parameters = way.map { $0 / way.last! }
    return Fit(points: distinct, parameters: parameters, degree: min(degree, distinct.count - 1)).smoothed(sum: sum)
  }
}

extension SIMD3<Double> {
  package var squaredLength: Double { (self * self).sum() }
  package var length: Double { squaredLength.squareRoot() }
}

/// Points with parameters, and the knots chosen so far.
private struct Fit {
  let points: [SIMD3<Double>]
  let parameters: [Double]
  let degree: Int

  /// Relative accuracy with which the sum of squares is met.
  private static let tolerance = 1e-3

  func smoothed(sum target: Double) -> BSplineCurve {
    if target == 0 { return leastSquares(interpolatingKnots) }
    var knots = boundaryKnots
    var curve = leastSquares(knots)
    var error = squaredError(curve)
    let accuracy = Self.tolerance * target
    // A single polynomial is as smooth as can be.
    if error - target < accuracy { return curve }
    var previousError = 0.0
    var added = 0
    while error > target {
      // One knot first; then as many as the last ones suggest, judging by how much they brought.
      if added == 0 {
        added = 1
      } else {
        let gain = previousError - error
        let wanted = gain > accuracy ? Int(min(Double(added) * (error - target) / gain, 1e6)) : added * 2
        added = min(added * 2, max(wanted, added / 2, 1))
      }
      previousError = error
      knots = withKnotsAdded(added, to: knots, curve)
      curve = leastSquares(knots)
      error = squaredError(curve)
      if abs(error - target) < accuracy { return curve }
      // What is left with a knot at every point is rounding.
      if knots.count == points.count + degree + 1, error >= target { return curve }
    }
    return smoothest(on: knots, sum: target) ?? curve
  }

  // MARK: Knots

  private var boundaryKnots: [Double] {
    [Double](repeating: parameters.first!, count: degree + 1) + [Double](repeating: parameters.last!, count: degree + 1)
  }

  /// As many knots as points allow: one at every point but the two at either end ("not a knot"). Lower degrees are only
  /// used with so few points that there is no inner knot.
  private var interpolatingKnots: [Double] {
    let inner = degree == 3 ? parameters[2..<max(2, parameters.count - 2)] : []
    return Array(boundaryKnots.prefix(degree + 1) + inner + boundaryKnots.suffix(degree + 1))
  }

  /// Puts each new knot on the middle point of the interval that is furthest off and still has points inside. With as many
  /// control points as points, the knots are those of interpolation.
  private func withKnotsAdded(_ count: Int, to knots: [Double], _ curve: BSplineCurve) -> [Double] {
    var intervals = intervals(of: knots, curve)
    var knots = knots
    for _ in 0..<count {
      let open = intervals.indices.filter { !intervals[$0].inside.isEmpty }
      guard let worst = open.max(by: { intervals[$0].error < intervals[$1].error }) else { return interpolatingKnots }
      let interval = intervals[worst]
      let middle = interval.inside.lowerBound + interval.inside.count / 2
      let (before, after) = (interval.inside.lowerBound..<middle, middle + 1..<interval.inside.upperBound)
      // The error of the new intervals is not known before the next fit: it is shared out by points.
      let share = interval.error / Double(interval.inside.count)
      intervals.replaceSubrange(
        worst...worst,
        with: [
          Interval(inside: before, error: share * Double(before.count)),
          Interval(inside: after, error: share * Double(after.count)),
        ])
      knots.insert(parameters[middle], at: degree + 1 + worst)
      if knots.count == points.count + degree + 1 { return interpolatingKnots }
    }
    return knots
  }

  private struct Interval {
    /// Points strictly between the knots.
    var inside: Range<Int>
    var error: Double
  }

  /// The sum of squared distances in each knot interval; a point on a knot counts half on either side.
  private func intervals(of knots: [Double], _ curve: BSplineCurve) -> [Interval] {
    let inner = knots[(degree + 1)..<(knots.count - degree - 1)]
    var intervals: [Interval] = []
    var start = 1
    var error = (curve.point(at: parameters[0]) - points[0]).squaredLength
    for index in 1..<points.count {
      let distance = (curve.point(at: parameters[index]) - points[index]).squaredLength
      if intervals.count < inner.count, parameters[index] >= inner[inner.startIndex + intervals.count] {
        intervals.append(Interval(inside: start..<index, error: error + distance / 2))
        start = index + 1
        error = distance / 2
      } else {
        error += distance
      }
    }
    intervals.append(Interval(inside: start..<max(start, points.count - 1), error: error))
    return intervals
  }

  // MARK: Solving

  private func leastSquares(_ knots: [Double]) -> BSplineCurve {
    let unknowns = knots.count - degree - 1
    var system = BandedLeastSquares(unknowns: unknowns, width: degree + 1)
    addPoints(to: &system, knots)
    return BSplineCurve(degree: degree, knots: knots, controlPoints: system.solution())
  }

  /// Least squares in which the jumps of the highest derivative count with a weight.
  private func penalised(_ knots: [Double], weight: Double) -> BSplineCurve {
    let unknowns = knots.count - degree - 1
    var system = BandedLeastSquares(unknowns: unknowns, width: degree + 2)
    addPoints(to: &system, knots)
    // Dividing by the mean interval keeps the weights of long and short curves alike.
    let scale = pow(Double(unknowns - degree) / (parameters.last! - parameters.first!), Double(degree))
    for knot in (degree + 1)..<(knots.count - degree - 1) {
      let jumps = BSplineBasis.jumps(at: knot, knots: knots, degree: degree).map { $0 * weight / scale }
      system.add(jumps, from: knot - degree - 1, equals: .zero)
    }
    return BSplineCurve(degree: degree, knots: knots, controlPoints: system.solution())
  }

  private func addPoints(to system: inout BandedLeastSquares, _ knots: [Double]) {
    for (point, parameter) in zip(points, parameters) {
      let span = BSplineBasis.span(of: parameter, knots: knots, degree: degree)
      let values = BSplineBasis.values(at: parameter, span: span, knots: knots, degree: degree)
      system.add(values, from: span - degree, equals: point)
    }
  }

  private func squaredError(_ curve: BSplineCurve) -> Double {
    zip(points, parameters).reduce(0) { $0 + (curve.point(at: $1.1) - $1.0).squaredLength }
  }

  /// The smoothest spline on the knots that comes as close as asked: the error grows with the weight of the jumps, from
  /// that of least squares to that of one polynomial, so that halving intervals of the weight's logarithm finds it.
  private func smoothest(on knots: [Double], sum target: Double) -> BSplineCurve? {
    var low = -12.0
    var high = 12.0
    var best: BSplineCurve?
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let curve = penalised(knots, weight: pow(10, middle))
      let error = squaredError(curve)
      best = curve
      if abs(error - target) < 1e-2 * Self.tolerance * target { break }
      if error < target { low = middle } else { high = middle }
    }
    return best
  }
}
