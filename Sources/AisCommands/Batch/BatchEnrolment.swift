import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import Foundation

/// Brings planned tasks into a batch that may know some of them already.
struct BatchEnrolment {
  private let folder: BatchFolder

  init(_ folder: BatchFolder) { self.folder = folder }

  /// Adds what the batch does not know, asks once more for what is to be made again or is no longer there, and says so.
  func enrol(_ outcome: BatchPlanner.Outcome, verbosity: VerbosityArguments) throws(AisError) {
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero, isThorough: true)
    let known = observer.tasks
    var plan = outcome.plan
    let wasKnown = plan.tasks.filter { known[$0.id] != nil }
    plan.tasks.removeAll { known[$0.id] != nil }
    try checkDisplaced(by: plan, observer)
    // A stage without new tasks is kept: tasks count into the stages.
    if !plan.tasks.isEmpty { try folder.add(plan) }
    var again = 0
    let forced = outcome.commands.map(\.force)
    for task in wasKnown {
      let reason: String
      if forced[task.stage] {
        reason = "asked for with '--force'"
      } else if let lost = missing(observer.schedule.log(of: task.id), observer.tasks[task.id]) {
        reason = lost
      } else {
        continue
      }
      if try observer.reopen(task.id, reason: reason, isForced: forced[task.stage]) { again += 1 }
    }
    if verbosity.json || verbosity.quiet { return }
    let out = Terminal.standardOutput
    if known.entries.isEmpty { return }
    out.print(
      "the batch in '\(outcome.output)' goes on: \(counted(plan.tasks.count, "new task")), \(wasKnown.count) known"
        + (again > 0 ? ", \(again) of them once more" : ""))
    let failed = wasKnown.count { observer.schedule.state(of: $0.id) == .failed }
    if failed > 0 {
      out.print("\(counted(failed, "task")) failed before: 'ais batch retry \(shellWord(outcome.output))' tries again")
    }
  }

  /// Why a task that is done is not: an output that was deleted or changed since.
  private func missing(_ log: TaskLog, _ entry: BatchTasks.Entry?) -> String? {
    guard log.state == .done, let entry else { return nil }
    for output in log.last?.outputs ?? [] {
      guard let file = try? RandomAccessFile(entry.absolute(output.path)) else {
        return "'\(output.path)' is no longer there"
      }
      if file.byteCount != output.bytes { return "'\(output.path)' was changed" }
    }
    return nil
  }

  /// Throws `needs-decision` when a worker is busy with an output that the plan wants otherwise.
  private func checkDisplaced(by plan: BatchPlan, _ observer: BatchObserver) throws(AisError) {
    let wanted = Set(plan.tasks.flatMap(\.outputs).map { $0.hasPrefix("/") ? $0 : plan.workingFolder + "/" + $0 })
    for entry in observer.tasks.entries {
      guard case .claimed(let worker) = observer.schedule.state(of: entry.id), observer.mayLive(worker),
        let output = entry.task.outputs.first(where: { wanted.contains(entry.absolute($0)) })
      else { continue }
      throw AisError(
        .needsDecision,
        "'\(output)' is being made by worker '\(worker)' with other settings. Wait until it is done, or stop that worker first; "
          + "'ais batch status' shows it")
    }
  }
}
