import AisImaging

/// The principal axes of a cloud of points: eigenvectors of its covariance, the shortest axis first.
package struct PrincipalAxes: Sendable {
  /// Variances along the axes, ascending.
  package let variances: [Double]
  /// Unit vectors, in the order of the variances.
  package let axes: [(z: Double, y: Double, x: Double)]

  /// Diagonalises the matrix by Jacobi's rotations, to the last bits: six sweeps are more than a 3 × 3 matrix ever needs.
  package init(_ matrix: VoxelCovariance) {
    var a = [
      [matrix.zz, matrix.zy, matrix.zx],
      [matrix.zy, matrix.yy, matrix.yx],
      [matrix.zx, matrix.yx, matrix.xx],
    ]
    var v: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    for _ in 0..<12 {
      for (p, q) in [(0, 1), (0, 2), (1, 2)] where a[p][q] != 0 {
        let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        // The smaller root: the rotation by less than 45°.
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<3 {
          let (kp, kq) = (a[k][p], a[k][q])
          a[k][p] = c * kp - s * kq
          a[k][q] = s * kp + c * kq
        }
        for k in 0..<3 {
          let (pk, qk) = (a[p][k], a[q][k])
          a[p][k] = c * pk - s * qk
          a[q][k] = s * pk + c * qk
        }
        for k in 0..<3 {
          let (kp, kq) = (v[k][p], v[k][q])
          v[k][p] = c * kp - s * kq
          v[k][q] = s * kp + c * kq
        }
        (a[p][q], a[q][p]) = (0, 0)
      }
    }
    let order = [0, 1, 2].sorted { a[$0][$0] < a[$1][$1] }
    variances = order.map { max(0, a[$0][$0]) }
    axes = order.map { (v[0][$0], v[1][$0], v[2][$0]) }
  }
}
