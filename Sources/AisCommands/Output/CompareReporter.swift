import AisTraining
import AisWorkflows
import Foundation

/// Tells what `ais compare` is going to do and how it is getting on.
final class CompareReporter {
  private let plan: ComparePlan
  private let verbosity: VerbosityArguments

  init(_ plan: ComparePlan, verbosity: VerbosityArguments) {
    self.plan = plan
    self.verbosity = verbosity
  }

  /// One line of `--json`. Keys that do not belong to the event are left out.
  private struct Line: Encodable {
    var schema = "ais.compare/1"
    /// plan, start, step, epoch, row, end.
    var event: String
    var index: Int?
    var of: Int?
    var feature: String?
    var architecture: String?
    var device: String?
    var epoch: Int?
    var epochs: Int?
    var step: Int?
    var stepsPerEpoch: Int?
    var training: Scores?
    var validation: Scores?
    var predictedSeconds: Double?
    var secondsLeft: Double?
    var row: CompareRow?
    var written: [String]?
  }

  private func emit(_ line: Line) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let bytes = try? encoder.encode(line) else { return }
    Terminal.standardOutput.print(String(decoding: bytes, as: UTF8.self))
  }

  private func line(_ event: String, _ index: Int) -> Line {
    let training = plan.trainings[index]
    return Line(
      event: event, index: index + 1, of: plan.trainings.count, feature: plan.features[training.feature].title,
      architecture: training.architecture)
  }

  /// What there is to do, before work starts.
  func announce(isDryRun: Bool) {
    for warning in plan.warnings { Terminal.standardError.print("ais: warning: \(warning)") }
    let seconds = plan.forecast.seconds(for: plan.workLeft)
    if verbosity.json {
      return emit(
        Line(
          event: "plan", of: plan.trainings.count, device: plan.devices.name,
          predictedSeconds: plan.devices.usesCards ? nil : (seconds * 10).rounded() / 10))
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    let training = plan.request.training
    for feature in plan.features {
      out.print("\(feature.title): \(feature.sampleCount) boxes, \(feature.positiveCount) with the feature")
    }
    if isDryRun {
      for training in plan.trainings {
        let what =
          switch training.state {
          case .fresh: "would be trained, \(training.parameters) weights"
          case .begun(let epochs): "would go on after epoch \(epochs)"
          case .finished: "is trained"
          }
        out.print("\(training.architecture), \(plan.features[training.feature].title): \(what)")
      }
    }
    let finished = plan.trainings.count { if case .finished = $0.state { true } else { false } }
    out.print(
      "\(counted(plan.trainings.count, "training"))\(finished > 0 ? ", \(finished) of them finished already" : ""), "
        + "\(training.epochs) epochs each, \(plan.precision.rawValue), \(counted(training.threads, "thread")): "
        + "\(plan.devices.usesCards ? "" : "about \(DurationText.text(seconds)) ")→ \(plan.request.outputFolder)")
    // What is guessed beforehand is of processors.
    out.print("on \(plan.devices.title)\(plan.devices.reason.map { ", \($0)" } ?? "")")
  }

  func report(_ event: CompareRun.Event) {
    switch event {
    case .began(let index):
      if verbosity.json { emit(line("start", index)) }
    case .training(let index, .step(let progress), let left): show(progress, index, left)
    case .training(let index, .epoch(let record), let left):
      guard verbosity.json else { return }
      var line = line("epoch", index)
      (line.epoch, line.epochs) = (record.epoch, plan.request.training.epochs)
      (line.training, line.validation, line.secondsLeft) = (record.training, record.validation, left)
      emit(line)
    case .training: break
    case .row(let index, let row): show(row, index)
    }
  }

  private func show(_ progress: TrainingProgress, _ index: Int, _ left: Double) {
    if verbosity.json {
      var line = line("step", index)
      (line.epoch, line.epochs) = (progress.epoch + 1, progress.epochs)
      (line.step, line.stepsPerEpoch) = (progress.step + 1, progress.stepsPerEpoch)
      (line.training, line.secondsLeft) = (progress.scores, left)
      return emit(line)
    }
    if verbosity.quiet { return }
    let training = plan.trainings[index]
    Terminal.standardError.draw(
      "[\(index + 1)/\(plan.trainings.count)] \(training.architecture), \(plan.features[training.feature].title): epoch "
        + "\(progress.epoch + 1)/\(progress.epochs), step \(progress.step + 1)/\(progress.stepsPerEpoch), loss "
        + String(format: "%.4f", progress.scores.loss)
        + "  \(DurationText.text(progress.secondsLeft)) left, of all \(DurationText.text(left))")
  }

  private func show(_ row: CompareRow, _ index: Int) {
    if verbosity.json {
      var line = line("row", index)
      line.row = row
      return emit(line)
    }
    if verbosity.quiet { return }
    Terminal.standardError.draw(nil)
    let scores = row.judged.map { String(format: "Dice %.3f", $0.dice) } ?? "no network"
    Terminal.standardOutput.print(
      "[\(index + 1)/\(plan.trainings.count)] \(row.architecture), \(row.feature): \(scores)"
        + (row.ending == TrainingOutcome.Ending.diverged.rawValue ? ", diverged" : "")
        + "  \(DurationText.text(row.trainingSeconds))")
  }

  func summarise(_ result: CompareRun.Result) {
    if verbosity.json { return emit(Line(event: "end", of: result.rows.count, written: result.written)) }
    if verbosity.quiet { return }
    Terminal.standardOutput.print(lines: [""] + CompareTable.lines(result.rows) + result.written)
  }
}
