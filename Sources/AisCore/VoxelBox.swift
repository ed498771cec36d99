/// A box of voxels: a half-open range of indices on each axis.
package struct VoxelBox: Hashable, Sendable {
  package var z: Range<Int>
  package var y: Range<Int>
  package var x: Range<Int>

  package init(z: Range<Int>, y: Range<Int>, x: Range<Int>) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// The whole of a volume.
  package init(_ shape: Shape) { self.init(z: 0..<shape.z, y: 0..<shape.y, x: 0..<shape.x) }

  package var shape: Shape { Shape(z: z.count, y: y.count, x: x.count) }

  /// The first voxel.
  package var origin: VoxelIndex { VoxelIndex(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound) }

  package var isEmpty: Bool { z.isEmpty || y.isEmpty || x.isEmpty }

  package func contains(_ voxel: VoxelIndex) -> Bool {
    z.contains(voxel.z) && y.contains(voxel.y) && x.contains(voxel.x)
  }

  /// Whether the box, which lies inside another, reaches one of its faces.
  package func touchesFace(of other: VoxelBox) -> Bool {
    z.lowerBound <= other.z.lowerBound || z.upperBound >= other.z.upperBound
      || y.lowerBound <= other.y.lowerBound || y.upperBound >= other.y.upperBound
      || x.lowerBound <= other.x.lowerBound || x.upperBound >= other.x.upperBound
  }

  /// The voxels in both; empty when the boxes do not meet.
  package func intersection(_ other: VoxelBox) -> VoxelBox {
    VoxelBox(z: z.clamped(to: other.z), y: y.clamped(to: other.y), x: x.clamped(to: other.x))
  }

  /// The box with `margin` more voxels on every side.
  package func grown(by margin: Int) -> VoxelBox {
    VoxelBox(
      z: z.lowerBound - margin..<z.upperBound + margin, y: y.lowerBound - margin..<y.upperBound + margin,
      x: x.lowerBound - margin..<x.upperBound + margin)
  }
}
