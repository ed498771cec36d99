import AisCore
import AisFormats
import AisNetworks
import AisTraining
import Logging

/// Trains one architecture after the other, looks at what each came to, and puts them side by side.
package struct CompareRun {
  /// What happens, in its order.
  package enum Event {
    case began(index: Int)
    /// `secondsLeft`: of this training and of all that follow it.
    case training(index: Int, TrainRun.Event, secondsLeft: Double)
    case row(index: Int, CompareRow)
  }

  /// What was compared, and where it was written.
  package struct Result: Sendable {
    package var rows: [CompareRow]
    package var written: [String]
  }

  package static let schema = "ais.comparison/1"

  private let plan: ComparePlan
  private let cancellation: Cancellation
  private let logger: Logger
  private let picture: ComparePicture?
  private var request: CompareRequest { plan.request }

  /// - Throws: `usage` and `shapeMismatch` when tomogram, slice and labels do not fit each other.
  package init(_ plan: ComparePlan, cancellation: Cancellation, logger: Logger) throws(AisError) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
    let request = plan.request
    picture = try request.tomogram.map { path throws(AisError) in
      try ComparePicture(path, labels: request.labels, slice: request.slice)
    }
  }

  /// Does what is left to do. When it is stopped, the training in work keeps its checkpoint, and the same request goes on there.
  package func run(_ report: @escaping (Event) -> Void) throws(AisError) -> Result {
    let record = try record()
    try OutputFolder.prepare(request.outputFolder, logger: logger)
    let trial = CompareTrial(request, cancellation: cancellation, logger: logger)
    var forecast = plan.forecast
    var left = plan.workLeft
    var rows: [CompareRow] = []
    var panels = plan.features.map { _ in [ComparePicture.Panel]() }
    var timed: [String: Double] = [:]
    for (index, training) in plan.trainings.enumerated() {
      try cancellation.check()
      report(.began(index: index))
      if case .finished = training.state {
      } else {
        try train(index, &forecast, &left, report)
      }
      // What was trained so far stays; the comparison is not whole.
      try cancellation.check()
      var row = try row(training)
      let feature = plan.features[training.feature]
      if row.loss != nil {
        if timed[training.architecture] == nil {
          let graph = try ModelFile.read(training.modelPath).graph
          timed[training.architecture] = try trial.secondsPerSlice(graph, depth: feature.pool.depth)
        }
        row.secondsPerSlice = timed[training.architecture] ?? 0
        if let picture, let finding = try trial.finding(training.modelPath, label: feature.label, slice: picture.place)
        {
          row.tomogram = finding.agreement
          let score = finding.agreement.map { ", Dice \(DecimalText.fixed($0.dice, 2))" } ?? ""
          panels[training.feature].append(.init(title: row.architecture + score, confidence: finding.confidence))
        }
      }
      rows.append(row)
      report(.row(index: index, row))
    }
    return try write(rows, panels, record)
  }

  /// Trains what is not finished. A loss that is no number in the first epoch is a result, too: there is no model then.
  private func train(
    _ index: Int, _ forecast: inout CompareForecast, _ left: inout Double, _ report: @escaping (Event) -> Void
  ) throws(AisError) {
    let training = plan.trainings[index]
    let single = try plan.trainPlan(training, cancellation: cancellation)
    let before = single.checkpoint?.history.count ?? 0
    let share = max(0, 1 - Double(before) / Double(max(1, single.settings.epochs)))
    let (work, others, known) = (training.work * share, left - training.work * share, forecast)
    do throws(AisError) {
      let outcome = try TrainRun(single, cancellation: cancellation, logger: logger).run { event in
        var seconds = known.seconds(for: work + others)
        if case .step(let progress) = event {
          var seen = known
          let steps = Double(max(1, (single.settings.epochs - before) * progress.stepsPerEpoch))
          seen.measured(work: work * Double(progress.stepsMade) / steps, seconds: progress.seconds)
          seconds = progress.secondsLeft + seen.seconds(for: others)
        }
        report(.training(index: index, event, secondsLeft: seconds))
      }
      let made = outcome.history.dropFirst(before)
      forecast.measured(
        work: training.work * Double(made.count) / Double(max(1, single.settings.epochs)),
        seconds: made.reduce(0) { $0 + $1.seconds })
    } catch {
      guard error.code == .trainingDiverged else { throw error }
      logger.warning("\(training.architecture), \(plan.features[training.feature].title): \(error)")
    }
    left = others
  }

  /// What the account beside the model says.
  private func row(_ training: ComparePlan.Training) throws(AisError) -> CompareRow {
    let results = TrainAccount.results(beside: training.modelPath)
    let best = results?.epochs.best
    func agreement(_ scores: Scores?) -> CompareRow.Agreement? {
      scores.map { .init(dice: $0.dice, precision: $0.precision, recall: $0.recall) }
    }
    return CompareRow(
      feature: plan.features[training.feature].title, architecture: training.architecture,
      parameters: training.parameters, epochs: results?.epochs.count ?? 0,
      ending: (results?.ending ?? .diverged).rawValue,
      trainingSeconds: results?.epochs.reduce(0) { $0 + $1.seconds } ?? 0, secondsPerSlice: 0,
      loss: best?.judgedLoss, training: agreement(best?.training), heldOut: agreement(best?.validation),
      model: training.modelPath)
  }

  /// What changes the outcome besides the files that it is made from.
  private struct Settings: Encodable, Sendable {
    var architectures: [String]
    var features: [String]
    var standard: String?
    var epochs, batch, copies: Int
    var negatives: Double?
    var validation: Double
    var augmentation: String
    var seed: UInt64
    var precision: String
    var threads: Int
    var slice: Int?
    var labels: [Int?]
  }

  private func record() throws(AisError) -> WorkRecord {
    let training = request.training
    let names = plan.trainings.map(\.architecture).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let settings = Settings(
      architectures: names, features: plan.features.map(\.title), standard: request.standard?.rawValue,
      epochs: training.epochs, batch: training.sampler.batchSize, copies: training.sampler.copies,
      negatives: training.sampler.negativesPerPositive, validation: training.sampler.validationFraction,
      augmentation: "\(training.sampler.augmentation)", seed: training.seed, precision: plan.precision.rawValue,
      threads: training.threads, slice: picture?.place, labels: plan.features.map(\.label))
    let more = [request.tomogram, request.labels].compactMap { $0 }
    return try WorkRecord(schema: Self.schema, settings: settings, inputs: request.sets + more)
  }

  private func write(
    _ rows: [CompareRow], _ panels: [[ComparePicture.Panel]], _ record: WorkRecord
  ) throws(AisError) -> Result {
    let stem = OutputFolder.prefix(request.outputFolder) + "comparison"
    var outputs: [(path: String, bytes: [UInt8])] = [
      (plan.tablePath, CompareTable.csv(rows).bytes),
      (stem + ".txt", Array((CompareTable.lines(rows).joined(separator: "\n")).utf8)),
    ]
    if let picture {
      let content = zip(plan.features, panels).map { (feature: $0.title, label: $0.label, panels: $1) }
      outputs.append((stem + ".png", try picture.draw(content)))
    }
    try record.write(outputs, results: rows, warnings: plan.warnings)
    return Result(rows: rows, written: outputs.map(\.path) + [WorkRecord.path(of: plan.tablePath)])
  }
}
