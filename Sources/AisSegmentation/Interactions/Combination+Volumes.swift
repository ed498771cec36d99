import AisCore

extension Combination {
  /// Combines results that are in memory: a slice in view (a volume of one), or small volumes.
  ///
  /// The same steps as `SegmentationPass` takes with slices as they are computed.
  /// - Parameters:
  ///   - volumes: probabilities from 0 to 1, one volume for each member, all of one shape.
  ///   - voxelSize: needed as soon as a radius is not 0.
  /// - Returns: the results in the same order; with the reference's rounding, whole numbers from 0 to 255. Labels, if asked
  ///   for, are 0 or 1 + the place of the member.
  package func combined(
    _ volumes: [Volume<Float>], voxelSize: VoxelSize?
  ) throws(AisError) -> (results: [Volume<Float>], labels: Volume<Float>) {
    try validate(voxelSize: voxelSize)
    precondition(volumes.count == members.count, "each member has its result")
    guard let shape = volumes.first?.shape, shape.count > 0 else {
      return (volumes, volumes.first ?? Volume(shape: Shape(z: 0, y: 0, x: 0), voxels: []))
    }
    precondition(volumes.allSatisfy { $0.shape == shape }, "results that are combined have one shape")
    let results = volumes.indices.map { _ in CollectingSink(shape) }
    let labels = CollectingSink(shape)
    var sinks = PassSinks(results: results)
    sinks.labels = labels
    let scale = SegmentationScale(full: unit, isWhole: false)
    let writer = CombinedWriter(self, sinks: sinks, scale: scale, shape: shape)
    let run = CombinationRun(self, shape: shape, voxelSize: voxelSize, receiver: writer)
    let pool = SlicePool(count: shape.sliceCount)
    for z in 0..<shape.z {
      for (member, volume) in volumes.enumerated() {
        let slice = pool.take()
        _ = slice.values.update(fromContentsOf: volume.slice(z))
        try run.take(slice, of: member)
      }
    }
    return (results.map(\.volume), labels.volume)
  }
}

/// Keeps slices in memory.
private final class CollectingSink: SegmentationSink, @unchecked Sendable {
  // Invariant: used by one thread, within one call.
  private let shape: Shape
  private var voxels: [Float] = []

  init(_ shape: Shape) {
    self.shape = shape
    voxels.reserveCapacity(shape.count)
  }

  var volume: Volume<Float> { Volume(shape: shape, voxels: voxels) }

  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) { voxels += values }
}
