import AisCore

/// A volume of labels, or of anything, as a mask: 1 where a value is above 0, 0 elsewhere. One label of several is chosen by
/// `TomogramOptions.label`.
struct LabelSource: SliceSource {
  let labels: any SliceSource

  var shape: Shape { labels.shape }
  var voxelSize: VoxelSize? { labels.voxelSize }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try labels.readSlice(z, into: destination)
    for i in destination.indices { destination[i] = destination[i] > 0 ? 1 : 0 }
  }
}
