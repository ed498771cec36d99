import AisCore
import AisNetworks
import Foundation

/// Who watches a training. Called on the thread that trains.
package protocol TrainingObserver {
  /// After every batch.
  func stepped(_ progress: TrainingProgress) throws(AisError)
  /// After every epoch; `checkpoint` is what the training continues from if it breaks off now.
  func finished(_ epoch: EpochRecord, checkpoint: TrainingCheckpoint) throws(AisError)
}

/// How far a training is.
package struct TrainingProgress: Sendable {
  /// Counted from 0.
  package var epoch, step: Int
  package var epochs, stepsPerEpoch: Int
  /// Of the epoch so far.
  package var scores: Scores
  package var history: [EpochRecord]
  /// Steps that this process made, and seconds that it took for them.
  package var stepsMade: Int
  package var seconds: Double

  /// As far as the steps so far tell; held-out batches count with them.
  package var secondsLeft: Double {
    let left = epochs * stepsPerEpoch - (epoch * stepsPerEpoch + step + 1)
    return stepsMade == 0 ? 0 : seconds / Double(stepsMade) * Double(left)
  }
}

/// What a training came to.
package struct TrainingOutcome: Sendable {
  package enum Ending: String, Sendable, Codable {
    case finished
    /// Stopped early: it did not get better any more.
    case settled
    /// The loss was no number, or rose far above its best.
    case diverged
    /// As asked; the checkpoint continues it.
    case stopped
  }

  package var ending: Ending
  /// The network of the best epoch, and that of the last step.
  package var best, last: NetworkGraph
  package var history: [EpochRecord]
  package var checkpoint: TrainingCheckpoint
}

/// Trains one network, on one device or on several that share every batch. For one thread.
package struct Trainer {
  private let graph: NetworkGraph
  private let settings: TrainingSettings
  private let source: any BatchSource
  private let library: TorchLibrary
  private let devices: [TorchDevice]
  private let dataThreads: Int

  /// - Parameters:
  ///   - graph: with the weights that training starts from.
  ///   - devices: each gets a copy of the network and its part of every batch. The processor may be named more than once.
  ///   - dataThreads: threads that prepare batches.
  package init(
    _ graph: NetworkGraph, settings: TrainingSettings, source: any BatchSource, library: TorchLibrary,
    devices: [TorchDevice] = [.processor], dataThreads: Int = 1
  ) {
    self.graph = graph
    self.settings = settings
    self.source = source
    self.library = library
    self.devices = devices
    self.dataThreads = max(1, dataThreads)
  }

  /// Trains up to the last epoch, or on from a checkpoint.
  ///
  /// Throws `trainingDiverged` when no epoch was finished before the loss was no number; later that is an ending.
  package func run(
    from checkpoint: TrainingCheckpoint? = nil, live: LiveWeights? = nil, cancellation: Cancellation = Cancellation(),
    observer: some TrainingObserver
  ) throws(AisError) -> TrainingOutcome {
    defer { live?.end() }
    guard source.stepsPerEpoch > 0 else {
      throw AisError(.usage, "there is nothing to train on: the sets hold no boxes that are not held out")
    }
    let team = DeviceTeam(devices)
    try prepare(team)
    defer { try? library.enableGradients(false) }
    let learner = try makeLearner(team)
    var run = RunState(checkpoint ?? TrainingCheckpoint(start: graph.weights))
    if let checkpoint {
      guard checkpoint.learners.count == learner.parts.count else {
        throw AisError(
          .changed, "the checkpoint is of another kind of training: it has \(checkpoint.learners.count) networks")
      }
      for (part, state) in zip(learner.parts, checkpoint.learners) { try part.restore(state) }
    }
    let steps = source.stepsPerEpoch
    let queue = BatchQueue(
      source, places: min(run.point.place(steps), settings.epochs * steps)..<settings.epochs * steps,
      workers: dataThreads)
    defer { queue.stop() }
    let ending = try train(learner, queue, &run, live, cancellation, observer)
    try capture(learner, in: &run)
    return TrainingOutcome(
      ending: ending, best: graph.withWeights(run.point.bestWeights),
      last: graph.withWeights(run.point.learners[0].weights),
      history: run.point.history, checkpoint: run.point)
  }

  /// What changes while a training runs.
  private struct RunState {
    var point: TrainingCheckpoint
    var stepsMade = 0
    let start = ContinuousClock.now
    var epochStart = ContinuousClock.now

    init(_ point: TrainingCheckpoint) { self.point = point }
  }

  private func prepare(_ team: DeviceTeam) throws(AisError) {
    let processors = devices.count { $0 == .processor }
    let threads = max(1, settings.threads / max(1, processors))
    _ = try team.each(devices.count) { [library] _ throws(AisError) in try library.setThreads(threads) }
    // On cards libtorch has no such way for some poolings, and would refuse them.
    try library.setDeterministic(true, strict: processors == devices.count)
    // Who wants fewer digits says so, and what is quickest in a trial differs from run to run.
    try library.setGPUMath(roundsFactors: false, triesAlgorithms: false)
  }

  private func makeLearner(_ team: DeviceTeam) throws(AisError) -> any Learner {
    if case .adversarial(let distance) = settings.objective {
      return try AdversarialLearner(graph, distance: distance, depth: source.depth, asking: asking, team: team)
    }
    return try SupervisedLearner(graph, asking: asking, team: team)
  }

  private var asking: Asking { Asking(settings: settings, library: library, device: devices[0]) }

  private func capture(_ learner: any Learner, in run: inout RunState) throws(AisError) {
    run.point.learners = try learner.parts.map { part throws(AisError) in try part.state() }
    // Stopped before the first epoch ended: what there is, is the best there is.
    if run.point.history.isEmpty { run.point.bestWeights = run.point.learners[0].weights }
  }

  private func train(
    _ learner: any Learner, _ queue: BatchQueue, _ run: inout RunState, _ live: LiveWeights?,
    _ cancellation: Cancellation, _ observer: some TrainingObserver
  ) throws(AisError) -> TrainingOutcome.Ending {
    while run.point.history.count < settings.epochs {
      if let patience = settings.patience, run.point.history.sinceBest >= patience { return .settled }
      let epoch = run.point.history.count
      let rate = settings.rate(epoch: epoch, after: run.point.history)
      run.epochStart = .now
      while run.point.step < source.stepsPerEpoch {
        if cancellation.isCancelled { return .stopped }
        guard let batch = try queue.next() else { return .finished }
        let warmth = settings.warmth(step: run.point.place(source.stepsPerEpoch))
        do throws(AisError) {
          run.point.tally.add(try learner.learn(from: batch, rate: rate * warmth, seed: seed(epoch, run.point.step)))
        } catch {
          guard error.code == .trainingDiverged, !run.point.history.isEmpty else { throw error }
          return .diverged
        }
        run.stepsMade += 1
        try observer.stepped(progress(run))
        run.point.step += 1
        try serve(live, learner)
      }
      if cancellation.isCancelled { return .stopped }
      let record = try finishEpoch(learner, &run, rate: rate)
      try observer.finished(record, checkpoint: run.point)
      let best = run.point.history.best?.training.loss ?? record.training.loss
      if !record.judgedLoss.isFinite || record.training.loss > 3 * best { return .diverged }
    }
    return .finished
  }

  private func progress(_ run: RunState) -> TrainingProgress {
    let elapsed = ContinuousClock.now - run.start
    return TrainingProgress(
      epoch: run.point.history.count, step: run.point.step, epochs: settings.epochs,
      stepsPerEpoch: source.stepsPerEpoch,
      scores: run.point.tally.scores, history: run.point.history, stepsMade: run.stepsMade, seconds: elapsed.seconds)
  }

  private func serve(_ live: LiveWeights?, _ learner: any Learner) throws(AisError) {
    guard let live else { return }
    do {
      try live.serve { graph.withWeights(try learner.parts[0].network.currentWeights()) }
    } catch {
      throw error as? AisError ?? AisError(.engineFailed, "half-trained weights could not be copied", cause: error)
    }
  }

  /// Judges by the held-out boxes, and notes weights and history.
  private func finishEpoch(
    _ learner: any Learner, _ run: inout RunState, rate: Double
  ) throws(AisError) -> EpochRecord {
    let held = try judge(learner)
    var record = EpochRecord(
      epoch: run.point.history.count + 1, learningRate: rate, training: run.point.tally.scores,
      validation: source.validationSteps > 0 ? held.scores : nil,
      seconds: (ContinuousClock.now - run.epochStart).seconds, isBest: false)
    record.isBest = record.judgedLoss.isFinite && record.judgedLoss < (run.point.history.best?.judgedLoss ?? .infinity)
    try capture(learner, in: &run)
    if record.isBest { run.point.bestWeights = run.point.learners[0].weights }
    run.point.history.append(record)
    run.point.step = 0
    run.point.tally = Tally()
    return record
  }

  /// Held-out batches are dealt to the devices whole, so that what they come to does not depend on how many there are.
  private func judge(_ learner: any Learner) throws(AisError) -> Tally {
    let (asking, source, devices, part) = (asking, source, devices, learner.parts[0])
    let tallies = try learner.team.each(min(devices.count, source.validationSteps)) { place throws(AisError) in
      var tallies: [Tally] = []
      for step in stride(from: place, to: source.validationSteps, by: devices.count) {
        let batch = try source.validationBatch(step: step)
        tallies.append(try asking.on(devices[place]).judge(part.network(at: place), by: batch))
      }
      return tallies
    }
    var held = Tally()
    for step in 0..<source.validationSteps { held.add(tallies[step % devices.count][step / devices.count]) }
    return held
  }

  /// The seed of one step's random numbers: with it no generator's state has to be kept.
  private func seed(_ epoch: Int, _ step: Int) -> UInt64 {
    var generator = SeededGenerator(seed: settings.seed ^ (UInt64(epoch) << 32) ^ UInt64(step))
    return generator.next()
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
