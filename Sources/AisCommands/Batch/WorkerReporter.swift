import AisCore
import AisJobs
import AisWorkflows

/// Tells what one worker does.
final class WorkerReporter {
  /// Tasks that failed.
  private(set) var failures = 0
  /// Tasks that ended, done or failed.
  private(set) var ends = 0
  private let verbosity: VerbosityArguments

  init(_ verbosity: VerbosityArguments) { self.verbosity = verbosity }

  /// One line for each thing that happens.
  func report(_ event: WorkerEvent) {
    if case .failed = event { failures += 1 }
    switch event {
    case .done, .failed: ends += 1
    default: break
    }
    switch event {
    case .started(let entry): say(entry, "start")
    case .done(let entry, let seconds, let result):
      say(entry, "done", seconds: seconds, result: result)
    case .failed(let entry, let error): say(entry, "failed", error: error)
    case .postponed(let entry, let error): say(entry, "postponed", error: error)
    case .lost(let entry): say(entry, "lost")
    case .tookOver(let entry, let reason):
      if !verbosity.json, !verbosity.quiet { Terminal.standardOutput.print("\(entry.name)  taken over: \(reason)") }
    }
  }

  private func say(
    _ entry: BatchTasks.Entry, _ event: String, seconds: Double? = nil, result: TaskResult? = nil,
    error: AisError? = nil
  ) {
    if verbosity.json {
      var line = BatchEventLine(event: event)
      line.input = entry.name
      line.seconds = seconds
      line.written = result?.outputs
      line.warnings = result?.warnings.isEmpty == false ? result?.warnings : nil
      line.errors = error.map { [.init(code: $0.code.rawValue, message: $0.description)] }
      BatchEventLine.emit(line)
    } else if !verbosity.quiet {
      let time = seconds.map { "  \(DurationText.text($0))" } ?? ""
      Terminal.standardOutput.print("\(entry.stage.command) \(entry.name)  \(event)\(time)")
    }
    if let error { Terminal.standardError.print("ais: \(error)") }
  }
}
