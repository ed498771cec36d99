import AisCore
import AisNetworks
import AisSegmentation
import AisWorkflows
import Foundation

/// Tells what `ais segment` is going to need and how it is getting on.
final class SegmentReporter {
  private let plan: SegmentPlan
  private let verbosity: VerbosityArguments
  private let progress: BatchReporter

  init(_ plan: SegmentPlan, verbosity: VerbosityArguments) {
    self.plan = plan
    self.verbosity = verbosity
    progress = BatchReporter(
      plan.tasks.map { .init(input: $0.input, weight: $0.seconds) }, noun: "tomogram", verbosity: verbosity)
  }

  /// The forecast, before work starts.
  func announce(memoryLimit: ByteCount, freeDisk: ByteCount?) {
    if verbosity.json {
      BatchEventLine.emit(
        BatchEventLine(
          event: "plan", tomograms: plan.tasks.count, outputs: plan.outputCount,
          outputsSkipped: plan.tasks.reduce(0) { $0 + $1.finished.count }, memoryBytes: plan.memoryBytes,
          memoryLimitBytes: memoryLimit.bytes, predictedSeconds: plan.seconds, diskBytes: plan.diskBytes,
          freeDiskBytes: freeDisk?.bytes, computingOn: plan.engine.details["chosen"]))
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    let models = plan.models.map(\.model.title).joined(separator: ", ")
    out.print("\(counted(plan.tasks.count, "tomogram")), \(counted(plan.models.count, "model")): \(models)")
    for line in plan.group?.stepLines ?? [] { out.print("  \(line)") }
    let skipped = plan.tasks.reduce(0) { $0 + $1.finished.count }
    if skipped > 0 {
      out.print(
        "\(counted(skipped, "output")) made with the same model and settings: skipped ('--force' makes them again)")
    }
    if !plan.skippedSegmentations.isEmpty {
      out.print("\(counted(plan.skippedSegmentations.count, "segmentation")) among the inputs: passed over")
    }
    if let chosen = plan.engine.details["chosen"] { out.print("computing on \(chosen)") }
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

  func report(_ event: BatchEvent) { progress.report(event) }

  /// The last lines.
  func summarise(_ outcomes: [BatchOutcome]) {
    progress.summarise(outcomes)
    if verbosity.json || verbosity.quiet { return }
    if let line = lookLine(outcomes) { Terminal.standardOutput.print(line) }
  }

  /// What to type next, for the first tomogram that has a new output. Options that turn the tomogram go with it, for
  /// slices are drawn as they were segmented.
  private func lookLine(_ outcomes: [BatchOutcome]) -> String? {
    guard let outcome = outcomes.first(where: { !$0.written.isEmpty }) else { return nil }
    var words = ["ais preview", shellWord(outcome.input)]
    for path in plan.request.resultPaths(outcome.written) { words.append("-s \(shellWord(path))") }
    // The networks of a .scnmgroup are no files of their own.
    if plan.request.group == nil {
      for model in plan.models { words.append("-m \(shellWord(model.file.path))") }
    }
    words.append("--slice best")
    words += plan.request.view.optionWords
    return "look at it:  \(words.joined(separator: " "))"
  }
}
