import AisCore

extension Combination {
  /// Slices on each side of one whose result is wanted that its result depends on: none, as long as masks are dilated slice by slice.
  package func reach(slices: Int, voxelSize: VoxelSize?) -> Int {
    let depths = interactions.map {
      MaskDilator.depth($0, of: self, slices: slices, voxelSize: voxelSize)
    }
    return min(slices, depths.reduce(0, +))
  }

  /// The results of single slices, as a pass gives them.
  ///
  /// - Parameters:
  ///   - probabilities: for each member the same consecutive slices by rows: the one that is wanted, with `reach` others on each
  ///     side as far as the tomogram has them.
  ///   - wanted: the place of the slice among them.
  /// - Returns: for each member the slice that is wanted.
  package func slice(
    _ probabilities: [[[Float]]], wanted: Int, y: Int, x: Int, voxelSize: VoxelSize?
  ) throws(AisError) -> [[Float]] {
    try validate(voxelSize: voxelSize)
    precondition(probabilities.count == members.count, "each member has its slices")
    let depth = probabilities.first?.count ?? 0
    let receiver = SliceReceiver(wanted: wanted, count: members.count)
    let shape = Shape(z: depth, y: y, x: x)
    let run = CombinationRun(self, shape: shape, voxelSize: voxelSize, receiver: receiver)
    let pool = SlicePool(count: shape.sliceCount)
    for z in 0..<depth {
      for (member, slices) in probabilities.enumerated() {
        let slice = pool.take()
        _ = slice.values.update(fromContentsOf: slices[z])
        try run.take(slice, of: member)
      }
    }
    return receiver.slices
  }
}

/// Keeps the slice that is wanted of each member.
private final class SliceReceiver: CombinationReceiver {
  let wanted: Int
  private(set) var slices: [[Float]]

  init(wanted: Int, count: Int) {
    self.wanted = wanted
    slices = Array(repeating: [], count: count)
  }

  func takeRaw(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError) {}

  func takeResult(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError) {
    if z == wanted { slices[model] = Array(slice.values) }
  }
}
