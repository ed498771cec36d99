import AisCore

extension Combination {
  /// Bytes that a run over a tomogram holds at its time of greatest need: slices that wait for masks, masks that wait for slices,
  /// and what dilations hold.
  ///
  /// - Parameters:
  ///   - skews: for each model how many of its slices may wait for other models to answer for the same z.
  ///   - labels: whether finished slices wait for one another, to be labelled.
  func memoryBytes(shape: Shape, voxelSize: VoxelSize?, skews: [Int], labels: Bool) -> Int {
    let slice = shape.sliceCount * MemoryLayout<Float>.size
    // By how many slices each model's stream is behind the networks.
    var lags = [Int](repeating: 0, count: members.count)
    // One more for the copy that is stored as a raw prediction.
    var slices = skews.reduce(1) { $0 + min($1, shape.z) }
    var masks = 1
    var bytes = 0
    for interaction in interactions {
      let depth = MaskDilator.depth(interaction, of: self, slices: shape.z, voxelSize: voxelSize)
      let ready = min(shape.z, lags[interaction.parent] + depth)
      let own = lags[interaction.child]
      slices += max(0, ready - own)
      masks += max(0, own - ready) + 1
      lags[interaction.child] = max(own, ready)
      bytes += MaskDilator.bytes(interaction, of: self, shape: shape, voxelSize: voxelSize)
    }
    if labels, let last = lags.max() { slices += lags.reduce(2) { $0 + last - $1 } + members.count }
    return bytes + slices * slice + masks * shape.sliceCount
  }

  /// Processor time for combining, from nanoseconds per voxel as measured on one core of a Zen 5.
  func seconds(shape: Shape) -> Double {
    let perInteraction = dimension == .three && rounding == .standard ? 35e-9 : 5e-9
    let perModel = competes ? 2e-9 : 1e-9
    return Double(shape.count) * (Double(interactions.count) * perInteraction + Double(members.count) * perModel)
  }
}
