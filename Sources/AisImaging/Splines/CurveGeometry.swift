import AisCore

/// Direction and curvature along a curve, and a frame that follows it without turning about it.
package struct CurveGeometry: Sendable {
  package let curve: BSplineCurve
  private let first: BSplineCurve
  private let second: BSplineCurve

  package init(_ curve: BSplineCurve) {
    self.curve = curve
    first = curve.derivative
    second = first.derivative
  }

  /// The direction of the curve, of length 1; zero where the curve stands still.
  package func tangent(at parameter: Double) -> SIMD3<Double> {
    let direction = first.point(at: parameter)
    let length = direction.length
    return length > 0 ? direction / length : .zero
  }

  /// How strongly the curve bends: |r′ × r″| / |r′|³, one over the radius of the circle that fits best.
  package func curvature(at parameter: Double) -> Double {
    let (velocity, acceleration) = (first.point(at: parameter), second.point(at: parameter))
    let speed = velocity.length
    return speed > 0 ? velocity.cross(acceleration).length / (speed * speed * speed) : 0
  }

  /// Directions across the curve at ascending parameters, each of length 1 and perpendicular to the tangent, that turn no
  /// more than the bending of the curve forces them to (double reflection: Wang, Jüttler, Zheng & Liu 2008).
  ///
  /// - Parameter start: the direction at the first parameter; what it has along the tangent is taken away.
  package func transported(_ start: SIMD3<Double>, along parameters: [Double]) -> [SIMD3<Double>] {
    guard let origin = parameters.first else { return [] }
    let tangent = tangent(at: origin)
    var normal = (start - tangent * (start * tangent).sum()).normalized
    var results = [normal]
    for (from, to) in zip(parameters, parameters.dropFirst()) {
      // Short steps: the error of a step falls with its fourth power.
      let steps = 16
      for step in 0..<steps {
        let a = from + (to - from) * Double(step) / Double(steps)
        let b = from + (to - from) * Double(step + 1) / Double(steps)
        normal = reflected(normal, from: a, to: b)
      }
      results.append(normal)
    }
    return results
  }

  private func reflected(_ normal: SIMD3<Double>, from: Double, to: Double) -> SIMD3<Double> {
    let way = curve.point(at: to) - curve.point(at: from)
    guard way.squaredLength > 0 else { return normal }
    let normalHalf = normal - way * (2 * (way * normal).sum() / way.squaredLength)
    let tangentHalf = tangent(at: from) - way * (2 * (way * tangent(at: from)).sum() / way.squaredLength)
    let tangent = tangent(at: to)
    let second = tangent - tangentHalf
    let turned =
      second.squaredLength > 0
      ? normalHalf - second * (2 * (second * normalHalf).sum() / second.squaredLength) : normalHalf
    // Rounding must not add up over a long curve.
    return (turned - tangent * (turned * tangent).sum()).normalized
  }
}

extension SIMD3<Double> {
  /// The same direction with length 1; zero stays zero.
  package var normalized: SIMD3<Double> {
    let length = self.length
    return length > 0 ? self / length : .zero
  }
}
