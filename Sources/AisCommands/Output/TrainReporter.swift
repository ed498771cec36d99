import AisCore
import AisNetworks
import AisTraining
import AisWorkflows
import Foundation

/// Tells what `ais train` is going to do and how it is getting on.
final class TrainReporter {
  private let plan: TrainPlan
  private let verbosity: VerbosityArguments

  init(_ plan: TrainPlan, verbosity: VerbosityArguments) {
    self.plan = plan
    self.verbosity = verbosity
  }

  /// One line of `--json`.
  private struct Line: Encodable {
    var schema = "ais.train/1"
    var event: String
    var title: String?
    var architecture: String?
    var parameters: Int?
    var boxes: Int?
    var boxesWithFeature: Int?
    var heldOut: Int?
    var epoch: Int?
    var epochs: Int?
    var step: Int?
    var stepsPerEpoch: Int?
    var learningRate: Double?
    var training: Scores?
    var validation: Scores?
    var isBest: Bool?
    var seconds: Double?
    var secondsLeft: Double?
    var precision: String?
    var device: String?
    var deviceReason: String?
    var threads: Int?
    var model: String?
    var ending: String?
    var bestEpoch: Int?
    var message: String?
  }

  private func emit(_ line: Line) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let bytes = try? encoder.encode(line) else { return }
    Terminal.standardOutput.print(String(decoding: bytes, as: UTF8.self))
  }

  /// What there is to do, before work starts.
  func announce() {
    let pool = plan.sampler.pool
    for warning in plan.warnings { Terminal.standardError.print("ais: warning: \(warning)") }
    if verbosity.json {
      emit(
        Line(
          event: "plan", title: plan.title, architecture: plan.architectureName, parameters: plan.graph.parameterCount,
          boxes: pool.samples.count, boxesWithFeature: pool.positiveCount, heldOut: plan.sampler.split.validation.count,
          epochs: plan.settings.epochs, stepsPerEpoch: plan.sampler.stepsPerEpoch,
          learningRate: plan.settings.learningRate, precision: plan.settings.precision.rawValue,
          device: plan.deviceName, deviceReason: plan.devices.reason, threads: plan.settings.threads,
          model: plan.modelPath))
      return
    }
    if verbosity.quiet { return }
    let held = plan.sampler.split.validation.count
    let out = Terminal.standardOutput
    out.print(
      "\(plan.title): \(plan.architectureName), \(plan.graph.parameterCount) weights, on \(pool.samples.count) boxes of "
        + "\(plan.sampler.boxSize) × \(plan.sampler.boxSize)\(plan.sampler.depth > 1 ? " × \(plan.sampler.depth)" : "") pixels, "
        + "\(pool.positiveCount) with the feature\(held > 0 ? ", \(held) held out" : "")")
    out.print(
      "\(plan.settings.epochs) epochs of \(plan.sampler.stepsPerEpoch) steps of \(plan.sampler.batchSize) boxes, "
        + "\(plan.settings.precision.rawValue), \(plan.settings.threads) threads → \(plan.modelPath)")
    if let text = plan.deviceText { out.print(text) }
    if held == 0, pool.samples.count >= 200 {
      out.print("With that many boxes, '--validation 0.15' would tell when the network stops getting better.")
    }
  }

  func report(_ event: TrainRun.Event) {
    switch event {
    case .began(let epoch):
      if epoch > 1, !verbosity.quiet, !verbosity.json {
        Terminal.standardOutput.print("goes on with epoch \(epoch)")
      }
    case .step(let progress): show(progress)
    case .epoch(let record): show(record)
    case .wrote(let path):
      if verbosity.json { emit(Line(event: "wrote", model: path)) }
    }
  }

  private func show(_ progress: TrainingProgress) {
    if verbosity.json {
      return emit(
        Line(
          event: "step", epoch: progress.epoch + 1, epochs: progress.epochs, step: progress.step + 1,
          stepsPerEpoch: progress.stepsPerEpoch, training: progress.scores, seconds: progress.seconds,
          secondsLeft: progress.secondsLeft))
    }
    if verbosity.quiet { return }
    Terminal.standardError.draw(
      "epoch \(progress.epoch + 1)/\(progress.epochs), step \(progress.step + 1)/\(progress.stepsPerEpoch)  "
        + "\(Self.text(progress.scores))  \(DurationText.text(progress.secondsLeft)) left")
  }

  private func show(_ record: EpochRecord) {
    if verbosity.json {
      return emit(
        Line(
          event: "epoch", epoch: record.epoch, epochs: plan.settings.epochs, learningRate: record.learningRate,
          training: record.training, validation: record.validation, isBest: record.isBest, seconds: record.seconds))
    }
    if verbosity.quiet { return }
    Terminal.standardError.draw(nil)
    let held = record.validation.map { "  held out: \(Self.text($0))" } ?? ""
    Terminal.standardOutput.print(
      "epoch \(record.epoch)/\(plan.settings.epochs)  \(Self.text(record.training))\(held)  "
        + "\(DurationText.text(record.seconds))\(record.isBest ? "  best" : "")")
  }

  private static func text(_ scores: Scores) -> String {
    String(
      format: "loss %.4f, precision %.3f, recall %.3f, Dice %.3f", scores.loss, scores.precision, scores.recall,
      scores.dice)
  }

  /// How it ended, and what to do next where that is not plain.
  func summarise(_ outcome: TrainingOutcome) {
    let best = outcome.history.best
    if verbosity.json {
      return emit(
        Line(
          event: "end", title: plan.title, training: best?.training, validation: best?.validation,
          model: plan.modelPath, ending: outcome.ending.rawValue, bestEpoch: best?.epoch))
    }
    Terminal.standardError.draw(nil)
    let out = verbosity.quiet ? nil : Terminal.standardOutput
    switch outcome.ending {
    case .finished: break
    case .settled: out?.print("Nothing better came of the last epochs: the training has settled.")
    case .diverged:
      Terminal.standardError.print(
        "ais: warning: the loss rose far above its best, or was no number any more: the training was ended, and the best network "
          + "kept. A lower '--rate' or '--clip 1' may go further.")
    case .stopped:
      Terminal.standardError.print("ais: stopped; '--resume' goes on from here")
    }
    if let best {
      out?.print(
        "\(plan.modelPath): the network of epoch \(best.epoch), \(Self.text(best.validation ?? best.training))")
    } else {
      out?.print("\(plan.modelPath): the network as it was when the training was stopped, within its first epoch")
    }
  }
}

extension TrainPlan {
  /// What computes, and why, where somebody may wonder.
  fileprivate var deviceText: String? {
    guard deviceName != nil else { return nil }
    let share = devices.devices.count > 1 ? ", which share every batch" : ""
    return "on \(devices.title)\(devices.reason.map { ", \($0)" } ?? "")\(share)"
  }
}
