/// A length, stored in ångström. The unit is in the constructor.
package struct Length: Hashable, Sendable, Comparable {
  package var angstrom: Double

  package static func angstroms(_ value: Double) -> Length { Length(angstrom: value) }
  package static func nanometers(_ value: Double) -> Length { Length(angstrom: value * 10) }

  package var nanometer: Double { angstrom / 10 }

  package static func < (a: Length, b: Length) -> Bool { a.angstrom < b.angstrom }
  /// A ratio: no unit is left.
  package static func / (a: Length, b: Length) -> Double { a.angstrom / b.angstrom }
}

/// The edge lengths of one voxel, in the order z, y, x. An unknown voxel size is `nil` at the place of use, never 0 or 1.
package struct VoxelSize: Hashable, Sendable {
  package var z: Length
  package var y: Length
  package var x: Length

  package init(z: Length, y: Length, x: Length) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// A cubic voxel.
  package init(_ edge: Length) { self.init(z: edge, y: edge, x: edge) }

  /// Of one voxel.
  package var volumeCubicNanometers: Double { z.nanometer * y.nanometer * x.nanometer }

  /// Whether the three edges agree within 1 part in 1000.
  package var isIsotropic: Bool {
    let low = min(x.angstrom, y.angstrom, z.angstrom)
    let high = max(x.angstrom, y.angstrom, z.angstrom)
    return high - low <= 1e-3 * high
  }
}
