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
  private var group: GroupRecipe?

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
    try loadModels()
    let outputs = try SegmentOutputNames(request: request, models: models).outputs(for: inputs.paths)

    var tasks: [SegmentTask] = []
    for (input, wanted) in zip(inputs.paths, outputs) {
      try cancellation.check()
      var task = SegmentTask(input: input, outputs: wanted.map(\.path))
      do throws(AisError) { try fill(&task, outputs: wanted, keepsOpen: outputs.count == 1) } catch {
        task.refusals.append(error)
      }
      tasks.append(task)
    }
    let plan = SegmentPlan(
      request: request, engine: engine, models: models, group: group, tasks: tasks,
      skippedSegmentations: inputs.passedOver)
    try checkDisk(plan)
    return plan
  }

  private mutating func loadModels() throws(AisError) {
    guard let path = request.group else {
      for path in request.models {
        let file = try ModelFile.read(path)
        models.append(try load(file, title: file.metadata.title))
      }
      return
    }
    var (whole, files) = try ModelGroup.readWhole(path)
    for finding in whole.findings { logger.warning("'\(path)': \(finding.message)") }
    // A tomogram is read as the reference reads it so that the results are the reference's: then in this, too.
    if request.view.compatibility == .reference { whole.recipe.compatibility = .reference }
    if let problem = whole.recipe.findings.first(where: { $0.severity == .error }) {
      throw AisError(.usage, "'\(path)': \(problem.message)")
    }
    for (model, file) in zip(whole.recipe.models, files) {
      var loaded = try load(file, title: model.title)
      loaded.member = model
      models.append(loaded)
    }
    group = whole.recipe
  }

  private func load(_ file: ModelFile, title: String) throws(AisError) -> SegmentPlan.LoadedModel {
    for warning in file.warnings { logger.warning("'\(file.path)': \(warning)") }
    return try SegmentPlan.LoadedModel(file, title: title, engine: engine)
  }

  /// Opens the tomogram, settles how it is read for each model, and plans the passes.
  private func fill(
    _ task: inout SegmentTask, outputs: [SegmentOutputNames.Name], keepsOpen: Bool
  ) throws(AisError) {
    let request = request.own(task.input)
    let file = try RandomAccessFile(task.input)
    let print = try InputFingerprint(file)
    task.fingerprint = print
    var missing: [(options: TomogramOptions, output: SegmentTask.Output)] = []
    for name in outputs {
      let options = options(for: models[name.model].model, request)
      let settings = SegmentProvenance.Settings(request, options: options, model: models[name.model])
      let fingerprint = fingerprint(of: name, settings: settings, input: print)
      switch request.replacesOutputs
        ? .absent : ExistingOutput.look(atSegmentation: name.path, fingerprint: fingerprint)
      {
      case .same: task.finished.append(name.path)
      case .other(let reason): task.refusals.append(AisError(.needsDecision, reason))
      case .absent:
        missing.append(
          (
            options,
            SegmentTask.Output(
              kind: name.kind, model: name.model, path: name.path, settings: settings, fingerprint: fingerprint)
          ))
      }
    }
    if missing.isEmpty { return }
    if group != nil {
      // Each result may depend on all models: all run, and what is there already is not written again.
      let options = try commonOptions(file, request)
      task.passes.append(
        try pass(
          over: file, options: options, models: Array(models.indices), outputs: missing.map(\.output), request,
          keepsOpen)
      )
      return
    }
    // Models that want bytes read alike share a pass.
    var readings: [TomogramOptions] = []
    for (options, _) in missing where !readings.contains(options) { readings.append(options) }
    for options in readings {
      let outputs = missing.filter { $0.options == options }.map(\.output)
      task.passes.append(
        try pass(over: file, options: options, models: outputs.map(\.model), outputs: outputs, request, keepsOpen)
      )
    }
  }

  private func pass(
    over file: RandomAccessFile, options: TomogramOptions, models indices: [Int], outputs: [SegmentTask.Output],
    _ request: SegmentRequest, _ keepsOpen: Bool
  ) throws(AisError) -> SegmentTask.Pass {
    let input = file.path
    let tomogram = try Tomogram.open(file, options: options)
    for warning in tomogram.warnings { logger.debug("'\(input)': \(warning.message)") }
    try VoxelSizeGuard.check(
      tomogram, path: input, models: indices.map { models[$0] }, settings: request.settings,
      hasRadii: group?.rules.contains { $0.radiusNanometer > 0 } ?? false, logger: logger)
    warnAboutOrientation(tomogram, input)
    var pass = SegmentTask.Pass(
      options: options, models: indices, combination: group?.combination, outputs: outputs,
      forecast: .none, diskBytes: 0, tomogram: keepsOpen ? tomogram : nil)
    pass.forecast = try SegmentationPass.planned(tomogram, pass, request: request, models: models).forecast
    warnAboutUncovered(pass.forecast, input)
    pass.diskBytes = outputs.reduce(0) { sum, output in
      let type = SegmentTask.elementType(of: output.kind, request: request, labels: indices.count)
      return sum + MRCOutput(shape: tomogram.shape, elementType: type, voxelSize: nil).byteCount
    }
    return pass
  }

  private func fingerprint(
    of name: SegmentOutputNames.Name, settings: SegmentProvenance.Settings, input: InputFingerprint
  ) -> String {
    let model = models[name.model]
    guard let group, name.kind != .raw else {
      return SegmentProvenance.fingerprint(
        model: model.file, title: model.model.title, settings: settings, input: input)
    }
    return SegmentProvenance.fingerprint(
      group: group, files: models.map(\.file), output: name.kind == .labels ? nil : model.model.title,
      settings: settings, input: input)
  }

  /// How a group's models want the file read. Throws where they want the same bytes read differently.
  private func commonOptions(_ file: RandomAccessFile, _ request: SegmentRequest) throws(AisError) -> TomogramOptions {
    let wanted = models.map { options(for: $0.model, request) }
    if wanted.contains(where: { $0 != wanted[0] }), try Tomogram.open(file, options: wanted[0]).info.byteSign != nil {
      throw AisError(
        .needsDecision,
        "the models of the group want the bytes of '\(file.path)' read differently, as the reference program does: say how with '--byte-sign signed' or '--byte-sign unsigned'"
      )
    }
    return wanted[0]
  }

  /// How a model wants the file read. The reference takes bytes as unsigned for globally normalised models and as
  /// signed for all others, whatever the file says.
  private func options(for model: SegmentationModel, _ request: SegmentRequest) -> TomogramOptions {
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
    _ tomogram: Tomogram, _ pass: SegmentTask.Pass, request: SegmentRequest, models: [SegmentPlan.LoadedModel]
  ) throws(AisError) -> SegmentationPass {
    try SegmentationPass(
      shape: tomogram.shape, voxelSize: tomogram.voxelSize,
      orders: pass.models.map {
        SegmentationPass.Order(
          model: models[$0].model, scale: request.outputType.scale,
          storedBytes: request.outputType.elementType.byteCount, settings: models[$0].settings(request.settings))
      },
      combination: pass.combination, makesLabels: pass.makesLabels, settings: request.settings,
      budget: MemoryBudget(
        limit: request.memoryLimit, reserved: SegmentPlanner.programBytes + tomogram.options.cacheBytes),
      threads: request.threads)
  }
}
