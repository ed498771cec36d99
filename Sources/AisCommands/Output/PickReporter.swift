import AisCore
import AisWorkflows

/// Tells what `ais pick` is going to do and how it is getting on.
final class PickReporter {
  private let plan: PickPlan
  private let verbosity: VerbosityArguments
  private let progress: BatchReporter

  init(_ plan: PickPlan, verbosity: VerbosityArguments) {
    self.plan = plan
    self.verbosity = verbosity
    progress = BatchReporter(
      plan.tasks.map { .init(input: $0.input, weight: $0.record == nil ? 0 : Double($0.voxelCount)) },
      noun: "segmentation", verbosity: verbosity, isPredicted: false)
  }

  /// What there is to do, before work starts.
  func announce(memoryLimit: ByteCount) {
    let skipped = plan.tasks.count { !$0.finished.isEmpty }
    if verbosity.json {
      BatchEventLine.emit(
        BatchEventLine(
          event: "plan", inputs: plan.tasks.count, outputs: plan.count, outputsSkipped: skipped,
          memoryLimitBytes: memoryLimit.bytes))
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    if plan.tasks.count > 1 { out.print(counted(plan.tasks.count, "segmentation")) }
    if skipped > 0 {
      out.print("\(counted(skipped, "list")) made with the same settings: skipped ('--force' makes them again)")
    }
    if !plan.passedOver.isEmpty {
      out.print("\(counted(plan.passedOver.count, "other volume")) among the inputs: passed over")
    }
  }

  func report(_ event: BatchEvent) { progress.report(event) }

  /// The last lines: how many particles, and in how many segmentations how many.
  func summarise(_ outcomes: [BatchOutcome]) {
    progress.summarise(outcomes)
    if verbosity.json || verbosity.quiet { return }
    Terminal.standardOutput.print(lines: PickSummary(outcomes, noun: plan.request.noun).lines)
  }
}
