#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns about single axes, for formats that describe a turn as a series of them.
extension RotationMatrix {
  package enum Axis: Sendable { case x, y, z }

  /// A turn about one of the tomogram's axes: counter-clockwise when the axis points at the one who looks.
  package init(about axis: Axis, degrees: Double) {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    switch axis {
    case .x: self.init([1, 0, 0, 0, c, -s, 0, s, c])
    case .y: self.init([c, 0, s, 0, 1, 0, -s, 0, c])
    case .z: self.init([c, -s, 0, s, c, 0, 0, 0, 1])
    }
  }

  /// Degrees about z, then y, then x, all axes standing still, that together make this turn; z is 0 where y is ±90°.
  package var degreesAboutZYX: (x: Double, y: Double, z: Double) {
    let degrees = 180 / Double.pi
    let sine = max(-1, min(1, self[0, 2]))
    let y = asin(sine) * degrees
    // With y at ±90° the other two turn about the same axis.
    guard (1 - sine * sine).squareRoot() > 1e-9 else { return (atan2(self[2, 1], self[1, 1]) * degrees, y, 0) }
    return (atan2(-self[1, 2], self[2, 2]) * degrees, y, atan2(-self[0, 1], self[0, 0]) * degrees)
  }
}

extension EulerAngles {
  /// An angle in degrees brought above −180 and up to 180.
  package static func wrapped(_ degrees: Double) -> Double {
    let rest = degrees.remainder(dividingBy: 360)
    return rest == -180 ? 180 : rest
  }
}
