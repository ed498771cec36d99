import AisCore

/// A volume of labels as a mask: 1 where the label is, 0 elsewhere.
struct LabelSource: SliceSource {
  let labels: any SliceSource
  /// The label; `nil` takes every value above 0.
  let label: Int?

  var shape: Shape { labels.shape }
  var voxelSize: VoxelSize? { labels.voxelSize }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try labels.readSlice(z, into: destination)
    if let label {
      let wanted = Float(label)
      for i in destination.indices { destination[i] = destination[i] == wanted ? 1 : 0 }
    } else {
      for i in destination.indices { destination[i] = destination[i] > 0 ? 1 : 0 }
    }
  }
}
