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
    let library = try TorchLibrary(plan.installation)
    try library.setBudget(max(plan.request.memoryLimit / 2, 256 << 20))
    report(.began(firstEpoch: (plan.checkpoint?.history.count ?? 0) + 1))
    let trainer = Trainer(
      plan.graph, settings: plan.settings, source: plan.sampler, library: library,
      dataThreads: max(1, plan.request.threads / 4))
    let outcome = try trainer.run(
      from: plan.checkpoint, live: live, cancellation: cancellation, observer: Watcher(plan: plan, report: report))
    if outcome.ending == .stopped { try save(outcome.checkpoint) }
    try write(outcome, record)
    report(.wrote(path: plan.modelPath))
    if outcome.ending != .stopped, !plan.request.keepsCheckpoint {
      try? FileManager.default.removeItem(atPath: plan.checkpointPath)
    }
    return outcome
  }

  private func save(_ checkpoint: TrainingCheckpoint) throws(AisError) {
    try CheckpointFile(checkpoint, identity: plan.identity).write(to: plan.checkpointPath)
  }

  private struct Watcher: TrainingObserver {
    let plan: TrainPlan
    let report: (Event) -> Void

    func stepped(_ progress: TrainingProgress) throws(AisError) { report(.step(progress)) }

    func finished(_ epoch: EpochRecord, checkpoint: TrainingCheckpoint) throws(AisError) {
      try CheckpointFile(checkpoint, identity: plan.identity).write(to: plan.checkpointPath)
      report(.epoch(epoch))
    }
  }

  /// Model, curves and account.
  private func write(_ outcome: TrainingOutcome, _ record: WorkRecord) throws(AisError) {
    let stem = ((plan.modelPath as NSString).lastPathComponent as NSString).deletingPathExtension
    let metadata = plan.metadata(of: outcome)
    let model = try ModelFile.bytes(
      of: outcome.best, metadata, stem: stem, batchMomentum: Float(plan.settings.batchMomentum),
      extras: .init(history: outcome.history.csv()))
    var outputs = [(path: plan.modelPath, bytes: model)]
    if let picture = TrainingCurves.picture(outcome.history, title: plan.title) {
      outputs.append(
        (plan.curvesPath, try PNGEncoder.encode(rgb: picture.rgb, width: picture.width, height: picture.height)))
    }
    try record.write(
      outputs,
      results: TrainAccount.Results(
        ending: outcome.ending, parameters: outcome.best.parameterCount, epochs: outcome.history),
      warnings: plan.warnings)
  }
}

extension TrainPlan {
  /// The account that the model will have beside it; equal fingerprints mean the same training.
  package func record() throws(AisError) -> WorkRecord {
    try WorkRecord(
      schema: TrainAccount.schema, settings: TrainAccount.Settings(self),
      inputs: request.sets + (request.startModel.map { [$0] } ?? []))
  }

  /// What the model file says of the network.
  func metadata(of outcome: TrainingOutcome) -> ModelMetadata {
    var metadata = ModelMetadata()
    let best = outcome.history.best
    let (pool, split) = (sampler.pool, request.sampler.validationFraction)
    metadata.title = title
    metadata.apix = pool.pixelSize?.angstrom
    metadata.boxSize = sampler.boxSize
    metadata.modelDepth = sampler.depth
    metadata.filamentDiameter = request.filamentDiameter
    metadata.architecture = architectureName
    metadata.epochs = request.epochs
    metadata.batchSize = sampler.batchSize
    metadata.copies = request.sampler.copies
    metadata.parameterCount = outcome.best.parameterCount
    metadata.loss = best?.judgedLoss ?? 0
    metadata.normalization = sampler.normalisation == .globalMAD ? .globalMAD : .perSlice
    metadata.zJitter = pool.jitter
    metadata.excessNegative = request.sampler.negativesPerPositive.map { Int((($0 - 1) * 100).rounded()) } ?? -100
    let millions = String(format: "%.1f Mp", Double(outcome.best.parameterCount) / 1e6)
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
