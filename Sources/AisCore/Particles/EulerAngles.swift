#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a particle is turned: RELION's angles rot, tilt and psi in degrees (intrinsic rotations about z, y', z'' that turn the
/// tomogram's axes into the particle's).
///
/// The particle's own z axis, seen in the tomogram, points along (−sin tilt · cos psi, sin tilt · sin psi, cos tilt) in x, y, z.
package struct EulerAngles: Hashable, Sendable {
  package var rot: Double
  package var tilt: Double
  package var psi: Double

  package init(rot: Double, tilt: Double, psi: Double) {
    self.rot = rot
    self.tilt = tilt
    self.psi = psi
  }

  /// The angles that turn the particle's z axis along a direction, in any length but 0: tilt = acos(z), psi = atan2(y, −x).
  package init(zAxis: (z: Double, y: Double, x: Double), rot: Double = 0) {
    let length = (zAxis.z * zAxis.z + zAxis.y * zAxis.y + zAxis.x * zAxis.x).squareRoot()
    precondition(length > 0, "a direction needs a length")
    let degrees = 180 / Double.pi
    let tilt = acos(max(-1, min(1, zAxis.z / length)))
    self.init(rot: rot, tilt: tilt * degrees, psi: atan2(zAxis.y, -zAxis.x) * degrees)
  }

  /// The particle's z axis in the tomogram, of length 1.
  package var zAxis: (z: Double, y: Double, x: Double) {
    let (tilt, psi) = (self.tilt * .pi / 180, self.psi * .pi / 180)
    return (cos(tilt), sin(tilt) * sin(psi), -sin(tilt) * cos(psi))
  }
}
