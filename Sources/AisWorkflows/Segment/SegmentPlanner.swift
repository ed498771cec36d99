import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation
import Logging

/// Makes the plan of a run: looks at every model and every tomogram's header, and finds what would go wrong.
package struct SegmentPlanner {
  private let request: SegmentRequest
  private let engine: any Engine
  private let logger: Logger
  private var models: [SegmentPlan.LoadedModel] = []

  /// What the program needs besides slices and networks: itself, its libraries, the engine's threads. Measured.
  package static let programBytes = 30 << 20

  /// Throws what stops the whole run: models that cannot be read, inputs that are not there, names that clash, too little
  /// disk. What concerns one tomogram becomes a refusal of its task.
  package static func plan(
    _ request: SegmentRequest, engine: any Engine, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> SegmentPlan {
    var planner = SegmentPlanner(request: request, engine: engine, logger: logger)
    return try planner.plan(cancellation)
  }

  private init(request: SegmentRequest, engine: any Engine, logger: Logger) {
    self.request = request
    self.engine = engine
    self.logger = logger
  }

  private mutating func plan(_ cancellation: Cancellation) throws(AisError) -> SegmentPlan {
    try OutputName.check(request.namePattern)
    try request.settings.validate()
    let inputs = try InputCollection(request.inputs)
    for path in request.models { models.append(try load(path)) }
    let names = try outputs(for: inputs.paths)

    var tasks: [SegmentTask] = []
    for (input, outputs) in zip(inputs.paths, names) {
      try cancellation.check()
      var task = SegmentTask(input: input)
      do throws(AisError) { try fill(&task, outputs: outputs, keepsOpen: names.count == 1) } catch {
        task.refusals.append(error)
      }
      tasks.append(task)
    }
    let plan = SegmentPlan(
      request: request, engine: engine, models: models, tasks: tasks,
      skippedSegmentations: inputs.passedOver)
    try checkDisk(plan)
    return plan
  }

  private func load(_ path: String) throws(AisError) -> SegmentPlan.LoadedModel {
    let file = try ModelFile.read(path)
    for warning in file.warnings { logger.warning("'\(path)': \(warning)") }
    let network: any LoadedNetwork
    do throws(AisError) { network = try engine.load(file.graph) } catch {
      throw AisError(error.code, "model '\(path)' cannot be run: \(error.message)")
    }
    let model = try SegmentationModel(
      title: file.metadata.title, network: network, depth: file.metadata.modelDepth,
      normalization: file.metadata.normalization == .globalMAD ? .wholeTomogram : .eachSlice,
      pixelSize: file.metadata.pixelSize, zJitter: file.metadata.zJitter)
    return SegmentPlan.LoadedModel(file: file, model: model)
  }

  /// The path of each tomogram's output of each model. Throws when two would be the same, or one an input.
  private func outputs(for inputs: [String]) throws(AisError) -> [[String]] {
    let folder = OutputFolder.prefix(request.outputFolder)
    var claims = OutputClaims(inputs: inputs)
    var claimants: [String: Int] = [:]
    var result: [[String]] = []
    for input in inputs {
      var paths: [String] = []
      for (index, model) in models.enumerated() {
        let name = OutputName.name(
          pattern: request.namePattern, tomogram: input, model: model.file.path, title: model.model.title)
        let path = folder + name
        let otherModel = claimants[name]
        claims.claim(path, for: input) { other in clash(name, (input, index), (other, otherModel ?? index)) }
        claimants[name] = index
        paths.append(path)
      }
      result.append(paths)
    }
    try claims.check()
    return result
  }

  private func clash(_ name: String, _ a: (input: String, model: Int), _ b: (input: String, model: Int)) -> String {
    if a.input == b.input {
      return "models '\(models[b.model].file.path)' and '\(models[a.model].file.path)' both give '\(name)': use "
        + "'--name {stem}_{model}', or run them into different folders"
    }
    return
      "'\(b.input)' and '\(a.input)' both give '\(name)': use '--name {parent}_{stem}', or run them into different "
      + "folders"
  }

  /// Opens the tomogram, settles how it is read for each model, and plans the passes.
  private func fill(_ task: inout SegmentTask, outputs: [String], keepsOpen: Bool) throws(AisError) {
    let print = try InputFingerprint(task.input)
    // Models that want bytes read alike share a pass.
    var groups: [(options: TomogramOptions, outputs: [SegmentTask.Output])] = []
    for (index, path) in outputs.enumerated() {
      let options = options(for: models[index].model)
      let settings = SegmentProvenance.Settings(request, options: options, model: models[index].model)
      let fingerprint = SegmentProvenance.fingerprint(model: models[index].file, settings: settings, input: print)
      switch request.replacesOutputs ? .absent : ExistingOutput.look(atSegmentation: path, fingerprint: fingerprint) {
      case .same: task.finished.append(path)
      case .other(let reason): task.refusals.append(AisError(.needsDecision, reason))
      case .absent:
        let output = SegmentTask.Output(model: index, path: path, settings: settings, fingerprint: fingerprint)
        if let group = groups.firstIndex(where: { $0.options == options }) {
          groups[group].outputs.append(output)
        } else {
          groups.append((options, [output]))
        }
      }
    }
    for group in groups {
      let tomogram = try Tomogram.open(task.input, options: group.options)
      for warning in tomogram.warnings { logger.debug("'\(task.input)': \(warning.message)") }
      try VoxelSizeGuard.check(
        tomogram, path: task.input, models: group.outputs.map { models[$0.model].model }, settings: request.settings,
        logger: logger)
      warnAboutOrientation(tomogram, task.input)
      let pass = try SegmentationPass.planned(tomogram, group.outputs, request: request, models: models)
      warnAboutUncovered(pass.forecast, task.input)
      task.passes.append(
        SegmentTask.Pass(
          options: group.options, outputs: group.outputs, forecast: pass.forecast,
          diskBytes: group.outputs.count
            * MRCOutput(
              shape: tomogram.shape, elementType: request.outputType.elementType, voxelSize: nil
            ).byteCount,
          tomogram: keepsOpen ? tomogram : nil))
    }
  }

  /// How a model wants the file read. The reference takes bytes as unsigned for globally normalised models and as
  /// signed for all others, whatever the file says.
  private func options(for model: SegmentationModel) -> TomogramOptions {
    var options = request.view
    options.cacheBytes = Self.cacheBytes(request)
    if options.compatibility == .reference, options.byteSign == .automatic {
      options.byteSign = model.normalization == .wholeTomogram ? .unsigned : .signed
    }
    return options
  }

  /// Slices are read once and in order, so that a cache only helps where the file's sections lie across them.
  private static func cacheBytes(_ request: SegmentRequest) -> Int {
    let isAcross = request.view.view.axes != .xyz || request.view.view.rotatesX
    return min(isAcross ? 64 << 20 : 8 << 20, max(1 << 20, request.memoryLimit / 16))
  }

  /// A volume that is by far thinnest along y probably lies on its side: nobody images a specimen so. The shape is a hint
  /// only; the check-up looks at the missing wedge.
  private func warnAboutOrientation(_ tomogram: Tomogram, _ input: String) {
    let shape = tomogram.shape
    guard 2 * shape.y < min(shape.x, shape.z) else { return }
    logger.warning(
      "'\(input)' is thinnest along y (\(shape)), as IMOD's stacks are before they are rotated: the slices may cut the specimen from the side. Find out with  ais info --check \(shellWord(input))  and turn it while it is read with --rotate-x"
    )
  }

  private func warnAboutUncovered(_ forecast: SegmentationForecast, _ input: String) {
    for model in forecast.models where model.uncoveredSlices > 0 {
      logger.warning(
        "'\(input)': \(model.uncoveredSlices) slices stay 0, for model '\(model.title)' was only trained on the middle of its slabs. '--tiling exact' covers all slices"
      )
    }
  }

  private func checkDisk(_ plan: SegmentPlan) throws(AisError) {
    // Provenance and folders take a few kilobytes each.
    let needed = plan.diskBytes + plan.outputCount * (16 << 10)
    guard let free = DiskSpace.free(at: request.outputFolder), needed > free else { return }
    let smaller = plan.diskBytes / request.outputType.elementType.byteCount
    let advice =
      request.outputType == .int8
      ? "Free some space, or choose another '-o'"
      : "'--output-type int8' would need \(ByteCount(smaller)). Or free some space, or choose another '-o'"
    throw AisError(
      .diskFull,
      "the outputs need \(ByteCount(needed)) in '\(request.outputFolder)', \(ByteCount(free)) are free. \(advice)")
  }
}

extension SegmentationPass {
  /// The pass over one tomogram: made once to forecast and once more to run, with the same result.
  static func planned(
    _ tomogram: Tomogram, _ outputs: [SegmentTask.Output], request: SegmentRequest, models: [SegmentPlan.LoadedModel]
  ) throws(AisError) -> SegmentationPass {
    try SegmentationPass(
      shape: tomogram.shape, voxelSize: tomogram.voxelSize,
      orders: outputs.map {
        SegmentationPass.Order(
          model: models[$0.model].model, scale: request.outputType.scale,
          storedBytes: request.outputType.elementType.byteCount)
      },
      settings: request.settings,
      budget: MemoryBudget(
        limit: request.memoryLimit, reserved: SegmentPlanner.programBytes + tomogram.options.cacheBytes),
      threads: request.threads)
  }
}
