#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A rotation that takes a point given in a particle's own axes into the tomogram's: rows and columns in the order x, y, z,
/// as the formats that hold matrices (copick, CryoET Data Portal) have them.
package struct RotationMatrix: Hashable, Sendable {
  /// Nine numbers, row by row; column 2 is the particle's z axis seen in the tomogram.
  package private(set) var elements: [Double]

  package static let identity = RotationMatrix([1, 0, 0, 0, 1, 0, 0, 0, 1])

  /// Nine numbers, row by row.
  package init(_ elements: [Double]) {
    precondition(elements.count == 9, "a rotation matrix has nine elements")
    self.elements = elements
  }

  package subscript(row: Int, column: Int) -> Double { elements[3 * row + column] }

  /// RELION's angles: the transpose of Rz(rot) · Ry(tilt) · Rz(psi).
  package init(_ angles: EulerAngles) {
    let radians = Double.pi / 180
    let (sr, cr) = (sin(angles.rot * radians), cos(angles.rot * radians))
    let (st, ct) = (sin(angles.tilt * radians), cos(angles.tilt * radians))
    let (sp, cp) = (sin(angles.psi * radians), cos(angles.psi * radians))
    self.init([
      cp * ct * cr - sp * sr, cp * ct * sr + sp * cr, -cp * st,
      -sp * ct * cr - cp * sr, -sp * ct * sr + cp * cr, sp * st,
      st * cr, st * sr, ct,
    ])
  }

  /// The angles of this rotation; where tilt is 0 or 180 only the sum of the other two counts, and psi is 0.
  package var angles: EulerAngles {
    let degrees = 180 / Double.pi
    let sine = (self[2, 0] * self[2, 0] + self[2, 1] * self[2, 1]).squareRoot()
    let tilt = atan2(sine, self[2, 2]) * degrees
    if sine < 1e-9 {
      let sign: Double = self[2, 2] < 0 ? -1 : 1
      return EulerAngles(rot: atan2(sign * self[0, 1], sign * self[0, 0]) * degrees, tilt: tilt, psi: 0)
    }
    return EulerAngles(
      rot: atan2(self[2, 1], self[2, 0]) * degrees, tilt: tilt, psi: atan2(self[1, 2], -self[0, 2]) * degrees)
  }

  package var transposed: RotationMatrix {
    RotationMatrix((0..<9).map { self[$0 % 3, $0 / 3] })
  }

  /// First `b`, then `a`.
  package static func * (a: RotationMatrix, b: RotationMatrix) -> RotationMatrix {
    RotationMatrix((0..<9).map { i in (0..<3).reduce(0) { $0 + a[i / 3, $1] * b[$1, i % 3] } })
  }

  /// A vector of the particle's axes in the tomogram's.
  package func rotated(_ vector: (x: Double, y: Double, z: Double)) -> (x: Double, y: Double, z: Double) {
    func row(_ i: Int) -> Double { self[i, 0] * vector.x + self[i, 1] * vector.y + self[i, 2] * vector.z }
    return (row(0), row(1), row(2))
  }

  /// Whether rows and columns are orthonormal within `tolerance` and nothing is mirrored.
  package func isRotation(tolerance: Double = 1e-3) -> Bool {
    guard elements.allSatisfy({ $0.isFinite }) else { return false }
    let product = self * transposed
    let isOrthonormal = (0..<9).allSatisfy {
      abs(product.elements[$0] - RotationMatrix.identity.elements[$0]) <= tolerance
    }
    let determinant =
      self[0, 0] * (self[1, 1] * self[2, 2] - self[1, 2] * self[2, 1])
      - self[0, 1] * (self[1, 0] * self[2, 2] - self[1, 2] * self[2, 0])
      + self[0, 2] * (self[1, 0] * self[2, 1] - self[1, 1] * self[2, 0])
    return isOrthonormal && determinant > 0
  }
}
