import AisCore
import AisImaging
import AisNetworks

/// One pass of one or several models over one tomogram: planned when made, then run.
///
/// Slices are read once, in order. Of the tomogram only as many slices are in memory as the deepest network needs at
/// once, plus one being prepared; of each result only those not yet settled, plus one being written.
package final class SegmentationPass {
  package let forecast: SegmentationForecast
  let shape: Shape
  let threads: Int
  let settings: InferenceSettings
  let jobs: [Job]
  /// The distinct preparations; `Job.preparation` counts into it.
  let preparations: [SlicePreparation]
  /// Standard deviations of the blur in voxels.
  let blur: (z: Double, y: Double, x: Double)
  /// How the results are made to agree, and what a voxel measures.
  let combination: Combination?
  let voxelSize: VoxelSize?
  /// `nil`: the whole tomogram.
  let extent: SegmentationExtent?
  /// Slices that are kept when the statistics read them.
  let remembered: Set<Int>

  /// One model's part.
  struct Job {
    var model: SegmentationModel
    var schedule: WindowSchedule
    var layout: WindowLayout
    var preparation: Int
    var working: SlicePreparation.Size
    var scale: SegmentationScale
    /// How the model is applied.
    var settings: InferenceSettings
  }

  /// A model and how its result is stored.
  package struct Order: Sendable {
    package var model: SegmentationModel
    package var scale: SegmentationScale
    /// Bytes a voxel takes in the file.
    package var storedBytes: Int
    /// How the model is applied, where that is not as the pass says: test-time augmentation, pixel size and tiles. Range, extent and
    /// blur are the pass's for all.
    package var settings: InferenceSettings?

    package init(
      model: SegmentationModel, scale: SegmentationScale, storedBytes: Int, settings: InferenceSettings? = nil
    ) {
      self.settings = settings
      self.model = model
      self.scale = scale
      self.storedBytes = storedBytes
    }
  }

  /// Plans everything. Throws `needs-decision` when the voxel size is needed and not known, `out-of-memory` when even
  /// the smallest tiles do not fit, and what the networks say against the size of their input.
  ///
  /// - Parameters:
  ///   - combination: how the results are made to agree, one member for each order, all of which are stored alike;
  ///     `nil` when they have nothing to do with each other.
  ///   - makesLabels: whether the run will be given a place for labels.
  ///   - threads: for preparing and assembling slices; the engine has its own.
  package init(
    shape: Shape, voxelSize: VoxelSize?, orders: [Order], combination: Combination? = nil,
    makesLabels: Bool = false, settings: InferenceSettings, budget: MemoryBudget, threads: Int
  ) throws(AisError) {
    try settings.validate()
    try combination?.validate(voxelSize: voxelSize)
    precondition(combination.map { $0.members.count == orders.count } ?? true, "each order is a member")
    self.shape = shape
    self.combination = combination
    self.voxelSize = voxelSize
    self.settings = settings
    self.threads = threads
    blur = try SegmentationPass.sigma(settings.blur, voxelSize: voxelSize)
    let extent = try settings.extent.map { (box) throws(AisError) in
      try SegmentationExtent(box, shape: shape, combination: combination, voxelSize: voxelSize)
    }
    self.extent = extent
    let whole = try settings.depthRange.slices(of: shape.z)
    let range = extent?.computed.z ?? whole
    let own = orders.map { $0.settings ?? settings }
    for settings in own { try settings.validate() }

    var preparations: [SlicePreparation] = []
    var sizes: [SlicePreparation.Size] = []
    var indices: [Int] = []
    for (order, settings) in zip(orders, own) {
      let target = SegmentationPass.target(of: order.model, settings)
      if target != nil && voxelSize == nil { throw .voxelSizeNeeded(model: order.model.title) }
      let working = SlicePreparation.workingSize(of: shape, pixelSize: voxelSize?.x, target: target)
      let preparation = SlicePreparation(
        normalization: order.model.normalization, source: .init(y: shape.y, x: shape.x), target: working)
      let index = preparations.firstIndex(of: preparation) ?? preparations.count
      if index == preparations.count { preparations.append(preparation) }
      sizes.append(working)
      indices.append(index)
    }
    self.preparations = preparations

    let schedules = zip(orders, own).map { order, settings in
      let schedule = SegmentationPass.schedule(order.model, range: whole, of: shape.z, settings)
      return extent.map { schedule.limited(to: $0.computed.z) } ?? schedule
    }
    var fixed = SegmentationPass.slices(
      shape: shape, orders: orders, schedules: schedules, sizes: sizes, preparations: preparations, indices: indices,
      sigmaZ: blur.z)
    if let combination {
      let bytes = combination.memoryBytes(
        shape: shape, voxelSize: voxelSize, skews: WindowSchedule.skews(schedules, of: shape.z),
        labels: makesLabels)
      fixed.append(.init(purpose: "slices that wait for other models", bytes: bytes))
    }
    let fixedBytes = fixed.reduce(0) { $0 + $1.bytes }
    let choice = try TileChoice(
      models: orders.map(\.model), sizes: sizes, settings: own,
      regions: sizes.map { size in
        extent.flatMap { $0.region(in: shape, rescales: size != .init(y: shape.y, x: shape.x)) }
      },
      available: budget.limit - budget.reserved - fixedBytes, budget: budget)

    jobs = orders.indices.map { i in
      Job(
        model: orders[i].model, schedule: schedules[i], layout: choice.layouts[i], preparation: indices[i],
        working: sizes[i], scale: orders[i].scale, settings: own[i])
    }
    let activations = TileChoice.bytes(choice.layouts)
    var memory: [SegmentationForecast.MemoryUse] =
      [.init(purpose: "program", bytes: budget.reserved)] + fixed
      + [.init(purpose: "networks' activations", bytes: activations)]
    remembered =
      preparations.contains { $0.normalization == .wholeTomogram }
      ? RememberedSlices.worthKeeping(
        CentralSample(shape).slices.filter(range.contains), of: shape,
        spare: budget.limit - budget.reserved - fixedBytes - activations) : []
    if !remembered.isEmpty {
      let bytes = RememberedSlices.bytes(remembered.count, of: shape)
      memory.append(.init(purpose: "slices kept from measuring grey levels", bytes: bytes))
    }
    forecast = SegmentationForecast(
      memory: memory,
      seconds: SegmentationPass.secondsInNetworks(jobs)
        + (SegmentationPass.secondsAroundNetworks(shape: shape, jobs: jobs, settings: settings)
          + (combination?.seconds(shape: shape) ?? 0)) / Double(threads),
      models: orders.indices.map { i in
        SegmentationForecast.ModelForecast(
          title: orders[i].model.title, rescales: sizes[i] != .init(y: shape.y, x: shape.x),
          runsPerWindow: choice.layouts[i].tilesPerWindow, windows: schedules[i].windows.count,
          isSplit: choice.isSplit[i], uncoveredSlices: range.count { schedules[i].coverage[$0] == 0 },
          workingY: sizes[i].y, workingX: sizes[i].x)
      })
  }

  /// The pixel size a model wants to work at; `nil`: the tomogram's own.
  package static func target(of model: SegmentationModel, _ settings: InferenceSettings) -> Length? {
    switch settings.scaling {
    case .asTrained: model.pixelSize
    case .pixelSize(let length): length
    case .native: nil
    }
  }

  private static func sigma(
    _ blur: InferenceSettings.Blur, voxelSize: VoxelSize?
  ) throws(AisError) -> (z: Double, y: Double, x: Double) {
    if blur == .none { return (0, 0, 0) }
    guard let voxelSize else {
      throw AisError(
        .needsDecision,
        "the blur is a length, but the file does not say how large its voxels are: give '--voxel-size', for example "
          + "'--voxel-size 10A'")
    }
    return (blur.z / voxelSize.z, blur.y / voxelSize.y, blur.x / voxelSize.x)
  }

  static func schedule(
    _ model: SegmentationModel, range: Range<Int>, of count: Int, _ settings: InferenceSettings
  ) -> WindowSchedule {
    guard model.isThreeDimensional else { return .slices(range, of: count, depth: model.depth) }
    let trained = model.trainedPositions
    let stride = min(settings.slabStride ?? min(max(1, model.depth / 2), trained.count), model.depth)
    return .slabs(
      range, of: count, depth: model.depth, stride: stride, trained: trained, coversEnds: settings.tiling == .exact)
  }

  /// Wall time that the engine predicts for the networks of all jobs.
  static func secondsInNetworks(_ jobs: [Job]) -> Double {
    jobs.reduce(0) { $0 + Double($1.schedule.windows.count) * $1.layout.secondsPerWindow }
  }

  /// Processor time for reading, preparing, gathering, assembling and writing, from nanoseconds per voxel as measured on
  /// one core of a Zen 4; a few per cent for any but the smallest networks.
  private static func secondsAroundNetworks(shape: Shape, jobs: [Job], settings: InferenceSettings) -> Double {
    let voxels = Double(shape.count)
    let statistics = Double(min(32, shape.z)) * Double(shape.sliceCount) * 12e-9
    var seconds = statistics + voxels * 3e-9
    for job in jobs {
      let working = Double(job.working.count)
      let windows = Double(job.schedule.windows.count)
      seconds += voxels * 5e-9
      seconds += windows * working * Double(job.model.depth * job.settings.augmentations) * 2e-9
      if job.working != .init(y: shape.y, x: shape.x) { seconds += voxels * 15e-9 + working * Double(shape.z) * 5e-9 }
      if settings.blur != .none { seconds += voxels * 20e-9 }
    }
    return seconds
  }

  /// Slices alive at once, in bytes.
  private static func slices(
    shape: Shape, orders: [Order], schedules: [WindowSchedule], sizes: [SlicePreparation.Size],
    preparations: [SlicePreparation], indices: [Int], sigmaZ: Double
  ) -> [SegmentationForecast.MemoryUse] {
    let float = MemoryLayout<Float>.size
    var input = 0
    for (index, preparation) in preparations.enumerated() {
      // Models of one preparation share slices, so the deepest decides.
      let depth = orders.indices.filter { indices[$0] == index }.map { min(orders[$0].model.depth, shape.z) }.max() ?? 1
      input += (depth + 1) * preparation.target.count * float
    }
    if preparations.contains(where: \.rescales) {
      input += (preparations.count > 1 ? 2 : 1) * shape.sliceCount * float
    }
    var output = 0
    for i in orders.indices {
      output += (schedules[i].largestUnsettled + 1) * sizes[i].count * float
      let rescales = sizes[i] != .init(y: shape.y, x: shape.x)
      output += ResultAssembler.sliceCount(rescales: rescales, sigmaZ: sigmaZ) * shape.sliceCount * float
    }
    output += (orders.map(\.storedBytes).max() ?? 0) * shape.sliceCount
    return [
      .init(purpose: "slices read and prepared", bytes: input), .init(purpose: "slices of results", bytes: output),
      .init(
        purpose: "networks' weights",
        bytes: orders.reduce(0) { $0 + $1.model.network.weightBytes + $1.model.network.graph.parameterCount * float }),
      .init(purpose: "the engine", bytes: orders.map(\.model.network.engineBytes).max() ?? 0),
    ].filter { $0.bytes > 0 }
  }
}

extension WindowSchedule {
  /// The most slices whose sums are open at once.
  var largestUnsettled: Int {
    var open = Set<Int>()
    var largest = 0
    for window in windows {
      open.formUnion(window.outputs.compactMap(\.self))
      largest = max(largest, open.count)
      open = open.filter { $0 >= window.settled }
    }
    return largest
  }
}

extension AisError {
  static func voxelSizeNeeded(model: String) -> AisError {
    AisError(
      .needsDecision,
      "the file does not say how large its voxels are, and model '\(model)' works at a pixel size of its own: give "
        + "'--voxel-size', for example '--voxel-size 10A', or '--processing-voxel-size native' to leave the slices as "
        + "they are")
  }
}
