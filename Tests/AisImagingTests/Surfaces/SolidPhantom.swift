import AisCore
import Foundation

/// Solids with known area and volume, as the share of each voxel that lies inside (0 to 1).
enum SolidPhantom {
  struct Solid: Sendable {
    var name: String
    var shape: Shape
    var centre: VoxelPoint
    /// Signed distance in voxels from the surface, below zero inside.
    var distance: @Sendable (VoxelPoint) -> Double
    var area: Double
    var volume: Double
    var euler: Int
  }

  static func sphere(radius: Double, centre: VoxelPoint, shape: Shape) -> Solid {
    Solid(
      name: "sphere", shape: shape, centre: centre,
      distance: { p in
        let d = p - centre
        return (d.z * d.z + d.y * d.y + d.x * d.x).squareRoot() - radius
      }, area: 4 * .pi * radius * radius, volume: 4 / 3 * .pi * radius * radius * radius, euler: 2)
  }

  /// A ring around the z axis: `radius` to the middle of the tube.
  static func torus(radius: Double, tube: Double, centre: VoxelPoint, shape: Shape) -> Solid {
    Solid(
      name: "torus", shape: shape, centre: centre,
      distance: { p in
        let d = p - centre
        let around = (d.y * d.y + d.x * d.x).squareRoot() - radius
        return (around * around + d.z * d.z).squareRoot() - tube
      }, area: 4 * .pi * .pi * radius * tube, volume: 2 * .pi * .pi * radius * tube * tube, euler: 0)
  }

  /// The share of each voxel that is inside, by its distance from the surface: exact to a few thousandths for surfaces
  /// much flatter than a voxel.
  static func shares(_ solid: Solid) -> Volume<Float> {
    volume(solid.shape) { Float(min(max(0.5 - solid.distance($0), 0), 1)) }
  }

  /// 1 where the voxel's centre is inside, 0 elsewhere.
  static func mask(_ solid: Solid) -> Volume<Float> {
    volume(solid.shape) { solid.distance($0) < 0 ? 1 : 0 }
  }

  private static func volume(_ shape: Shape, _ value: (VoxelPoint) -> Float) -> Volume<Float> {
    var voxels: [Float] = []
    voxels.reserveCapacity(shape.count)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x { voxels.append(value(VoxelPoint(VoxelIndex(z: z, y: y, x: x)))) }
      }
    }
    return Volume(shape: shape, voxels: voxels)
  }
}

extension SurfaceMesh {
  /// Whether the triangles around every vertex form one fan: no two sheets that touch in a point.
  var hasSingleFans: Bool {
    var next: [UInt64: UInt32] = [:]
    var degrees = [Int](repeating: 0, count: vertices.count)
    var starts = [UInt32](repeating: .max, count: vertices.count)
    for triangle in triangles {
      for k in 0..<3 {
        let (vertex, after, before) = (triangle[k], triangle[(k + 1) % 3], triangle[(k + 2) % 3])
        next[UInt64(vertex) << 32 | UInt64(after)] = before
        degrees[Int(vertex)] += 1
        starts[Int(vertex)] = after
      }
    }
    for vertex in vertices.indices where degrees[vertex] > 0 {
      var (current, count) = (starts[vertex], 0)
      repeat {
        guard let following = next[UInt64(vertex) << 32 | UInt64(current)] else { return false }
        current = following
        count += 1
      } while current != starts[vertex] && count <= degrees[vertex]
      if count != degrees[vertex] { return false }
    }
    return true
  }
}
