import AisCore

/// A tomogram seen at a lower resolution: slices are binned as they are asked for, so that memory stays bounded.
///
/// Equal to `BlockMean.binned` of the whole; each slice reads `factor` slices of the source. An axis shorter than the factor has
/// no voxel left.
package struct BinnedSource: SliceSource {
  package let shape: Shape
  package let voxelSize: VoxelSize?
  package let factor: Int
  private let source: any SliceSource

  package init(_ source: any SliceSource, by factor: Int) {
    self.source = source
    self.factor = factor
    shape = BlockMean.shape(source.shape, by: factor)
    voxelSize = source.voxelSize.map { size in
      let b = Double(factor)
      return VoxelSize(
        z: .angstroms(size.z.angstrom * b), y: .angstroms(size.y.angstrom * b), x: .angstroms(size.x.angstrom * b))
    }
  }

  package func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if factor == 1 { return try source.readSlice(z, into: destination) }
    precondition(destination.count == shape.sliceCount, "a slice of \(shape) has \(shape.sliceCount) voxels")
    guard shape.sliceCount > 0 else { return }
    let slice = UnsafeMutableBufferPointer<Float>.allocate(capacity: source.shape.sliceCount)
    defer { slice.deallocate() }
    slice.initialize(repeating: 0)
    var sums = [Double](repeating: 0, count: shape.sliceCount)
    for i in 0..<factor {
      try source.readSlice(z * factor + i, into: slice)
      BlockMean.add(
        slice.baseAddress!, width: source.shape.x, by: factor, shape: shape, to: &sums, isFirst: i == 0)
    }
    BlockMean.divide(sums, by: factor, into: destination.baseAddress!)
  }
}
