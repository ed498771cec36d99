import AisCore
import AisImaging

extension SegmentationPass {
  /// Slices as the network of an order gets them: grey levels normalised, at the size it works at.
  package struct PreparedSlices: Sendable {
    /// (slice, y, x)
    package var planes: [[Float]]
    package var height: Int
    package var width: Int
  }

  /// Prepares some slices as the pass does.
  ///
  /// - Parameters:
  ///   - order: which model's.
  ///   - statistics: as the report of the pass has them.
  package func prepared(
    _ slices: [Int], of order: Int = 0, source: any SliceSource, statistics: GlobalStatistics?
  ) throws(AisError) -> PreparedSlices {
    let preparation = preparations[jobs[order].preparation]
    let native = SlicePool(count: shape.sliceCount)
    let pool = preparation.rescales ? SlicePool(count: preparation.target.count) : native
    let preparer = SlicePreparer(preparation, statistics: statistics, pool: pool, threads: threads)
    var planes: [[Float]] = []
    for z in slices {
      let raw = native.take()
      try source.readSlice(z, into: raw.values)
      planes.append(Array(preparer.prepare(raw).values))
    }
    return PreparedSlices(planes: planes, height: preparation.target.y, width: preparation.target.x)
  }
}
