import AisCore
import AisJobs
import AisWorkflows
import ArgumentParser

/// What a batch will need, before it starts.
struct BatchForecast {
  private let outcome: BatchPlanner.Outcome
  private let workers: Int
  private let memoryLimit: ByteCount

  /// - Parameter memoryLimit: of one worker.
  init(_ outcome: BatchPlanner.Outcome, workers: Int, memoryLimit: ByteCount) {
    self.outcome = outcome
    self.workers = workers
    self.memoryLimit = memoryLimit
  }

  func announce(_ verbosity: VerbosityArguments) {
    let items = outcome.items
    let finished = items.count { $0.isFinished }
    let seconds = items.contains { $0.seconds != nil } ? items.reduce(0) { $0 + ($1.seconds ?? 0) } : nil
    // Workers share the tasks; the last one of them may be alone for a while.
    let time = seconds.map { max($0 / Double(workers), items.compactMap(\.seconds).max() ?? 0) }
    let memory = items.compactMap(\.memoryBytes).max()
    let disk = items.contains { $0.diskBytes != nil } ? items.reduce(0) { $0 + ($1.diskBytes ?? 0) } : nil
    let free = SegmentPlan.freeDisk(at: outcome.output)
    if verbosity.json {
      BatchEventLine.emit(
        BatchEventLine(
          event: "plan", inputs: items.count, outputs: outcome.plan.tasks.reduce(0) { $0 + $1.outputs.count },
          outputsSkipped: items.filter(\.isFinished).reduce(0) { $0 + $1.outputs.count },
          memoryBytes: memory.map { $0 * workers }, memoryLimitBytes: memoryLimit.bytes * workers,
          predictedSeconds: time, diskBytes: disk, freeDiskBytes: free?.bytes))
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    let stages = outcome.plan.stages.indices.map { index in
      "\(outcome.plan.stages[index].command) \(outcome.plan.tasks.count { $0.stage == index })"
    }
    out.print(
      "\(counted(outcome.plan.tasks.count, "task")) (\(stages.joined(separator: ", "))), \(counted(workers, "worker"))")
    if finished > 0 { out.print("\(finished) of them made with the same settings: they will only be looked at") }
    guard let time, let memory, let disk, finished < items.count else { return }
    let each = workers > 1 ? " for \(workers) workers" : ""
    out.print(
      "\(outcome.plan.stages[0].command) needs \(ByteCount(memory * workers)) of memory\(each) (\(ByteCount(memoryLimit.bytes * workers)) allowed), "
        + "about \(DurationText.text(time)), \(ByteCount(disk)) of disk\(free.map { " of \($0) free" } ?? "")")
  }
}

/// The last words about a batch.
struct BatchConclusion {
  private let summary: BatchSummary
  private let folder: String

  init(_ summary: BatchSummary, folder: String) {
    self.summary = summary
    self.folder = folder
  }

  /// Says how the batch ended; throws when something failed.
  func tell(_ verbosity: VerbosityArguments) throws {
    if verbosity.json {
      var line = BatchEventLine(event: "end", inputs: summary.all)
      line.inputsFailed = summary.failed + summary.blocked
      BatchEventLine.emit(line)
    } else {
      if summary.failed > 0 {
        let names = summary.failures.prefix(10).map { "'\($0.name)'" }.joined(separator: ", ")
        Terminal.standardError.print(
          "ais: \(summary.failed) of \(counted(summary.all, "task")) failed: \(names)\(summary.failed > 10 ? ", …" : ""). Once what "
            + "is wrong is mended:  ais batch retry \(AisWorkflows.shellWord(folder))")
      }
      if summary.blocked > 0 {
        Terminal.standardError.print(
          "ais: \(counted(summary.blocked, "task")) could not begin, for what they need failed")
      }
      if !verbosity.quiet {
        Terminal.standardOutput.print("\(summary.done) of \(counted(summary.all, "task")) done")
      }
    }
    if summary.failed + summary.blocked > 0 { throw ExitCode.failure }
  }
}
