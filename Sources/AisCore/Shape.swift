/// The number of voxels of a volume on each axis, in the order z, y, x (x fastest in memory).
package struct Shape: Hashable, Sendable, CustomStringConvertible {
  package var z: Int
  package var y: Int
  package var x: Int

  package init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// The number of voxels. Traps on overflow; readers check `countIfRepresentable` first.
  package var count: Int { z * y * x }

  /// The number of voxels in one xy slice.
  package var sliceCount: Int { y * x }

  /// The number of voxels, or `nil` when an axis is negative or the product does not fit an `Int`.
  package var countIfRepresentable: Int? {
    guard z >= 0, y >= 0, x >= 0 else { return nil }
    let (plane, overflowPlane) = y.multipliedReportingOverflow(by: x)
    let (all, overflowAll) = plane.multipliedReportingOverflow(by: z)
    return overflowPlane || overflowAll ? nil : all
  }

  /// In the order people write sizes: `x × y × z`.
  package var description: String { "\(x) × \(y) × \(z)" }
}

/// A voxel, counted from 0.
package struct VoxelIndex: Hashable, Sendable {
  package var z: Int
  package var y: Int
  package var x: Int

  package init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }
}
