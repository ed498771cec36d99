import AisCore
import AisImaging

/// Dilates masks by a ball while their slices pass by, in time that does not depend on its radius.
///
/// Within a slice the squared distance to the nearest voxel of the mask (`DistanceTransform`) says how far the ball around
/// that voxel reaches along z: that is passed on through a `ReachWindow`.
final class VolumeDilation {
  private let y: Int
  private let x: Int
  /// The edges of a voxel in units of its x edge, so that distances between square pixels are whole numbers.
  private let edgeY: Double
  private let edgeZ: Double
  /// The square of the radius in that unit.
  private let limit: Double
  private let window: ReachWindow

  init(radius: Length, voxelSize: VoxelSize, shape: Shape) {
    y = shape.y
    x = shape.x
    edgeY = voxelSize.y / voxelSize.x
    edgeZ = voxelSize.z / voxelSize.x
    let ratio = radius / voxelSize.x
    limit = ratio * ratio * (1 + ReachTable.tolerance)
    window = ReachWindow(
      count: shape.sliceCount, total: shape.z,
      depth: VolumeDilation.depth(radius: radius, voxelSize: voxelSize, slices: shape.z))
  }

  /// The slices that a mask must be known beyond a slice.
  static func depth(radius: Length, voxelSize: VoxelSize, slices: Int) -> Int {
    let reach = radius / voxelSize.z * (1 + ReachTable.tolerance / 2)
    return Int(min(reach.rounded(.down), Double(max(0, slices - 1))))
  }

  /// Bytes held: the window, and one slice's mask and distances.
  static func bytes(count: Int, depth: Int) -> Int {
    ReachWindow.bytes(count: count, depth: depth) + count * (1 + MemoryLayout<Float>.size)
  }

  /// Takes the mask of the next slice: 0 or 1 for each voxel, [y][x].
  func take(_ mask: UnsafePointer<UInt8>) {
    let plane = window.makePlane()
    let shape = Shape(z: 1, y: y, x: x)
    let outside = [UInt8](unsafeUninitializedCapacity: shape.count) { buffer, count in
      for i in 0..<shape.count { buffer[i] = 1 - mask[i] }
      count = shape.count
    }
    // Without this look an empty slice would be measured like any other.
    if outside.allSatisfy({ $0 == 1 }) {
      plane.values.update(repeating: 0)
    } else {
      let squares = DistanceTransform.squared(
        of: Volume(shape: shape, voxels: outside), spacing: (z: edgeZ, y: edgeY, x: 1))
      squares.voxels.withUnsafeBufferPointer { fill(plane.values, from: $0) }
    }
    window.take(plane)
  }

  /// Writes the next dilated mask; `false` while later slices might change it.
  func next(into mask: UnsafeMutablePointer<UInt8>) -> Bool { window.next(into: mask) }

  /// Squared distances within the slice to 1 + the slices that the ball reaches from there.
  private func fill(_ reach: UnsafeMutableBufferPointer<UInt16>, from squares: UnsafeBufferPointer<Float>) {
    let most = Double(UInt16.max - 1)
    for i in squares.indices {
      let rest = limit - Double(squares[i])
      reach[i] = rest >= 0 ? UInt16(min(rest.squareRoot() / edgeZ, most)) + 1 : 0
    }
  }
}
