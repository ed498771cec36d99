import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisTraining
import Foundation
import Logging

/// Carries a training out: learns, keeps what it could go on from after every epoch, and writes the model.
package struct TrainRun {
  /// What happens, in its order.
  package enum Event: Sendable {
    case began(firstEpoch: Int)
    case step(TrainingProgress)
    case epoch(EpochRecord)
    case wrote(path: String)
  }

  private let plan: TrainPlan
  private let cancellation: Cancellation
  private let logger: Logger

  package init(_ plan: TrainPlan, cancellation: Cancellation, logger: Logger) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Trains and writes; when it is stopped, what there is is written too, and the checkpoint stays.
  package func run(
    live: LiveWeights? = nil, report: @escaping (Event) -> Void
  ) throws(AisError) -> TrainingOutcome {
    try OutputFolder.prepare((plan.modelPath as NSString).deletingLastPathComponent.nonEmpty ?? ".", logger: logger)
    let record = try plan.record()
    let file = plan.request.livePath.map { LiveFile(plan, path: $0, logger: logger) }
    let live = live ?? file.map { file in LiveWeights(every: plan.request.liveSeconds) { file.write($0) } }
    let outcome = try train(live, Watcher(plan: plan, report: report, liveFile: file))
    file?.write(outcome.last)
    if outcome.ending == .stopped { try save(outcome.checkpoint) }
    try write(outcome, record)
    report(.wrote(path: plan.modelPath))
    if outcome.ending != .stopped, !plan.request.keepsCheckpoint {
      try? FileManager.default.removeItem(atPath: plan.checkpointPath)
    }
    return outcome
  }

  private func train(_ live: LiveWeights?, _ watcher: Watcher) throws(AisError) -> TrainingOutcome {
    let dataThreads = plan.devices.dataThreads(of: plan.request.threads)
    switch plan.engine {
    case .torch(let installation):
      let library = try TorchLibrary(installation)
      try library.setBudget(max(plan.request.memoryLimit / 2, 256 << 20))
      watcher.report(.began(firstEpoch: (plan.checkpoint?.history.count ?? 0) + 1))
      let trainer = Trainer(
        plan.graph, settings: plan.settings, source: plan.sampler, library: library, devices: plan.devices.devices,
        dataThreads: dataThreads)
      do throws(AisError) {
        return try trainer.run(from: plan.checkpoint, live: live, cancellation: cancellation, observer: watcher)
      } catch {
        throw error.code == .outOfMemory ? tooLarge(error) : error
      }
    case .program(let python):
      guard let model = plan.graph.customModel else { throw AisError(.usage, "the architecture is not a program") }
      watcher.report(.began(firstEpoch: (plan.checkpoint?.history.count ?? 0) + 1))
      let trainer = CustomTrainer(
        model, python: python, settings: plan.settings, source: plan.sampler, dataThreads: dataThreads)
      return try trainer.run(from: plan.checkpoint, live: live, cancellation: cancellation, observer: watcher)
    }
  }

  /// What to do when a batch is too large for what computes it.
  private func tooLarge(_ error: AisError) -> AisError {
    let devices = plan.devices
    let more = devices.usesCards ? "further cards share it ('--device gpu:0,gpu:1')" : "more '--memory' gives it room"
    var text =
      "there is not enough memory on \(devices.title) to learn from \(plan.sampler.batchSize) boxes at once: a smaller '--batch' "
      + "takes less, and \(more)"
    if FileManager.default.fileExists(atPath: plan.checkpointPath) {
      text +=
        "; '\(plan.checkpointPath)' keeps what was learnt, and '--resume' goes on with it where there is more memory"
    }
    return AisError(.outOfMemory, text, cause: error)
  }

  private func save(_ checkpoint: TrainingCheckpoint) throws(AisError) {
    try CheckpointFile(checkpoint, identity: plan.identity).write(to: plan.checkpointPath)
  }

  private struct Watcher: TrainingObserver {
    let plan: TrainPlan
    let report: (Event) -> Void
    let liveFile: LiveFile?

    func stepped(_ progress: TrainingProgress) throws(AisError) { report(.step(progress)) }

    func finished(_ epoch: EpochRecord, checkpoint: TrainingCheckpoint) throws(AisError) {
      try CheckpointFile(checkpoint, identity: plan.identity).write(to: plan.checkpointPath)
      liveFile?.finished(checkpoint.history)
      report(.epoch(epoch))
    }
  }

  /// Model, curves and account.
  private func write(_ outcome: TrainingOutcome, _ record: WorkRecord) throws(AisError) {
    let stem = ((plan.modelPath as NSString).lastPathComponent as NSString).deletingPathExtension
    let metadata = plan.metadata(of: outcome.best, outcome.history)
    var extras = ModelFile.Extras(history: outcome.history.csv())
    var warnings = plan.warnings
    do throws(AisError) {
      let parts = try preview(outcome.best, metadata)
      (extras.preview, extras.slice) = (parts?.picture, parts?.slice)
    } catch {
      // The network took longer to make than its picture: it is kept without one.
      warnings.append("the model has no preview: \(error.message)")
      logger.warning("the model has no preview: \(error.message)")
    }
    let model = try ModelFile.bytes(
      of: outcome.best, metadata, stem: stem, batchMomentum: Float(plan.settings.batchMomentum), extras: extras)
    var outputs = [(path: plan.modelPath, bytes: model)]
    if let picture = TrainingCurves.picture(outcome.history, title: plan.title) {
      outputs.append(
        (plan.curvesPath, try PNGEncoder.encode(rgb: picture.rgb, width: picture.width, height: picture.height)))
    }
    try record.write(
      outputs,
      results: TrainAccount.Results(
        ending: outcome.ending, parameters: outcome.best.parameterCount, epochs: outcome.history,
        device: plan.deviceName),
      warnings: warnings)
  }

  private func preview(_ graph: NetworkGraph, _ metadata: ModelMetadata) throws(AisError) -> ModelPreview.Parts? {
    guard let preview = plan.request.preview else { return nil }
    let threads = plan.request.threads
    let engine = CustomModelEngine(
      try CPUEngine(threads: threads), folder: plan.request.architectureFolder, threads: threads)
    return try preview.make(
      graph, metadata, engine: engine, memoryLimit: plan.request.memoryLimit, threads: threads)
  }
}

extension TrainPlan {
  /// What computes, as `--device` names it; `nil` for users' own programs.
  package var deviceName: String? { if case .program = engine { nil } else { devices.name } }

  /// The account that the model will have beside it; equal fingerprints mean the same training.
  package func record() throws(AisError) -> WorkRecord {
    try WorkRecord(
      schema: TrainAccount.schema, settings: TrainAccount.Settings(self),
      inputs: request.sets + (request.startModel.map { [$0] } ?? []))
  }

  /// What the model file says of the network.
  func metadata(of graph: NetworkGraph, _ history: [EpochRecord]) -> ModelMetadata {
    var metadata = ModelMetadata()
    let best = history.best
    let (pool, split) = (sampler.pool, request.sampler.validationFraction)
    metadata.title = title
    metadata.apix = pool.pixelSize?.angstrom
    metadata.boxSize = sampler.boxSize
    metadata.modelDepth = sampler.depth
    metadata.filamentDiameter = request.filamentDiameter
    metadata.architecture = architectureName
    metadata.epochs = history.count
    metadata.batchSize = sampler.batchSize
    metadata.copies = request.sampler.copies
    metadata.parameterCount = graph.parameterCount
    metadata.loss = best?.judgedLoss ?? 0
    metadata.normalization = sampler.normalisation == .globalMAD ? .globalMAD : .perSlice
    metadata.zJitter = pool.jitter
    metadata.excessNegative = request.sampler.negativesPerPositive.map { Int((($0 - 1) * 100).rounded()) } ?? -100
    let millions = String(format: "%.1f Mp", Double(graph.parameterCount) / 1e6)
    let held = split > 0 ? "|\(Int((split * 100).rounded()))%" : ""
    let shape = "\(sampler.boxSize)-\(sampler.depth), \(String(format: "%.1f", metadata.apix ?? -1)), "
    let loss = String(format: "%.4f", metadata.loss ?? 0)
    metadata.info = "\(architectureName) (\(millions), \(shape)\(loss)\(held))"
    metadata.shortInfo = "(\(architectureName), \(shape)\(loss)\(held))"
    return metadata
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
