import AisCore
import AisImaging
import AisNetworks

/// One model on single slices of one tomogram: what a pass over the tomogram gives for them, bit for bit.
///
/// One `run` at a time.
package final class SliceInference {
  /// A part of a slice, in its pixels.
  package struct Region: Sendable, Hashable {
    package var rows: Range<Int>
    package var columns: Range<Int>

    package init(rows: Range<Int>, columns: Range<Int>) {
      self.rows = rows
      self.columns = columns
    }

    /// Pixels.
    package var count: Int { rows.count * columns.count }
  }

  package let shape: Shape
  package let model: SegmentationModel
  /// The whole of a slice.
  package var whole: Region { Region(rows: 0..<shape.y, columns: 0..<shape.x) }
  private let settings: InferenceSettings
  private let preparation: SlicePreparation
  private let schedule: WindowSchedule
  private let budget: MemoryBudget
  private let threads: Int
  private let workspace: InferenceWorkspace
  private let layout: WindowLayout
  private let isSplit: Bool

  /// Throws as a pass does: `needs-decision` when the voxel size is needed and not known, `out-of-memory` when even the smallest
  /// tiles do not fit.
  ///
  /// - Parameters:
  ///   - memoryLimit: bytes for the network's buffers.
  ///   - threads: for preparing slices; the engine has its own.
  ///   - workspace: shared with other models, which run before or afterwards.
  package init(
    shape: Shape, voxelSize: VoxelSize?, model: SegmentationModel, settings: InferenceSettings, memoryLimit: Int,
    threads: Int, workspace: InferenceWorkspace
  ) throws(AisError) {
    try settings.validate()
    precondition(settings.blur == .none, "slices are not blurred with their neighbours")
    self.shape = shape
    self.model = model
    self.settings = settings
    self.threads = threads
    self.workspace = workspace
    budget = MemoryBudget(limit: memoryLimit, reserved: 0)
    let target = SegmentationPass.target(of: model, settings)
    if target != nil && voxelSize == nil { throw .voxelSizeNeeded(model: model.title) }
    preparation = SlicePreparation(
      normalization: model.normalization, source: .init(y: shape.y, x: shape.x),
      target: SlicePreparation.workingSize(of: shape, pixelSize: voxelSize?.x, target: target))
    let range = try settings.depthRange.slices(of: shape.z)
    schedule = SegmentationPass.schedule(model, range: range, of: shape.z, settings)
    let choice = try TileChoice(
      models: [model], sizes: [preparation.target], settings: [settings], regions: [nil], available: memoryLimit,
      budget: budget)
    layout = choice.layouts[0]
    isSplit = choice.isSplit[0]
  }

  /// What one slice costs.
  package var forecast: SliceForecast {
    let windows = schedule.windows.filter { $0.outputs.contains(shape.z / 2) }
    let slices = Set(windows.flatMap(\.inputs)).count
    let around = Double(preparation.target.count * slices) * (rescales ? 20e-9 : 8e-9)
    return SliceForecast(
      seconds: Double(windows.count) * layout.secondsPerWindow + around / Double(threads),
      memoryBytes: TileChoice.bytes([layout])
        + (slices + 2) * max(preparation.target.count, shape.sliceCount) * MemoryLayout<Float>.size,
      workingY: preparation.target.y, workingX: preparation.target.x, rescales: rescales, isSplit: isSplit)
  }

  package var needsStatistics: Bool { preparation.normalization == .wholeTomogram }
  private var rescales: Bool { preparation.rescales }

  /// Whether a part of a slice can be had without the rest: resampling spreads every pixel over the whole slice.
  package var hasRegions: Bool { !rescales }

  /// Probabilities of slice `z`, 0…1 by rows; of `region` where one is given and `hasRegions`. Networks of slabs answer with
  /// neighbouring slices too: those that are complete are in the result as well.
  ///
  /// - Parameters:
  ///   - source: slices of the shape that this was made for.
  ///   - statistics: of the whole tomogram, where `needsStatistics`.
  package func run(
    _ z: Int, region: Region? = nil, source: any SliceSource, statistics: GlobalStatistics?,
    cancellation: Cancellation
  ) throws(AisError) -> [Int: [Float]] {
    precondition(source.shape == shape, "the inference was planned for \(shape), the source has \(source.shape)")
    let region = hasRegions ? region ?? whole : whole
    let windows = schedule.windows.filter { $0.outputs.contains(z) }
    // Of networks of slabs the first and last slices may be covered by none.
    guard !windows.isEmpty else { return [z: [Float](repeating: 0, count: region.count)] }
    let layout = try layout(of: region)
    layout.plans.values.forEach { $0.share(workspace) }
    let counts = layout.stagingCounts
    let inference = WindowInference(
      layout, staging: StagingBuffers(inputCount: counts.input, outputCount: counts.output))

    let inputs = try prepared(Set(windows.flatMap(\.inputs)), source, statistics, cancellation)
    let pool = SlicePool(count: preparation.target.count)
    var sums: [Int: (sum: SliceBuffer, windows: Int)] = [:]
    for window in windows {
      try cancellation.check()
      let targets = window.outputs.map { z -> UnsafeMutablePointer<Float>? in
        guard let z else { return nil }
        let known = sums[z] ?? (pool.takeZeros(), 0)
        sums[z] = (known.sum, known.windows + 1)
        return known.sum.values.baseAddress
      }
      try inference.add(
        window.inputs.map { inputs[$0]!.readable }, width: preparation.target.x, to: targets
      ) { (_) throws(AisError) in try cancellation.check() }
    }
    var result: [Int: [Float]] = [:]
    for (z, answer) in sums where answer.windows == schedule.coverage[z] {
      answer.sum.divide(by: schedule.coverage[z] * settings.augmentations)
      result[z] = finished(answer.sum, region)
    }
    return result
  }

  private func layout(of region: Region) throws(AisError) -> WindowLayout {
    if region == whole { return layout }
    let size = preparation.target
    let part = try WindowLayout(
      model: model, size: size, settings: settings, split: (1, 1), region: (region.rows, region.columns))
    if TileChoice.bytes([part]) <= budget.limit { return part }
    return layout
  }

  /// The slices as the network wants them.
  private func prepared(
    _ slices: Set<Int>, _ source: any SliceSource, _ statistics: GlobalStatistics?, _ cancellation: Cancellation
  ) throws(AisError) -> [Int: SliceBuffer] {
    let native = SlicePool(count: shape.sliceCount)
    let preparer = SlicePreparer(
      preparation, statistics: statistics,
      pool: rescales ? SlicePool(count: preparation.target.count) : native, threads: threads)
    var prepared: [Int: SliceBuffer] = [:]
    for z in slices.sorted() {
      try cancellation.check()
      let raw = native.take()
      try source.readSlice(z, into: raw.values)
      prepared[z] = preparer.prepare(raw)
    }
    return prepared
  }

  private func finished(_ sum: SliceBuffer, _ region: Region) -> [Float] {
    let resampler = ResultResampler(from: preparation.target, to: shape, threads: threads)
    let slice = resampler.take(sum, pool: SlicePool(count: shape.sliceCount))
    if region == whole { return Array(slice.values) }
    return region.rows.flatMap { row in
      slice.values[row * shape.x + region.columns.lowerBound..<row * shape.x + region.columns.upperBound]
    }
  }
}

/// What a model needs for one slice.
package struct SliceForecast: Sendable, Hashable {
  /// Wall time, as the engine predicts it.
  package var seconds: Double
  package var memoryBytes: Int
  /// Pixels of the slice that the network works on, before padding.
  package var workingY: Int
  package var workingX: Int
  /// Whether slices are brought to another pixel size.
  package var rescales: Bool
  /// Whether memory forces smaller tiles; the result is the same, bit for bit.
  package var isSplit: Bool
}
