import AisCore
import AisNetworks
import AisSegmentation
import AisWorkflows
import Foundation

/// Tells how `ais segment` is getting on: lines and a live bar for people, or JSON lines (`ais.progress/1`) for programs.
final class SegmentReporter {
  private let plan: SegmentPlan
  private let verbosity: VerbosityArguments
  private let start = ContinuousClock.now
  /// Predicted seconds of finished tasks.
  private var secondsDone = 0.0
  private var lastDrawn: Double?
  private var rate = RemainingTime()

  init(_ plan: SegmentPlan, verbosity: VerbosityArguments) {
    self.plan = plan
    self.verbosity = verbosity
  }

  /// The forecast, before work starts.
  func announce(memoryLimit: ByteCount, freeDisk: ByteCount?) {
    if verbosity.json {
      emit(
        SegmentEventLine(
          event: "plan", tomograms: plan.tasks.count, outputs: plan.outputCount,
          outputsSkipped: plan.tasks.reduce(0) { $0 + $1.finished.count }, memoryBytes: plan.memoryBytes,
          memoryLimitBytes: memoryLimit.bytes, predictedSeconds: plan.seconds, diskBytes: plan.diskBytes,
          freeDiskBytes: freeDisk?.bytes))
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    let models = plan.models.map(\.model.title).joined(separator: ", ")
    out.print("\(count(plan.tasks.count, "tomogram")), \(count(plan.models.count, "model")): \(models)")
    let skipped = plan.tasks.reduce(0) { $0 + $1.finished.count }
    if skipped > 0 {
      out.print(
        "\(count(skipped, "output")) made with the same model and settings: skipped ('--force' makes them again)")
    }
    if !plan.skippedSegmentations.isEmpty {
      out.print("\(count(plan.skippedSegmentations.count, "segmentation")) among the inputs: passed over")
    }
    guard plan.outputCount > 0 else { return }
    let disk = freeDisk.map { " of \($0) free" } ?? ""
    out.print(
      "needs \(ByteCount(plan.memoryBytes)) of memory (\(memoryLimit) allowed), about \(DurationText.text(plan.seconds)), "
        + "\(ByteCount(plan.diskBytes)) of disk\(disk)")
    if verbosity.verbose { describeMemory() }
  }

  /// Where the memory goes, for the tomogram that needs most.
  private func describeMemory() {
    let passes = plan.tasks.flatMap(\.passes)
    guard let largest = passes.max(by: { $0.forecast.memoryBytes < $1.forecast.memoryBytes }) else { return }
    for use in largest.forecast.memory { Terminal.standardOutput.print("  \(ByteCount(use.bytes))  \(use.purpose)") }
    for model in largest.forecast.models {
      let size = model.workingSize
      var line =
        "  \(model.title): \(model.windows) × \(model.runsPerWindow) runs of the network on slices of \(size.x) × \(size.y)"
      if model.rescales { line += ", rescaled" }
      if model.isSplit { line += ", cut into tiles to fit memory" }
      Terminal.standardOutput.print(line)
    }
  }

  func report(_ event: SegmentEvent) {
    switch event {
    case .started(let index):
      if verbosity.json {
        emit(
          SegmentEventLine(event: "start", tomogram: plan.tasks[index].input, index: index + 1, of: plan.tasks.count))
      }
    case .progress(let index, let fraction):
      progress(index, fraction)
    case .finished(let index, let outcome):
      Terminal.standardError.draw(nil)
      secondsDone += plan.tasks[index].seconds
      finished(index, outcome)
    }
  }

  private func progress(_ index: Int, _ fraction: Double) {
    let task = plan.tasks[index]
    let total = max(plan.seconds, 1e-9)
    let overall = min(1, (secondsDone + fraction * task.seconds) / total)
    let now = seconds(since: start)
    // Ten pictures a second for people, one line a second for programs; the end of a tomogram has its own line.
    if let lastDrawn, now - lastDrawn < (verbosity.json ? 1 : 0.1) { return }
    lastDrawn = now
    let left = rate.left(at: now, fraction: overall, predicted: total)
    if verbosity.json {
      emit(
        SegmentEventLine(
          event: "progress", tomogram: task.input, index: index + 1, of: plan.tasks.count, fraction: fraction,
          overallFraction: overall, secondsLeft: left))
    } else if !verbosity.quiet, Terminal.standardError.isInteractive {
      let width = 24
      let filled = Int(overall * Double(width))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      let name = (task.input as NSString).lastPathComponent
      let text = " \(Int(overall * 100)) %  \(DurationText.text(left)) left  [\(index + 1)/\(plan.tasks.count)] \(name)"
      Terminal.standardError.draw(bar + text)
    }
  }

  private func finished(_ index: Int, _ outcome: SegmentOutcome) {
    if verbosity.json {
      emit(
        SegmentEventLine(
          event: "done", tomogram: outcome.input, index: index + 1, of: plan.tasks.count,
          seconds: (outcome.seconds * 1000).rounded() / 1000, written: outcome.written, skipped: outcome.skipped,
          errors: outcome.failures.map { .init(code: $0.code.rawValue, message: $0.description) }))
    } else if !verbosity.quiet {
      let place = "[\(index + 1)/\(plan.tasks.count)]"
      for path in outcome.written {
        Terminal.standardOutput.print("\(place) \(path)  \(DurationText.text(outcome.seconds))")
      }
      if outcome.written.isEmpty, outcome.failures.isEmpty {
        Terminal.standardOutput.print("\(place) \(outcome.input)  skipped")
      }
    }
    for failure in outcome.failures { Terminal.standardError.print("ais: \(failure)") }
  }

  /// The last lines.
  func summarise(_ outcomes: [SegmentOutcome]) {
    let failed = outcomes.filter { !$0.failures.isEmpty }
    let written = outcomes.reduce(0) { $0 + $1.written.count }
    let skipped = outcomes.reduce(0) { $0 + $1.skipped.count }
    if verbosity.json {
      emit(
        SegmentEventLine(
          event: "end", tomograms: outcomes.count, outputs: written, outputsSkipped: skipped,
          tomogramsFailed: failed.count, seconds: (seconds(since: start) * 1000).rounded() / 1000))
      return
    }
    // Of a single tomogram the failure itself has just been printed.
    if !failed.isEmpty, outcomes.count > 1 {
      Terminal.standardError.print(
        "ais: \(failed.count) of \(count(outcomes.count, "tomogram")) failed: "
          + failed.map { "'\($0.input)'" }.joined(separator: ", "))
    }
    if verbosity.quiet { return }
    if outcomes.count > 1 {
      Terminal.standardOutput.print(
        "\(count(written, "output")) written, \(skipped) skipped, \(count(failed.count, "tomogram")) failed, \(DurationText.text(seconds(since: start)))"
      )
    }
    if let line = lookLine(outcomes) { Terminal.standardOutput.print(line) }
  }

  /// What to type next, for the first tomogram that has a new output. Options that turn the tomogram go with it, for
  /// slices are drawn as they were segmented.
  private func lookLine(_ outcomes: [SegmentOutcome]) -> String? {
    guard let outcome = outcomes.first(where: { !$0.written.isEmpty }) else { return nil }
    var words = ["ais preview", shellWord(outcome.input)]
    for path in outcome.written { words.append("-s \(shellWord(path))") }
    for model in plan.models { words.append("-m \(shellWord(model.file.path))") }
    words.append("--slice best")
    words += plan.request.view.optionWords
    return "look at it:  \(words.joined(separator: " "))"
  }

  private func emit(_ line: SegmentEventLine) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let bytes = try? encoder.encode(line) { Terminal.standardOutput.print(String(decoding: bytes, as: UTF8.self)) }
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let elapsed = (ContinuousClock.now - start).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

/// One line of `--json`. Keys that do not belong to the event are left out.
struct SegmentEventLine: Encodable {
  struct Failure: Encodable {
    var code: String
    var message: String
  }
  var schema = "ais.progress/1"
  /// plan, start, progress, done, end.
  var event: String
  var tomogram: String?
  var index: Int?
  var of: Int?
  var fraction: Double?
  var overallFraction: Double?
  var secondsLeft: Double?
  var tomograms: Int?
  var outputs: Int?
  var outputsSkipped: Int?
  var tomogramsFailed: Int?
  var memoryBytes: Int?
  var memoryLimitBytes: Int?
  var predictedSeconds: Double?
  var diskBytes: Int?
  var freeDiskBytes: Int?
  var seconds: Double?
  var written: [String]?
  var skipped: [String]?
  var errors: [Failure]?
}

/// Time left: at first as predicted, then by what was measured.
struct RemainingTime {
  /// When the first part was done; what came before is reading and statistics.
  private var first: (time: Double, fraction: Double)?

  mutating func left(at time: Double, fraction: Double, predicted: Double) -> Double {
    guard let first else {
      self.first = (time, fraction)
      return predicted * (1 - fraction)
    }
    let done = fraction - first.fraction
    guard done > 0.01 else { return predicted * (1 - fraction) }
    return (time - first.time) / done * (1 - fraction)
  }
}
