import AisCore
import AisJobs
import AisWorkflows
import Foundation

/// Follows a batch through its journal and tells what happens: lines and a live bar for people, JSON lines for programs.
struct BatchWatch {
  private var observer: BatchObserver
  private let verbosity: VerbosityArguments
  private let start = ContinuousClock.now
  /// Tasks whose end has been told, or happened before.
  private var told: Set<String> = []
  private var rate = RemainingTime()

  init(_ folder: BatchFolder, verbosity: VerbosityArguments) throws(AisError) {
    observer = BatchObserver(folder)
    self.verbosity = verbosity
    try observer.refresh(now: .zero, isThorough: true)
    told = Set(ended.map(\.id))
  }

  var schedule: BatchSchedule { observer.schedule }
  var summary: BatchSummary { BatchSummary(observer) }

  private var ended: [BatchTasks.Entry] {
    observer.tasks.entries.filter { [.done, .failed].contains(observer.schedule.state(of: $0.id)) }
  }

  /// Looks again and tells what has happened since.
  mutating func look(isThorough: Bool = false) throws(AisError) {
    let now = ContinuousClock.now - start
    try observer.refresh(now: now, isThorough: isThorough)
    for entry in ended where told.insert(entry.id).inserted { tell(entry) }
    draw(now)
  }

  private func tell(_ entry: BatchTasks.Entry) {
    let log = observer.schedule.log(of: entry.id)
    guard let last = log.last else { return }
    let (place, all) = (told.count, observer.tasks.entries.count)
    if verbosity.json {
      var line = BatchEventLine(event: "done", index: place, of: all)
      line.input = entry.name
      line.seconds = last.seconds
      line.written = last.outputs?.map(\.path) ?? []
      line.errors = last.kind == .failed ? [.init(code: last.code ?? "", message: last.reason ?? "")] : []
      line.warnings = last.warnings
      BatchEventLine.emit(line)
      return
    }
    Terminal.standardError.draw(nil)
    if last.kind == .failed {
      Terminal.standardError.print("ais: \(last.reason ?? "failed")")
    } else if !verbosity.quiet {
      let time = last.wasThere == true ? "was there" : DurationText.text(last.seconds ?? 0)
      for output in last.outputs ?? [] { Terminal.standardOutput.print("[\(place)/\(all)] \(output.path)  \(time)") }
      for line in last.lines ?? [] { Terminal.standardOutput.print("  \(line)") }
    }
    if !verbosity.quiet {
      for warning in last.warnings ?? [] { Terminal.standardError.print("ais: warning: '\(entry.name)': \(warning)") }
    }
  }

  /// The bar at the bottom of a terminal.
  private mutating func draw(_ now: Duration) {
    guard !verbosity.json, !verbosity.quiet, Terminal.standardError.isInteractive else { return }
    let summary = summary
    let seconds = Double(now.components.seconds)
    let left = summary.fraction < 1 ? rate.left(at: seconds, fraction: summary.fraction, predicted: nil) : nil
    let width = 24
    let filled = Int(summary.fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let time = left.map { "  \(DurationText.text($0)) left" } ?? ""
    let names = summary.running.map { "\(($0.name as NSString).lastPathComponent) \(Int(($0.fraction ?? 0) * 100)) %" }
    Terminal.standardError.draw(
      "\(bar) \(Int(summary.fraction * 100)) %\(time)  [\(summary.done + summary.failed)/\(summary.all)] "
        + names.joined(separator: ", "))
  }
}
