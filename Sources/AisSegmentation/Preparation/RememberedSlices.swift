import AisCore
import Synchronization

/// Slices of a source of which some are kept when they are read for the first time, and given from memory the second time:
/// what the statistics have looked at need not be read again.
final class RememberedSlices: SliceSource {
  private let source: any SliceSource
  private let wanted: Set<Int>
  private let kept = Mutex<[Int: [Float]]>([:])

  /// - Parameter wanted: the slices that are kept until they are asked for again.
  init(_ source: any SliceSource, wanted: Set<Int>) {
    self.source = source
    self.wanted = wanted
  }

  /// The most bytes that are worth keeping: what large tomograms gain by it is too little.
  private static let mostBytes = 32 << 20

  /// The slices of a tomogram that are worth keeping, given that `indices` are read twice; all of them or none.
  static func worthKeeping(_ indices: [Int], of shape: Shape, spare: Int) -> Set<Int> {
    bytes(indices.count, of: shape) <= min(spare, mostBytes) ? Set(indices) : []
  }

  static func bytes(_ count: Int, of shape: Shape) -> Int { count * shape.sliceCount * MemoryLayout<Float>.size }

  var shape: Shape { source.shape }
  var voxelSize: VoxelSize? { source.voxelSize }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if let slice = kept.withLock({ $0.removeValue(forKey: z) }) {
      _ = destination.update(fromContentsOf: slice)
      return
    }
    try source.readSlice(z, into: destination)
    if wanted.contains(z) {
      let slice = Array(UnsafeBufferPointer(destination))
      kept.withLock { $0[z] = slice }
    }
  }
}
