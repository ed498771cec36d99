import AisCore
import AisImaging

/// The edges of a voxel in any unit of length that the distances beside them share.
package struct VoxelEdges: Sendable, Hashable {
  package var z: Double
  package var y: Double
  package var x: Double

  package init(z: Double, y: Double, x: Double) {
    precondition(z > 0 && y > 0 && x > 0, "the edges of a voxel are above zero")
    self.z = z
    self.y = y
    self.x = x
  }

  /// Cubes of edge 1: distances are in voxels.
  package static let one = VoxelEdges(z: 1, y: 1, x: 1)

  /// Edges relative to x, so that distances are in voxels along x. Voxels that are cubes but for rounding are cubes.
  package init(_ size: VoxelSize) {
    self = size.isIsotropic ? .one : VoxelEdges(z: size.z / size.x, y: size.y / size.x, x: 1)
  }

  /// The volume of a voxel.
  package var volume: Double { z * y * x }

  /// The squared distance between two points.
  package func squaredDistance(_ a: VoxelPoint, _ b: VoxelPoint) -> Double {
    let (dz, dy, dx) = ((a.z - b.z) * z, (a.y - b.y) * y, (a.x - b.x) * x)
    return dz * dz + dy * dy + dx * dx
  }

  /// A point in voxels as one in the unit of the edges.
  package func scaled(_ point: VoxelPoint) -> VoxelPoint { VoxelPoint(z: point.z * z, y: point.y * y, x: point.x * x) }

  /// A covariance in voxels² as one in the unit of the edges.
  package func covariance(_ c: VoxelCovariance) -> VoxelCovariance {
    VoxelCovariance(
      zz: c.zz * z * z, zy: c.zy * z * y, zx: c.zx * z * x, yy: c.yy * y * y, yx: c.yx * y * x, xx: c.xx * x * x)
  }
}
