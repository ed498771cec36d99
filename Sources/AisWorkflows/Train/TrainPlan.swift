import AisCore
import AisFormats
import AisNetworks
import AisTraining
import Foundation

/// What a training will do: the network it starts from, the batches it sees, and the files it writes.
package struct TrainPlan: Sendable {
  package let request: TrainRequest
  package let title: String
  package let architectureName: String
  /// With the weights that training starts from.
  package let graph: NetworkGraph
  package let settings: TrainingSettings
  package let sampler: TrainingSampler
  /// The model file, and beside it the curves and what an unfinished training goes on from.
  package let modelPath: String
  package var curvesPath: String { stem + ".png" }
  package var checkpointPath: String { Self.checkpointPath(beside: modelPath) }
  /// What the training goes on from; `nil`: from its beginning.
  package let checkpoint: TrainingCheckpoint?
  package let identity: [String: String]
  package let warnings: [String]
  package let engine: Engine
  package let devices: TrainingDevices

  /// What computes the training.
  package enum Engine: Sendable {
    case torch(TorchInstallation)
    /// The interpreter that a user's own program was added with.
    case program(python: String)
  }

  private var stem: String { (modelPath as NSString).deletingPathExtension }

  /// Reads the sets of a request. Half of the memory is for boxes, half for what training computes with.
  package static func pool(
    _ request: TrainRequest, cancellation: Cancellation
  ) throws(AisError) -> TrainingPool {
    var sets: [TrainingSetFile] = []
    for path in request.sets { sets.append(try TrainingSetFile.open(path)) }
    return try TrainingPool(
      sets, filamentDiameter: request.filamentDiameter, memoryLimit: request.memoryLimit / 2, threads: request.threads,
      cancellation: cancellation)
  }

  /// Checks that everything fits; nothing is written.
  ///
  /// - Parameter known: the request's pool, where somebody has read its sets already.
  package static func make(
    _ request: TrainRequest, pool known: TrainingPool? = nil, cancellation: Cancellation
  ) throws(AisError) -> TrainPlan {
    try request.validate()
    let start = try Start(request)
    let engine = try start.engine(request)
    let devices = try devices(of: request, engine)
    let pool: TrainingPool
    if let known { pool = known } else { pool = try Self.pool(request, cancellation: cancellation) }
    var sampling = request.sampler
    sampling.seed = request.seed
    sampling.answersSlabs = start.architecture.form == .slabs
    let sampler = try TrainingSampler(pool, settings: sampling)
    try start.check(boxSize: sampler.boxSize, depth: sampler.depth, name: request.sets[0])
    guard sampler.stepsPerEpoch > 0 else {
      throw AisError(
        .usage, "there is nothing left to train on: fewer boxes are held out with a smaller '--validation'")
    }
    var graph = start.graph ?? start.architecture.graph(depth: sampler.depth, seed: request.seed)
    if var model = graph.customModel, model.saved.isEmpty {
      model.boxSize = sampler.boxSize
      graph = NetworkGraph(model)
    }
    if graph.customModel != nil { try checkEpoch(of: sampler, request) }

    let title = request.title ?? start.title ?? pool.features.joined(separator: "_")
    guard !title.isEmpty else {
      throw AisError(.needsDecision, "the training sets do not say what they show: name the feature with '--name'")
    }
    let isFile = request.output.lowercased().hasSuffix(".scnm")
    let path = isFile ? request.output : OutputFolder.prefix(request.output) + OutputName.safe(title) + ".scnm"
    let kept = try keptCheckpoint(request, beside: path)

    var settings = TrainingSettings(
      start.architecture, epochs: request.epochs, seed: request.seed, threads: request.threads)
    if let rate = request.learningRate { settings.learningRate = rate }
    settings.schedule = request.schedule
    settings.patience = request.patience
    settings.gradientLimit = request.gradientLimit
    if start.graph != nil { settings.warmUp(stepsPerEpoch: sampler.stepsPerEpoch) }
    // A training that began on a card goes on elsewhere with the numbers that it began with.
    let precision =
      request.precision ?? kept?.identity["precision"].flatMap { TrainingSettings.Precision(rawValue: $0) }
    settings.precision = precision ?? devices.quickestPrecision

    var warnings = pool.warnings
    if pool.positiveCount == 0 { warnings.append("no box shows the feature: the network will learn to find nothing") }
    if sampler.batchSize < request.sampler.batchSize {
      warnings.append("the sets have fewer boxes than a batch: batches are of \(sampler.batchSize)")
    }
    let identity = try identity(request, settings: settings, sampler: sampler, start: start, graph: graph)
    let plan = TrainPlan(
      request: request, title: title, architectureName: start.name, graph: graph, settings: settings, sampler: sampler,
      modelPath: path, checkpoint: nil, identity: identity, warnings: warnings, engine: engine, devices: devices)
    return try plan.checkingOutputs(kept)
  }

  private static func devices(of request: TrainRequest, _ engine: Engine) throws(AisError) -> TrainingDevices {
    guard case .program = engine else { return try request.device.resolved() }
    if case .named(let devices) = request.device, devices != [.processor] {
      throw AisError(.usage, "the program trains itself, on what it likes: '--device' is for networks of layers")
    }
    return .processor
  }

  private static func checkpointPath(beside model: String) -> String {
    (model as NSString).deletingPathExtension + ".training"
  }

  /// The checkpoint that a training which is to go on has left.
  private static func keptCheckpoint(
    _ request: TrainRequest, beside model: String
  ) throws(AisError) -> CheckpointFile? {
    let path = checkpointPath(beside: model)
    guard request.resumes, FileManager.default.fileExists(atPath: path) else { return nil }
    return try CheckpointFile(path: path)
  }

  /// A user's own program is handed all boxes of an epoch at once, here and in its own process.
  private static func checkEpoch(of sampler: TrainingSampler, _ request: TrainRequest) throws(AisError) {
    let boxes = sampler.stepsPerEpoch * sampler.batchSize
    let values = boxes * (sampler.depth + 1) * sampler.boxSize * sampler.boxSize
    let bytes = 6 * values * MemoryLayout<Float>.size
    guard bytes > request.memoryLimit else { return }
    throw AisError(
      .outOfMemory,
      "the program is handed the \(boxes) boxes of an epoch at once, which takes \(ByteCount(bytes)) and \(ByteCount(request.memoryLimit)) may be "
        + "used: give fewer '--copies', or more '--memory'")
  }

  /// What must be as it was for a training to go on.
  private static func identity(
    _ request: TrainRequest, settings: TrainingSettings, sampler: TrainingSampler, start: Start, graph: NetworkGraph
  ) throws(AisError) -> [String: String] {
    var sets: [String] = []
    for path in request.sets { sets.append(String(try InputFingerprint(path).sampleHash.prefix(16))) }
    func word(_ value: Double?, otherwise: String) -> String { value.map { "\($0)" } ?? otherwise }
    let sampling = request.sampler
    var identity: [String: String] = [:]
    identity["architecture"] = start.name
    identity["sets"] = sets.joined(separator: " ")
    identity["first weights"] = String(graph.contentHash.prefix(16))
    identity["batch"] = "\(sampler.batchSize)"
    identity["copies"] = "\(sampling.copies)"
    identity["validation"] = "\(sampling.validationFraction)"
    identity["depth"] = "\(sampler.depth)"
    identity["negatives"] = word(sampling.negativesPerPositive, otherwise: "all")
    identity["filament"] = word(request.filamentDiameter, otherwise: "none")
    identity["augmentation"] = "\(sampling.augmentation)"
    identity["rate"] = "\(settings.learningRate)"
    identity["schedule"] = settings.schedule.rawValue
    identity["clip"] = word(settings.gradientLimit, otherwise: "none")
    identity["seed"] = "\(settings.seed)"
    identity["threads"] = "\(settings.threads)"
    identity["precision"] = settings.precision.rawValue
    if settings.schedule == .cosine { identity["epochs"] = "\(settings.epochs)" }
    return identity
  }

  /// The plan with the checkpoint that it goes on from. Throws `needsDecision` when something is in the way.
  private func checkingOutputs(_ kept: CheckpointFile?) throws(AisError) -> TrainPlan {
    let manager = FileManager.default
    let (hasCheckpoint, hasModel) = (
      manager.fileExists(atPath: checkpointPath), manager.fileExists(atPath: modelPath)
    )
    if let kept {
      let name = (checkpointPath as NSString).lastPathComponent
      try kept.check(identity, name: name)
      return TrainPlan(
        request: request, title: title, architectureName: architectureName, graph: graph, settings: settings,
        sampler: sampler, modelPath: modelPath, checkpoint: kept.checkpoint, identity: identity, warnings: warnings,
        engine: engine, devices: devices)
    }
    guard !request.replacesOutputs else { return self }
    if hasCheckpoint {
      throw AisError(
        .needsDecision,
        "'\(checkpointPath)' is of a training that did not end: '--resume' goes on with it, '--force' begins anew")
    }
    if hasModel {
      throw AisError(
        .needsDecision, "'\(modelPath)' is there already: use '--force' to replace it, or another '-o' or '--name'")
    }
    return self
  }
}

/// The network that a training starts from.
private struct Start {
  let architecture: Architecture
  let name: String
  var graph: NetworkGraph?
  var title: String?

  init(_ request: TrainRequest) throws(AisError) {
    let library = ArchitectureLibrary(folder: request.architectureFolder)
    guard let path = request.startModel else {
      architecture = try library.named(request.architecture ?? Architecture.standard)
      name = architecture.name
      return
    }
    let model = try ModelFile.read(path)
    let said = request.architecture ?? model.metadata.architecture
    var known: Architecture?
    if let name = request.architecture {
      known = try library.named(name)
    } else if let said {
      known = try? library.named(said)
    }
    // Of layouts that nobody named only the losses' defaults are taken over, not the layers.
    let isSlab = model.graph.dimensionality == .three
    if let known {
      architecture = known
    } else {
      architecture = try Architecture.named(isSlab ? "ezm-3d-M" : Architecture.standard)
    }
    name = said ?? "unnamed"
    graph = model.graph
    title = model.metadata.title
  }

  /// Throws `notAllowed` for programs that the user has not added, `engineUnavailable` when libtorch is needed and missing.
  func engine(_ request: TrainRequest) throws(AisError) -> TrainPlan.Engine {
    let program = graph == nil ? architecture.program : graph?.customModel?.program
    guard let program else { return .torch(try TorchInstallation.find(program: ProgramPath.current)) }
    return .program(python: try CustomModelStore(folder: request.architectureFolder).interpreter(for: program))
  }

  /// Throws `shapeMismatch` when the boxes do not fit the network.
  func check(boxSize: Int, depth: Int, name set: String) throws(AisError) {
    if let graph {
      if graph.dimensionality == .two, graph.inputChannels != depth {
        throw AisError(
          .shapeMismatch,
          "the model takes \(graph.inputChannels) slices and '\(set)' has boxes of \(depth): extract a set with '--depth \(graph.inputChannels)'"
        )
      }
      _ = try graph.shapes(
        for: TensorShape(
          z: graph.dimensionality == .three ? depth : 1, y: boxSize, x: boxSize, channels: graph.inputChannels))
      return
    }
    guard boxSize % architecture.sideMultiple == 0 else {
      throw AisError(
        .shapeMismatch,
        "'\(name)' halves its boxes until their sides must be multiples of \(architecture.sideMultiple), and those of '\(set)' have \(boxSize) pixels: "
          + "extract a set with another '--box', or choose another architecture")
    }
    guard depth % architecture.depthMultiple == 0, architecture.form == .slices || depth > 1 else {
      throw AisError(
        .shapeMismatch,
        "'\(name)' needs slabs whose depth is a multiple of \(architecture.depthMultiple), and those of '\(set)' have \(depth) slices: "
          + "extract a set with another '--depth'")
    }
  }
}

extension TrainingSettings.Precision {
  /// bfloat16 where the processor multiplies it by itself, else float32.
  package static var quickest: TrainingSettings.Precision {
    let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let flags = facts.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return flags.contains("avx512_bf16") || flags.contains("amx_bf16") ? .bfloat16 : .float32
  }
}
