import AisCore
import AisWorkflows
import Foundation

/// Tells how work on many inputs is getting on: lines and a live bar for people, or JSON lines (`ais.progress/1`) for
/// programs.
final class BatchReporter {
  /// An input and how long it takes.
  struct Item {
    var input: String
    /// Predicted seconds, or any other measure that the inputs' times are in proportion to.
    var weight: Double
  }

  private let items: [Item]
  private let noun: String
  private let verbosity: VerbosityArguments
  /// Whether weights are seconds: if so, time left is told before anything was measured.
  private let isPredicted: Bool
  private let start = ContinuousClock.now
  /// Of finished inputs.
  private var weightDone = 0.0
  private var lastDrawn: Double?
  private var rate = RemainingTime()

  /// - Parameter noun: what an input is called: `tomogram`, `segmentation`, `file`.
  init(_ items: [Item], noun: String, verbosity: VerbosityArguments, isPredicted: Bool = true) {
    self.items = items
    self.noun = noun
    self.verbosity = verbosity
    self.isPredicted = isPredicted
  }

  /// Tells that `Batch` has done something.
  func report(_ event: BatchEvent) {
    switch event {
    case .started(let index):
      if verbosity.json { emit(BatchEventLine(event: "start", index: index + 1, of: items.count), items[index].input) }
    case .progress(let index, let fraction):
      progress(index, fraction)
    case .finished(let index, let outcome):
      Terminal.standardError.draw(nil)
      weightDone += items[index].weight
      finished(index, outcome)
    }
  }

  private func progress(_ index: Int, _ fraction: Double) {
    let item = items[index]
    let total = max(items.reduce(0) { $0 + $1.weight }, 1e-9)
    let overall = min(1, (weightDone + fraction * item.weight) / total)
    let now = seconds(since: start)
    // Ten pictures a second for people, one line a second for programs; the end of an input has its own line.
    if let lastDrawn, now - lastDrawn < (verbosity.json ? 1 : 0.1) { return }
    lastDrawn = now
    let left = rate.left(at: now, fraction: overall, predicted: isPredicted ? total : nil)
    if verbosity.json {
      emit(
        BatchEventLine(
          event: "progress", index: index + 1, of: items.count, fraction: fraction, overallFraction: overall,
          secondsLeft: left), item.input)
    } else if !verbosity.quiet, Terminal.standardError.isInteractive {
      let width = 24
      let filled = Int(overall * Double(width))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      let name = (item.input as NSString).lastPathComponent
      let time = left.map { "  \(DurationText.text($0)) left" } ?? ""
      Terminal.standardError.draw("\(bar) \(Int(overall * 100)) %\(time)  [\(index + 1)/\(items.count)] \(name)")
    }
  }

  private func finished(_ index: Int, _ outcome: BatchOutcome) {
    if verbosity.json {
      emit(
        BatchEventLine(
          event: "done", index: index + 1, of: items.count, seconds: (outcome.seconds * 1000).rounded() / 1000,
          written: outcome.written, skipped: outcome.skipped,
          errors: outcome.failures.map { .init(code: $0.code.rawValue, message: $0.description) },
          warnings: outcome.warnings.isEmpty ? nil : outcome.warnings, results: outcome.results.map { .init($0) }),
        outcome.input)
    } else if !verbosity.quiet {
      let place = "[\(index + 1)/\(items.count)]"
      for path in outcome.written {
        Terminal.standardOutput.print("\(place) \(path)  \(DurationText.text(outcome.seconds))")
      }
      for line in outcome.lines { Terminal.standardOutput.print("  \(line)") }
      if outcome.written.isEmpty, outcome.failures.isEmpty, outcome.lines.isEmpty {
        Terminal.standardOutput.print("\(place) \(outcome.input)  skipped")
      }
    }
    if !verbosity.json, !verbosity.quiet {
      for warning in outcome.warnings { Terminal.standardError.print("ais: warning: '\(outcome.input)': \(warning)") }
    }
    for failure in outcome.failures { Terminal.standardError.print("ais: \(failure)") }
  }

  /// The last lines: which failed, and how many were done.
  func summarise(_ outcomes: [BatchOutcome]) {
    let failed = outcomes.filter { !$0.failures.isEmpty }
    let written = outcomes.reduce(0) { $0 + $1.written.count }
    let skipped = outcomes.reduce(0) { $0 + $1.skipped.count }
    if verbosity.json {
      var line = BatchEventLine(
        event: "end", outputs: written, outputsSkipped: skipped,
        seconds: (seconds(since: start) * 1000).rounded() / 1000)
      if noun == "tomogram" {
        (line.tomograms, line.tomogramsFailed) = (outcomes.count, failed.count)
      } else {
        (line.inputs, line.inputsFailed) = (outcomes.count, failed.count)
      }
      BatchEventLine.emit(line)
      return
    }
    // Of a single input the failure itself has just been printed.
    if !failed.isEmpty, outcomes.count > 1 {
      Terminal.standardError.print(
        "ais: \(failed.count) of \(counted(outcomes.count, noun)) failed: "
          + failed.map { "'\($0.input)'" }.joined(separator: ", "))
    }
    if verbosity.quiet || outcomes.count < 2 { return }
    Terminal.standardOutput.print(
      "\(counted(written, "output")) written, \(skipped) skipped, \(counted(failed.count, noun)) failed, \(DurationText.text(seconds(since: start)))"
    )
  }

  private func emit(_ line: BatchEventLine, _ input: String) {
    var line = line
    if noun == "tomogram" { line.tomogram = input } else { line.input = input }
    BatchEventLine.emit(line)
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let elapsed = (ContinuousClock.now - start).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
  }
}

/// `1 tomogram`, `3 tomograms`.
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// One line of `--json`. Keys that do not belong to the event are left out.
struct BatchEventLine: Encodable {
  struct Failure: Encodable {
    var code: String
    var message: String
  }
  /// Any value, as itself.
  struct Results: Encodable {
    private let value: any Encodable
    init(_ value: any Encodable) { self.value = value }
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }
  var schema = "ais.progress/1"
  /// plan, start, progress, done, list, end.
  var event: String
  var tomogram: String?
  var input: String?
  var index: Int?
  var of: Int?
  var fraction: Double?
  var overallFraction: Double?
  var secondsLeft: Double?
  var tomograms: Int?
  var inputs: Int?
  var outputs: Int?
  var outputsSkipped: Int?
  var tomogramsFailed: Int?
  var inputsFailed: Int?
  var memoryBytes: Int?
  var memoryLimitBytes: Int?
  var predictedSeconds: Double?
  var diskBytes: Int?
  var freeDiskBytes: Int?
  /// What was chosen to compute on, and why, where there was a choice.
  var computingOn: String?
  var seconds: Double?
  var written: [String]?
  var skipped: [String]?
  var errors: [Failure]?
  var warnings: [String]?
  var results: Results?

  /// Prints the line on standard output.
  static func emit(_ line: BatchEventLine) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    if let bytes = try? encoder.encode(line) { Terminal.standardOutput.print(String(decoding: bytes, as: UTF8.self)) }
  }
}

/// Time left: at first as predicted, then by what was measured.
struct RemainingTime {
  /// When the first part was done; what came before is reading and statistics.
  private var first: (time: Double, fraction: Double)?

  /// - Parameter predicted: seconds of the whole; without them nothing is said before a part was measured.
  mutating func left(at time: Double, fraction: Double, predicted: Double?) -> Double? {
    guard let first else {
      self.first = (time, fraction)
      return predicted.map { $0 * (1 - fraction) }
    }
    let done = fraction - first.fraction
    guard done > 0.01 else { return predicted.map { $0 * (1 - fraction) } }
    return (time - first.time) / done * (1 - fraction)
  }
}
