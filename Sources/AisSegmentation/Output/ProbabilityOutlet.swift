import AisCore

/// Takes the slices of one model's result: probabilities from 0 to 1 at the tomogram's size.
protocol ProbabilityOutlet {
  /// Takes slice `z`, which may be spent. Slices come in ascending order, all of them, from one thread.
  func take(_ slice: SliceBuffer, z: Int) throws(AisError)
}

/// Stores slices as they are.
struct StoringOutlet: ProbabilityOutlet {
  let scale: SegmentationScale
  let sink: any SegmentationSink
  let extent: SegmentationExtent?
  /// Voxels in a row.
  let width: Int

  func take(_ slice: SliceBuffer, z: Int) throws(AisError) {
    extent?.clear(slice.values, z: z, width: width)
    scale.apply(to: slice.values)
    try sink.write(slice: z, UnsafeBufferPointer(slice.values))
  }
}

/// Gives slices to the combination with those of other models.
struct CombiningOutlet: ProbabilityOutlet {
  let run: CombinationRun
  let model: Int

  func take(_ slice: SliceBuffer, z: Int) throws(AisError) { try run.take(slice, of: model) }
}
