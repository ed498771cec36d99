import AisCore
import AisImaging
import AisNetworks

extension SegmentationPass {
  /// Where networks are looked at to find out which numbers are precise enough: in the middle, and half-way to both ends.
  private static let samplePlaces = [0.5, 0.25, 0.75]

  /// Has networks that may be computed with numbers of several kinds choose, each on the tile in the middle of some of its slices.
  func choosePrecisions(_ source: any SliceSource, statistics: GlobalStatistics?) throws(AisError) {
    for (index, job) in jobs.enumerated() {
      guard let network = job.model.network as? any PrecisionChoosing, network.isPrecisionOpen,
        let pass = job.layout.passes.first, !pass.grid.tiles.isEmpty, !job.schedule.windows.isEmpty
      else { continue }
      let windows = job.schedule.windows
      let tile = pass.grid.tiles[pass.grid.tiles.count / 2]
      let places = Self.samplePlaces.map { min(windows.count - 1, Int($0 * Double(windows.count))) }
      let samples = places.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
      let shape = job.model.input(y: tile.rows.count, x: tile.columns.count)
      let inference = WindowInference(job.layout, staging: StagingBuffers(inputCount: 0, outputCount: 0))
      try network.choosePrecision(count: samples.count, shape: shape) { (sample) throws(AisError) in
        let slices = try prepared(
          windows[samples[sample]].inputs, of: index, source: source, statistics: statistics)
        var values = [Float](repeating: 0, count: shape.count)
        values.withUnsafeMutableBufferPointer { values in
          inference.gather(tile, of: pass.frame, fromPlanes: slices.planes, width: slices.width, into: values)
        }
        return values
      }
    }
  }
}

extension WindowInference {
  /// Fills a tile's input from slices that are arrays.
  fileprivate func gather(
    _ tile: Tile, of frame: PlaneFrame, fromPlanes planes: [[Float]], width: Int,
    into input: UnsafeMutableBufferPointer<Float>
  ) {
    // One block, so that all slices have addresses at the same time.
    let joined = Array(planes.joined())
    let count = planes.first?.count ?? 0
    joined.withUnsafeBufferPointer { block in
      guard let start = block.baseAddress, let target = input.baseAddress else { return }
      gather(tile, of: frame, from: planes.indices.map { start + $0 * count }, width: width, into: target)
    }
  }
}
