import AisCore
import AisImaging
import AisNetworks

/// What a pass found out while it ran.
package struct SegmentationReport: Sendable {
  /// Of the tomogram, when a model asked for them.
  package var statistics: GlobalStatistics?
  /// For each order the wall time that its network took, with gathering and spreading its tiles.
  package var networkSeconds: [Double]
}

extension SegmentationPass {
  /// Runs the pass: one thread reads and prepares, this one computes, one assembles and writes.
  ///
  /// - Parameters:
  ///   - source: slices of the shape that the pass was planned for.
  ///   - sinks: for each order, in the same order; without a combination all results go somewhere and nothing else does.
  ///   - progress: called on this thread after each tile and at the end with the fraction done, 0…1.
  package func run(
    source: any SliceSource, sinks: PassSinks, cancellation: Cancellation, progress: (Double) -> Void
  ) throws(AisError) -> SegmentationReport {
    precondition(source.shape == shape, "the pass was planned for \(shape), the source has \(source.shape)")
    precondition(sinks.results.count == jobs.count, "each model needs its own sink")
    precondition(
      combination != nil || sinks.results.allSatisfy { $0 != nil } && sinks.raw.isEmpty && sinks.labels == nil,
      "raw predictions and labels belong to combinations")
    var statistics: GlobalStatistics?
    let source = RememberedSlices(source, wanted: remembered)
    if preparations.contains(where: { $0.normalization == .wholeTomogram }) {
      statistics = try GlobalStatistics.measure(
        source, memoryLimit: statisticsBytes, cancellation: cancellation)
    }

    try choosePrecisions(source, statistics: statistics)

    let prepared = Channel<PreparedSlice>(places: 1)
    let results = Channel<SettledSlice>(places: jobs.count)
    let reader = startReader(source, statistics: statistics, into: prepared)
    let writer = startWriter(sinks, from: results)

    let workspace = InferenceWorkspace()
    jobs.forEach { $0.layout.plans.values.forEach { $0.share(workspace) } }
    var failure: AisError?
    var networkSeconds = [Double](repeating: 0, count: jobs.count)
    do throws(AisError) {
      networkSeconds = try compute(from: prepared, to: results, cancellation: cancellation, progress: progress)
    } catch {
      failure = error
      results.abort()
    }
    prepared.abort()
    results.finish()
    // A reader or writer that failed made the computation stop: theirs is the reason to tell.
    let readerFailure = reader.join()
    let writerFailure = writer.join()
    workspace.release()
    if let failure = readerFailure ?? writerFailure ?? failure { throw failure }
    // The forecast counts the work around the networks too, which is done only now.
    progress(1)
    return SegmentationReport(statistics: statistics, networkSeconds: networkSeconds)
  }

  /// A slice in each preparation.
  private struct PreparedSlice: Sendable {
    var z: Int
    var buffers: [SliceBuffer]
  }

  /// A finished slice of one model's probabilities; `nil` stands for zeros.
  private struct SettledSlice: Sendable {
    var job: Int
    var buffer: SliceBuffer?
  }

  /// What the sample for the statistics may take: no more than will be needed afterwards anyway.
  private var statisticsBytes: Int {
    let later =
      forecast.memory.dropFirst().reduce(0) { $0 + $1.bytes } - RememberedSlices.bytes(remembered.count, of: shape)
    return min(128 << 20, max(0, later - 2 * shape.sliceCount * MemoryLayout<Float>.size))
  }

  /// The slices that any window needs.
  private var neededSlices: Range<Int> {
    let windows = jobs.flatMap(\.schedule.windows)
    guard let first = windows.map(\.firstInput).min(), let last = windows.map(\.lastInput).max() else { return 0..<0 }
    return first..<last + 1
  }

  private func startReader(
    _ source: any SliceSource, statistics: GlobalStatistics?, into channel: Channel<PreparedSlice>
  ) -> Worker {
    let native = SlicePool(count: shape.sliceCount)
    let preparers = preparations.map {
      let pool = $0.rescales ? SlicePool(count: $0.target.count) : native
      return SlicePreparer($0, statistics: statistics, pool: pool, threads: min(threads, 4))
    }
    let needed = neededSlices
    return Worker("reader") { () throws(AisError) in
      defer { channel.finish() }
      for z in needed {
        guard channel.reserve() else { return }
        let raw = native.take()
        try source.readSlice(z, into: raw.values)
        let buffers = preparers.enumerated().map { index, preparer in
          if index == preparers.count - 1 { return preparer.prepare(raw) }
          let copy = native.take()
          _ = copy.values.update(from: raw.values)
          return preparer.prepare(copy)
        }
        channel.send(PreparedSlice(z: z, buffers: buffers))
      }
    }
  }

  private func startWriter(_ sinks: PassSinks, from channel: Channel<SettledSlice>) -> Worker {
    let parameters = jobs.map { (working: $0.working, scale: $0.scale) }
    let makeAssemblers: @Sendable () -> [ResultAssembler] = { [shape, blur, threads, combination, voxelSize, extent] in
      let outlets = SegmentationPass.outlets(
        sinks, scales: parameters.map(\.scale), combination: combination, shape: shape, voxelSize: voxelSize,
        extent: extent)
      return outlets.indices.map {
        ResultAssembler(
          shape: shape, working: parameters[$0].working, blur: blur, outlet: outlets[$0], threads: min(threads, 4))
      }
    }
    return Worker("writer") { () throws(AisError) in
      do throws(AisError) {
        let assemblers = makeAssemblers()
        while let slice = channel.receive() {
          try assemblers[slice.job].take(slice.buffer)
          channel.release()
        }
      } catch {
        channel.abort()
        throw error
      }
    }
  }

  private static func outlets(
    _ sinks: PassSinks, scales: [SegmentationScale], combination: Combination?, shape: Shape, voxelSize: VoxelSize?,
    extent: SegmentationExtent?
  ) -> [any ProbabilityOutlet] {
    guard let combination else {
      return scales.indices.map {
        StoringOutlet(scale: scales[$0], sink: sinks.results[$0]!, extent: extent, width: shape.x)
      }
    }
    let writer = CombinedWriter(combination, sinks: sinks, scale: scales[0], shape: shape, extent: extent)
    let run = CombinationRun(combination, shape: shape, voxelSize: voxelSize, receiver: writer)
    return scales.indices.map { CombiningOutlet(run: run, model: $0) }
  }

  private func compute(
    from prepared: Channel<PreparedSlice>, to results: Channel<SettledSlice>, cancellation: Cancellation,
    progress: (Double) -> Void
  ) throws(AisError) -> [Double] {
    let counts = jobs.map(\.layout.stagingCounts)
    let staging = StagingBuffers(
      inputCount: counts.map(\.input).max() ?? 0, outputCount: counts.map(\.output).max() ?? 0,
      count: jobs.map(\.layout.runsAtOnce).max() ?? 1)
    var runners = jobs.indices.map { JobRunner(index: $0, job: jobs[$0], staging: staging) }
    var queue = TileQueue(staging)
    var held: [Int: PreparedSlice] = [:]
    let networkSeconds = SegmentationPass.secondsInNetworks(jobs)
    var secondsDone = 0.0
    var networkTime = [Duration](repeating: .zero, count: jobs.count)

    // Zeros before and behind what is computed are handed on in turns, so that no model's pile up while they wait for
    // another's.
    for z in 0..<WindowSchedule.firstSettled(jobs.map(\.schedule), of: shape.z) {
      for index in runners.indices { try settle(&runners[index], before: z + 1, to: results) }
    }
    // Tiles are finished in the order in which they were started, so that sums do not depend on who is done first.
    func finishFirst() throws(AisError) {
      let start = ContinuousClock.now
      let done = try queue.finishFirst()
      runners[done.job].add(done)
      networkTime[done.job] += ContinuousClock.now - start
      try cancellation.check()
      secondsDone += done.seconds
      progress(networkSeconds > 0 ? min(1, secondsDone / networkSeconds) : 0)
      if done.isLastOfWindow { try settle(&runners[done.job], before: done.window.settled, to: results) }
    }
    while let slice = prepared.receive() {
      prepared.release()
      held[slice.z] = slice
      for index in runners.indices {
        let preparation = jobs[index].preparation
        while let window = runners[index].nextWindow, window.lastInput <= slice.z {
          let inputs = window.inputs.map { held[$0]!.buffers[preparation].readable }
          let tiles = runners[index].tiles(of: window)
          runners[index].advance()
          for tile in tiles {
            let start = ContinuousClock.now
            try queue.start(tile, with: runners[index].inference, inputs, width: jobs[index].working.x)
            networkTime[index] += ContinuousClock.now - start
            while queue.count >= tile.runsAtOnce { try finishFirst() }
          }
          if tiles.isEmpty { try settle(&runners[index], before: window.settled, to: results) }
        }
      }
      let needed = runners.compactMap(\.firstInputAhead).min() ?? .max
      held = held.filter { $0.key >= needed }
    }
    while queue.count > 0 { try finishFirst() }
    try cancellation.check()
    guard runners.allSatisfy({ $0.nextWindow == nil }) else {
      // The reader stopped early and has the reason; this error is never the one that is told.
      throw AisError(.truncated, "the tomogram ended before its last slice")
    }
    for z in 0..<shape.z {
      for index in runners.indices { try settle(&runners[index], before: z + 1, to: results) }
    }
    return networkTime.map { $0 / .seconds(1) }
  }

  private func settle(
    _ runner: inout JobRunner, before end: Int, to results: Channel<SettledSlice>
  ) throws(AisError) {
    while runner.settled < end {
      guard results.reserve() else { throw AisError(.cancelled, "writing stopped") }
      results.send(SettledSlice(job: runner.index, buffer: runner.takeSettled()))
    }
  }
}

/// One model on its way through the tomogram: the next window, and the sums not yet settled.
private struct JobRunner {
  let index: Int
  private let job: SegmentationPass.Job
  let inference: WindowInference
  private let pool: SlicePool
  private let augmentations: Int
  /// For each window the first slice that it or a later one needs.
  private let firstInputs: [Int]
  private var position = 0
  private var sums: [Int: SliceBuffer] = [:]
  /// All slices before this one were handed on.
  private(set) var settled = 0

  init(index: Int, job: SegmentationPass.Job, staging: StagingBuffers) {
    self.index = index
    self.job = job
    augmentations = job.settings.augmentations
    inference = WindowInference(job.layout, staging: staging)
    pool = SlicePool(count: job.working.count)
    var first = Int.max
    firstInputs = job.schedule.windows.reversed().map {
      first = min(first, $0.firstInput)
      return first
    }.reversed()
  }

  var nextWindow: WindowSchedule.Window? {
    position < job.schedule.windows.count ? job.schedule.windows[position] : nil
  }

  /// The first slice still needed, or `nil` at the end.
  var firstInputAhead: Int? { position < firstInputs.count ? firstInputs[position] : nil }

  /// The tiles of a window, in all orientations.
  func tiles(of window: WindowSchedule.Window) -> [TileQueue.Entry] {
    var tiles: [TileQueue.Entry] = []
    for pass in job.layout.passes {
      for tile in pass.grid.tiles {
        let plan = job.layout.plan(of: tile)
        tiles.append(
          TileQueue.Entry(
            job: index, window: window, frame: pass.frame, tile: tile, seconds: plan.predictedSeconds,
            runsAtOnce: plan.runsAtOnce))
      }
    }
    if !tiles.isEmpty { tiles[tiles.count - 1].isLastOfWindow = true }
    return tiles
  }

  /// On to the next window.
  mutating func advance() { position += 1 }

  /// Adds the answer of a tile to the slices that it says something of.
  mutating func add(_ done: TileQueue.Entry) {
    guard let answer = done.slot?.output.baseAddress else { return }
    let targets = done.window.outputs.map { z -> UnsafeMutablePointer<Float>? in
      guard let z else { return nil }
      let sum = sums[z] ?? pool.takeZeros()
      sums[z] = sum
      return sum.values.baseAddress
    }
    inference.scatter(UnsafePointer(answer), done.tile, of: done.frame, width: job.working.x, to: targets)
  }

  /// The mean over orientations and slabs of the next slice, or `nil` when nothing was computed for it.
  mutating func takeSettled() -> SliceBuffer? {
    defer { settled += 1 }
    guard let sum = sums.removeValue(forKey: settled) else { return nil }
    sum.divide(by: job.schedule.coverage[settled] * augmentations)
    return sum
  }
}
