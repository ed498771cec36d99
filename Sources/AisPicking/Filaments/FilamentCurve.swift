import AisCore
import AisImaging
import Foundation

/// A smooth curve through a filament, measured along its length. Vectors are in the unit of the edges, (z, y, x).
struct FilamentCurve {
  let geometry: CurveGeometry
  let way: ArcLength
  let isClosed: Bool

  /// Fits a smoothing spline to points in the unit of the edges; `nil` when they are no curve.
  ///
  /// - Parameter smoothing: the root mean square distance between curve and points that smoothing may lead to.
  init?(_ points: [SIMD3<Double>], isClosed: Bool, smoothing: Double) {
    let sum = Double(points.count) * smoothing * smoothing
    if isClosed, let ring = SmoothingSpline.fitClosed(points, sum: sum) {
      way = ArcLength(ring, over: 1.0 / 3...2.0 / 3)
      geometry = CurveGeometry(ring)
      self.isClosed = true
    } else if let curve = SmoothingSpline.fit(points, sum: sum) {
      way = ArcLength(curve)
      geometry = CurveGeometry(curve)
      self.isClosed = false
    } else {
      return nil
    }
    // A curve of no length has no direction.
    if !(way.length > 0) { return nil }
  }

  var length: Double { way.length }

  /// Ways from the start at which points lie: 0, spacing, 2·spacing, … below the length. A ring has as many points as
  /// come closest to the spacing, evenly spread.
  func ways(every spacing: Double) -> [Double] {
    if isClosed {
      let count = max(1, (length / spacing).rounded())
      return (0..<Int(count)).map { Double($0) * length / count }
    }
    return (0..<max(1, Int((length / spacing).rounded(.up)))).map { Double($0) * spacing }
  }

  /// Points, directions and curvature at ways from the start.
  ///
  /// Without a twist, `rot` is 0. With one, `rot` grows by it from point to point on top of a frame that follows the curve
  /// without turning about it: what a straight filament shows is not disturbed by its bending. It starts at 0.
  func points(at ways: [Double], twist: Double?, edges: SIMD3<Double>) -> [Filament.Point] {
    let parameters = ways.map(way.parameter(after:))
    var rotations = [Double](repeating: 0, count: ways.count)
    if let twist, let first = parameters.first {
      let frame = geometry.transported(ParticleFrame(along: geometry.tangent(at: first)).x, along: parameters)
      for index in parameters.indices {
        let untwisted = ParticleFrame(along: geometry.tangent(at: parameters[index])).rotation(of: frame[index])
        rotations[index] = (untwisted + Double(index) * twist).remainder(dividingBy: 360)
        if rotations[index] < 0 { rotations[index] += 360 }
        // A tiny negative angle and 360 make 360, which is 0.
        if rotations[index] >= 360 { rotations[index] = 0 }
      }
    }
    return parameters.indices.map { index in
      let position = geometry.curve.point(at: parameters[index]) / edges
      let tangent = geometry.tangent(at: parameters[index])
      let curvature = geometry.curvature(at: parameters[index])
      return Filament.Point(
        point: VoxelPoint(z: position[0], y: position[1], x: position[2]),
        angles: EulerAngles(zAxis: (tangent[0], tangent[1], tangent[2]), rot: rotations[index]),
        radiusOfCurvature: curvature > 0 ? 1 / curvature : .infinity, way: ways[index])
    }
  }
}

/// The x and y axes, seen in the tomogram, of a particle whose z axis is given and whose `rot` is 0. Vectors are (z, y, x).
private struct ParticleFrame {
  let x: SIMD3<Double>
  let y: SIMD3<Double>

  init(along axis: SIMD3<Double>) {
    let angles = EulerAngles(zAxis: (axis[0], axis[1], axis[2]))
    let (tilt, psi) = (angles.tilt * .pi / 180, angles.psi * .pi / 180)
    // The first two columns of RELION's matrix for rot = 0.
    x = SIMD3(sin(tilt), -sin(psi) * cos(tilt), cos(psi) * cos(tilt))
    y = SIMD3(0, cos(psi), sin(psi))
  }

  /// The `rot` in degrees that turns the particle's x axis onto a direction across its z axis.
  func rotation(of direction: SIMD3<Double>) -> Double {
    atan2(-(direction * y).sum(), (direction * x).sum()) * 180 / .pi
  }
}

/// The angle between two directions of length 1; 180 where one has none.
func degrees(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  if a == .zero || b == .zero { return 180 }
  return acos(min(1, max(-1, (a * b).sum()))) * 180 / .pi
}
