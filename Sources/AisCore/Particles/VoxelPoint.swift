/// A point in a volume, in voxels: the centre of the first voxel is at 0, 0, 0, centres lie on whole numbers.
package struct VoxelPoint: Hashable, Sendable {
  package var z: Double
  package var y: Double
  package var x: Double

  package init(z: Double, y: Double, x: Double) {
    self.z = z
    self.y = y
    self.x = x
  }

  package init(_ index: VoxelIndex) { self.init(z: Double(index.z), y: Double(index.y), x: Double(index.x)) }

  /// The same place in the volume that was binned by `factor` to give the one that this point lies in: (p + ½)·b − ½.
  package func unbinned(by factor: Int) -> VoxelPoint {
    let b = Double(factor)
    return VoxelPoint(z: (z + 0.5) * b - 0.5, y: (y + 0.5) * b - 0.5, x: (x + 0.5) * b - 0.5)
  }

  /// The same place in the volume after binning by `factor`: (p + ½)/b − ½.
  package func binned(by factor: Int) -> VoxelPoint {
    let b = Double(factor)
    return VoxelPoint(z: (z + 0.5) / b - 0.5, y: (y + 0.5) / b - 0.5, x: (x + 0.5) / b - 0.5)
  }

  /// Where the point lies in ångström.
  package func position(_ voxelSize: VoxelSize) -> Position {
    Position(z: z * voxelSize.z.angstrom, y: y * voxelSize.y.angstrom, x: x * voxelSize.x.angstrom)
  }

  package static func + (a: VoxelPoint, b: VoxelPoint) -> VoxelPoint {
    VoxelPoint(z: a.z + b.z, y: a.y + b.y, x: a.x + b.x)
  }

  package static func - (a: VoxelPoint, b: VoxelPoint) -> VoxelPoint {
    VoxelPoint(z: a.z - b.z, y: a.y - b.y, x: a.x - b.x)
  }
}

/// A point in ångström from the centre of a volume's first voxel.
package struct Position: Hashable, Sendable {
  package var z: Double
  package var y: Double
  package var x: Double

  package init(z: Double, y: Double, x: Double) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// Where the position lies in voxels.
  package func point(_ voxelSize: VoxelSize) -> VoxelPoint {
    VoxelPoint(z: z / voxelSize.z.angstrom, y: y / voxelSize.y.angstrom, x: x / voxelSize.x.angstrom)
  }

  /// Whether all three coordinates are numbers.
  package var isFinite: Bool { z.isFinite && y.isFinite && x.isFinite }

  /// The Euclidean distance in ångström.
  package func distance(to other: Position) -> Double {
    let (dz, dy, dx) = (z - other.z, y - other.y, x - other.x)
    return (dz * dz + dy * dy + dx * dx).squareRoot()
  }
}
