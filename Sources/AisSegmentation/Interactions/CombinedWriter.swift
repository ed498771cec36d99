import AisCore

/// Stores what comes out of a combination: results, raw predictions and labels.
final class CombinedWriter: CombinationReceiver {
  private let sinks: PassSinks
  private let scale: SegmentationScale
  private let unit: Float
  private let pool: SlicePool
  private let labels: LabelSlices?
  /// For each model the final slices that wait to be labelled.
  private var finished: [[SliceBuffer]]
  private var labelled = 0
  private let extent: SegmentationExtent?
  private let width: Int

  init(
    _ combination: Combination, sinks: PassSinks, scale: SegmentationScale, shape: Shape,
    extent: SegmentationExtent? = nil
  ) {
    let count = shape.sliceCount
    self.extent = extent
    width = shape.x
    self.sinks = sinks
    self.scale = scale
    unit = combination.unit
    pool = SlicePool(count: count)
    labels = sinks.labels == nil ? nil : LabelSlices(combination, count: count)
    finished = Array(repeating: [], count: combination.members.count)
  }

  func takeRaw(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError) {
    guard model < sinks.raw.count, let sink = sinks.raw[model] else { return }
    let copy = pool.take()
    _ = copy.values.update(fromContentsOf: slice.values)
    try store(copy, z: z, sink)
  }

  func takeResult(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError) {
    guard let labels, let labelSink = sinks.labels else {
      if let sink = sinks.results[model] { try store(slice, z: z, sink) }
      return
    }
    finished[model].append(slice)
    while finished.allSatisfy({ !$0.isEmpty }) {
      let slices = finished.indices.map { finished[$0].removeFirst() }
      let found = labels.label(slices)
      extent?.clear(found.values, z: labelled, width: width)
      try labelSink.write(slice: labelled, UnsafeBufferPointer(found.values))
      for (model, slice) in slices.enumerated() {
        if let sink = sinks.results[model] { try store(slice, z: labelled, sink) }
      }
      labelled += 1
    }
  }

  private func store(_ slice: SliceBuffer, z: Int, _ sink: any SegmentationSink) throws(AisError) {
    extent?.clear(slice.values, z: z, width: width)
    scale.apply(to: slice.values, unit: unit)
    try sink.write(slice: z, UnsafeBufferPointer(slice.values))
  }
}
