/// The sum of squared distances from some planes, each with a weight, as a function of a point (Garland & Heckbert 1997).
///
/// xᵀA x + 2 bᵀx + c, with A symmetric.
struct Quadric: Sendable {
  private var xx = 0.0
  private var xy = 0.0
  private var xz = 0.0
  private var yy = 0.0
  private var yz = 0.0
  private var zz = 0.0
  private var b = SIMD3<Double>.zero
  private var c = 0.0
  /// The sum of the planes' weights.
  private(set) var weight = 0.0

  init() {}

  /// The squared distance from the plane through `point` at right angles to `normal` (of length 1).
  init(normal n: SIMD3<Double>, point: SIMD3<Double>, weight w: Double) {
    let d = -(n * point).sum()
    (xx, xy, xz) = (w * n.x * n.x, w * n.x * n.y, w * n.x * n.z)
    (yy, yz, zz) = (w * n.y * n.y, w * n.y * n.z, w * n.z * n.z)
    b = n * (d * w)
    c = d * d * w
    weight = w
  }

  static func + (p: Quadric, q: Quadric) -> Quadric {
    var sum = p
    sum += q
    return sum
  }

  static func += (p: inout Quadric, q: Quadric) {
    p.xx += q.xx
    p.xy += q.xy
    p.xz += q.xz
    p.yy += q.yy
    p.yz += q.yz
    p.zz += q.zz
    p.b += q.b
    p.c += q.c
    p.weight += q.weight
  }

  /// The value at a point, never below 0.
  func value(at p: SIMD3<Double>) -> Double {
    let ap = SIMD3(xx * p.x + xy * p.y + xz * p.z, xy * p.x + yy * p.y + yz * p.z, xz * p.x + yz * p.y + zz * p.z)
    return max(0, (p * ap).sum() + 2 * (b * p).sum() + c)
  }

  /// The point of the smallest value, drawn a little towards `near`: along directions in which the value hardly changes
  /// (a plane has two, a straight fold one) the planes do not say where the point should be, and `near` decides.
  ///
  /// `nil` where there is no plane.
  func minimum(near: SIMD3<Double>) -> SIMD3<Double>? {
    let pull = 1e-3 * (xx + yy + zz)
    guard pull > 0 else { return nil }
    let (a, d, f) = (xx + pull, yy + pull, zz + pull)
    let right = near * pull - b
    // Inverse of a symmetric 3 × 3 matrix by cofactors; the pull keeps its determinant well above 0.
    let (c0, c1, c2) = (d * f - yz * yz, xz * yz - xy * f, xy * yz - d * xz)
    let determinant = a * c0 + xy * c1 + xz * c2
    guard determinant > 0 else { return nil }
    let (c3, c4, c5) = (a * f - xz * xz, xy * xz - a * yz, a * d - xy * xy)
    let solution = SIMD3(
      c0 * right.x + c1 * right.y + c2 * right.z, c1 * right.x + c3 * right.y + c4 * right.z,
      c2 * right.x + c4 * right.y + c5 * right.z)
    return solution / determinant
  }
}
