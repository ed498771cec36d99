/// For each voxel of a slice how far something reaches from it along an axis: 0 not even here, n + 1 for n voxels.
final class ReachPlane {
  let values: UnsafeMutableBufferPointer<UInt16>

  init(count: Int) {
    values = .allocate(capacity: count)
    values.initialize(repeating: 0)
  }

  deinit { values.deallocate() }

  /// One step on: what reached `a` voxels from the neighbour reaches a − 1 from here, unless more was here already.
  static func decay(from neighbour: UnsafePointer<UInt16>, into here: UnsafeMutablePointer<UInt16>, count: Int) {
    for i in 0..<count {
      let value = neighbour[i]
      here[i] = max(here[i], value &- (value > 0 ? 1 : 0))
    }
  }

  func decay(from neighbour: ReachPlane) {
    ReachPlane.decay(
      from: UnsafePointer(neighbour.values.baseAddress!), into: values.baseAddress!, count: values.count)
  }
}
