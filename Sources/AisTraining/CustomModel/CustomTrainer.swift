import AisCore
import AisNetworks
import Foundation

/// Trains a user's own model: every epoch its program is handed the boxes of the epoch, once, and what it then answers is judged
/// here, as the answers of networks of layers are.
package struct CustomTrainer {
  /// Boxes of an epoch that the training scores are taken from, at most.
  private static let judgedBoxes = 256

  private let model: CustomModel
  private let python: String
  private let settings: TrainingSettings
  private let source: any BatchSource
  private let dataThreads: Int

  /// - Parameters:
  ///   - model: with what its program has saved before, if training goes on from there.
  ///   - python: the interpreter that the program was added with.
  package init(
    _ model: CustomModel, python: String, settings: TrainingSettings, source: any BatchSource, dataThreads: Int = 1
  ) {
    self.model = model
    self.python = python
    self.settings = settings
    self.source = source
    self.dataThreads = max(1, dataThreads)
  }

  /// Trains up to the last epoch, or on from a checkpoint, which is always of the end of an epoch.
  ///
  /// Throws `cancelled` when it is stopped before the first epoch has ended: there is nothing to keep then.
  package func run(
    from checkpoint: TrainingCheckpoint? = nil, live: LiveWeights? = nil, cancellation: Cancellation = Cancellation(),
    observer: some TrainingObserver
  ) throws(AisError) -> TrainingOutcome {
    defer { live?.end() }
    var point = checkpoint ?? TrainingCheckpoint(start: [:])
    var start = model
    if let saved = point.program?.last { start.saved = saved }
    let worker = try CustomModelWorker(
      start, python: python, threads: settings.threads, seed: settings.seed, cancellation: cancellation)
    defer { worker.end() }
    let steps = source.stepsPerEpoch
    let queue = BatchQueue(
      source, places: min(point.history.count, settings.epochs) * steps..<settings.epochs * steps, workers: dataThreads)
    defer { queue.stop() }
    let ending: TrainingOutcome.Ending
    do throws(AisError) {
      ending = try train(worker, queue, &point, live, cancellation, observer)
    } catch {
      guard error.code == .cancelled, point.program != nil else { throw error }
      return outcome(.stopped, point)
    }
    return outcome(ending, point)
  }

  private func outcome(_ ending: TrainingOutcome.Ending, _ point: TrainingCheckpoint) -> TrainingOutcome {
    TrainingOutcome(
      ending: ending, best: graph(point.program?.best, point), last: graph(point.program?.last, point),
      history: point.history, checkpoint: point)
  }

  private func graph(_ saved: [CustomModel.SavedFile]?, _ point: TrainingCheckpoint) -> NetworkGraph {
    var model = model
    model.saved = saved ?? model.saved
    model.parameterCount = point.program?.parameterCount ?? model.parameterCount
    return NetworkGraph(model)
  }

  private func train(
    _ worker: CustomModelWorker, _ queue: BatchQueue, _ point: inout TrainingCheckpoint, _ live: LiveWeights?,
    _ cancellation: Cancellation, _ observer: some TrainingObserver
  ) throws(AisError) -> TrainingOutcome.Ending {
    let start = ContinuousClock.now
    var stepsMade = 0
    while point.history.count < settings.epochs {
      if let patience = settings.patience, point.history.sinceBest >= patience { return .settled }
      let epochStart = ContinuousClock.now
      let batches = try epoch(of: queue, cancellation)
      let before = point
      try worker.fit(Self.arrays(batches), batch: batches[0].count, cancellation: cancellation) {
        done throws(AisError) in
        stepsMade += 1
        live?.serve { graph(before.program?.last, before) }
        try observer.stepped(
          TrainingProgress(
            epoch: before.history.count, step: min(max(done, 1), batches.count) - 1, epochs: settings.epochs,
            stepsPerEpoch: batches.count, scores: before.history.last?.training ?? Tally().scores,
            history: before.history, stepsMade: stepsMade, seconds: (ContinuousClock.now - start).seconds))
      }
      let saved = try worker.save()
      let record = try judge(worker, batches, point.history, since: epochStart, cancellation)
      point.program = .init(
        last: saved, best: record.isBest ? saved : point.program?.best ?? saved,
        parameterCount: worker.parameterCount)
      point.history.append(record)
      live?.serve { graph(saved, point) }
      try observer.finished(record, checkpoint: point)
      let best = point.history.best?.training.loss ?? record.training.loss
      if !record.judgedLoss.isFinite || record.training.loss > 3 * best { return .diverged }
    }
    return .finished
  }

  /// All batches of the next epoch.
  private func epoch(of queue: BatchQueue, _ cancellation: Cancellation) throws(AisError) -> [TrainingBatch] {
    var batches: [TrainingBatch] = []
    for _ in 0..<source.stepsPerEpoch {
      try cancellation.check()
      if let batch = try queue.next() { batches.append(batch) }
    }
    guard !batches.isEmpty else { throw AisError(.usage, "there is nothing to train on: the sets hold no boxes") }
    return batches
  }

  private static func arrays(_ batches: [TrainingBatch]) -> CustomModelWorker.TrainingArrays {
    let (first, count) = (batches[0], batches.reduce(0) { $0 + $1.count })
    return .init(
      images: batches.flatMap(\.images), labels: batches.flatMap(\.labels),
      imageShape: [count, first.depth, first.height, first.width],
      labelShape: [count, first.labelDepth, first.height, first.width])
  }

  private func judge(
    _ worker: CustomModelWorker, _ batches: [TrainingBatch], _ history: [EpochRecord],
    since start: ContinuousClock.Instant,
    _ cancellation: Cancellation
  ) throws(AisError) -> EpochRecord {
    var (training, held) = (Tally(), Tally())
    for batch in batches where training.boxes < Self.judgedBoxes {
      training.add(try tally(worker, batch, cancellation))
    }
    for step in 0..<source.validationSteps {
      held.add(try tally(worker, source.validationBatch(step: step), cancellation))
    }
    var record = EpochRecord(
      epoch: history.count + 1, learningRate: settings.learningRate, training: training.scores,
      validation: source.validationSteps > 0 ? held.scores : nil, seconds: (ContinuousClock.now - start).seconds,
      isBest: false)
    record.isBest = record.judgedLoss.isFinite && record.judgedLoss < (history.best?.judgedLoss ?? .infinity)
    return record
  }

  private func tally(
    _ worker: CustomModelWorker, _ batch: TrainingBatch, _ cancellation: Cancellation
  ) throws(AisError) -> Tally {
    let answers = try worker.predict(
      batch.images, count: batch.count, depth: batch.depth, height: batch.height, width: batch.width,
      cancellation: cancellation)
    guard answers.count == batch.labels.count else {
      throw AisError(
        .shapeMismatch,
        "the model answers a batch with \(answers.count) values and there are \(batch.labels.count) labels")
    }
    var tally = Tally()
    tally.add(
      loss: Self.crossentropy(answers, batch.labels), boxes: batch.count, answers: answers, labels: batch.labels,
      threshold: 0.5)
    return tally
  }

  /// Σ m·BCE(t, p) / Σ m over the pixels with labels, p kept off 0 and 1 as Keras does; 0 where there are none.
  private static func crossentropy(_ answers: [Float], _ labels: [Float]) -> Double {
    var (sum, count) = (0.0, 0)
    for (answer, label) in zip(answers, labels) where label != TrainingBatch.ignored {
      let p = min(max(Double(answer), 1e-7), 1 - 1e-7)
      sum -= Double(label) * log(p) + (1 - Double(label)) * log(1 - p)
      count += 1
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
