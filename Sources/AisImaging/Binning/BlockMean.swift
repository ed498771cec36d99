import AisCore

/// Binning: every block of `factor`³ voxels becomes one, its mean. Blocks that are not whole at the far ends are dropped.
///
/// The centre of new voxel i lies at (i + ½)·factor − ½ of the old ones (`VoxelPoint.unbinned`). Sums in Double, in the order
/// z, y, x. NaN and infinite values spread to their block.
package enum BlockMean {
  /// The shape after binning; an axis shorter than the factor has no voxel left.
  package static func shape(_ shape: Shape, by factor: Int) -> Shape {
    precondition(factor > 0, "a binning factor is at least 1, not \(factor)")
    return Shape(z: shape.z / factor, y: shape.y / factor, x: shape.x / factor)
  }

  /// Bins a volume in memory.
  package static func binned(_ volume: Volume<Float>, by factor: Int, threads: Int = 1) -> Volume<Float> {
    if factor == 1 { return volume }
    let shape = shape(volume.shape, by: factor)
    guard shape.count > 0 else { return Volume(shape: shape, voxels: []) }
    let (plane, width) = (volume.shape.sliceCount, volume.shape.x)
    let voxels = [Float](unsafeUninitializedCapacity: shape.count) { buffer, count in
      nonisolated(unsafe) let result = buffer.baseAddress!
      volume.voxels.withUnsafeBufferPointer { voxels in
        nonisolated(unsafe) let source = voxels.baseAddress!
        Slabs.forEach(count: shape.z, threads: threads) { slices in
          var sums = [Double](repeating: 0, count: shape.sliceCount)
          for z in slices {
            for i in 0..<factor {
              add(source + (z * factor + i) * plane, width: width, by: factor, shape: shape, to: &sums, isFirst: i == 0)
            }
            divide(sums, by: factor, into: result + z * shape.sliceCount)
          }
        }
      }
      count = shape.count
    }
    return Volume(shape: shape, voxels: voxels)
  }

  /// Adds one slice of the source (rows of `width`) to the sums of a slice of the result.
  static func add(
    _ slice: UnsafePointer<Float>, width: Int, by factor: Int, shape: Shape, to sums: inout [Double], isFirst: Bool
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      if isFirst { sums.update(repeating: 0) }
      for y in 0..<shape.y {
        let sum = sums.baseAddress! + y * shape.x
        for row in y * factor..<(y + 1) * factor {
          let values = slice + row * width
          if factor == 2 {
            for x in 0..<shape.x { sum[x] += Double(values[2 * x]) + Double(values[2 * x + 1]) }
          } else {
            for x in 0..<shape.x {
              var block = 0.0
              for i in x * factor..<(x + 1) * factor { block += Double(values[i]) }
              sum[x] += block
            }
          }
        }
      }
    }
  }

  static func divide(_ sums: [Double], by factor: Int, into result: UnsafeMutablePointer<Float>) {
    let count = Double(factor * factor * factor)
    for i in sums.indices { result[i] = Float(sums[i] / count) }
  }
}
