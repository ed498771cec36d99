import AisCore
import AisImaging

/// A patch of a mid-surface as a height over a plane: position, normal and bending at one place.
struct LocalSheet: Sendable {
  /// On the surface.
  var position: SIMD3<Double>
  /// Of length 1; which of the two directions is not decided here.
  var normal: SIMD3<Double>

  /// Fits a polynomial of second degree to the heights of points over the plane that they lie nearest to, so that
  /// bending shifts neither position nor normal (Cazals & Pouget 2005). With too few points for that, the plane itself.
  ///
  /// - Parameter place: where the fit is read off.
  /// - Returns: `nil` when the points do not lie in a plane more than along a line.
  init?(_ points: [SIMD3<Double>], at place: SIMD3<Double>) {
    guard points.count >= 4 else { return nil }
    let centre = points.reduce(.zero, +) / Double(points.count)
    let principal = PrincipalAxes(Self.covariance(points, around: centre))
    guard principal.variances[1] > 2 * principal.variances[0], principal.variances[1] > 0 else { return nil }
    let (up, along, across) = (principal.vector(0), principal.vector(1), principal.vector(2))
    let foot = place - up * ((place - centre) * up).sum()
    position = foot
    normal = up
    guard points.count >= 12 else { return }
    // Heights over the foot, with lengths in units of the patch so that all coefficients are alike in size.
    let scale = principal.variances[2].squareRoot()
    var system = BandedLeastSquares(unknowns: 6, width: 6)
    for point in points {
      let offset = (point - foot) / scale
      let (u, v, height) = ((offset * along).sum(), (offset * across).sum(), (offset * up).sum())
      system.add([1, u, v, u * u, u * v, v * v], from: 0, equals: SIMD3(height, 0, 0))
    }
    let fit = system.solution().map { $0[0] }
    position = foot + up * (fit[0] * scale)
    normal = (up - along * fit[1] - across * fit[2]).normalized
  }

  private static func covariance(_ points: [SIMD3<Double>], around centre: SIMD3<Double>) -> VoxelCovariance {
    var sum = VoxelCovariance(zz: 0, zy: 0, zx: 0, yy: 0, yx: 0, xx: 0)
    for point in points {
      let d = point - centre
      sum.zz += d[0] * d[0]
      sum.zy += d[0] * d[1]
      sum.zx += d[0] * d[2]
      sum.yy += d[1] * d[1]
      sum.yx += d[1] * d[2]
      sum.xx += d[2] * d[2]
    }
    let n = Double(points.count)
    return VoxelCovariance(
      zz: sum.zz / n, zy: sum.zy / n, zx: sum.zx / n, yy: sum.yy / n, yx: sum.yx / n, xx: sum.xx / n)
  }
}

extension PrincipalAxes {
  /// An axis as (z, y, x).
  func vector(_ index: Int) -> SIMD3<Double> { SIMD3(axes[index].z, axes[index].y, axes[index].x) }
}
