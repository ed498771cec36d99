/// Anything that gives the xy slices of a tomogram as numbers: a file, a view of a file, a phantom in memory.
///
/// Slices may be asked for in any order and from several threads at once. Values are those of the file (bytes already
/// read as signed or unsigned), not normalised. NaN is passed on as it is.
package protocol SliceSource: Sendable {
  /// Voxels on each axis.
  var shape: Shape { get }
  /// The edges of a voxel, or `nil` when the file does not say (0, NaN or infinite in the header).
  var voxelSize: VoxelSize? { get }
  /// Reads xy slice `z` into `destination` (exactly `shape.sliceCount` values, rows of x).
  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError)
}

extension SliceSource {
  /// Reads xy slice `z`.
  package func slice(_ z: Int) throws(AisError) -> [Float] {
    var result = [Float](repeating: 0, count: shape.sliceCount)
    var failure: AisError?
    result.withUnsafeMutableBufferPointer { buffer in
      do throws(AisError) { try readSlice(z, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }
}
