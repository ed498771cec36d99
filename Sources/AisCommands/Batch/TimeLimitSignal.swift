import AisCore
import AisJobs
import Dispatch
import Foundation
import Synchronization

/// The end of a worker's time, told by the scheduler (SIGUSR1) or known before: work stops as for Ctrl-C, and the job goes back
/// into the queue.
final class TimeLimitSignal {
  /// What asks a scheduler to start the job again (BSD's EX_TEMPFAIL; Slurm's `RequeueExit` is often set to it).
  static let exitCode: Int32 = 75
  private let source: any DispatchSourceSignal
  private let state: State

  private final class State: Sendable {
    let hasCome = Atomic(false)
  }

  /// - Parameters:
  ///   - limit: from now on, when it is known.
  ///   - note: called before the work is asked to stop.
  init(_ cancellation: Cancellation, limit: Duration? = nil, note: @escaping @Sendable () -> Void) {
    signal(SIGUSR1, SIG_IGN)
    let state = State()
    self.state = state
    let queue = DispatchQueue(label: "time limit")
    source = DispatchSource.makeSignalSource(signal: SIGUSR1, queue: queue)
    let stop: @Sendable () -> Void = {
      state.hasCome.store(true, ordering: .relaxed)
      note()
      cancellation.cancel()
    }
    source.setEventHandler(handler: stop)
    if let limit { queue.asyncAfter(deadline: .now() + .seconds(Int(limit.components.seconds)), execute: stop) }
    // Until the system watches for it the signal is lost, since it is ignored.
    let registered = DispatchSemaphore(value: 0)
    source.setRegistrationHandler { registered.signal() }
    source.resume()
    registered.wait()
  }

  var hasCome: Bool { state.hasCome.load(ordering: .relaxed) }

  /// Puts the array task that this process is back into the queue, and returns the exit code to leave with.
  ///
  /// Only a worker that has brought the batch forward is started again: one that never gets to the end of a task within its
  /// time would go round in circles.
  ///
  /// - Parameter hadTask: whether the time was up in the middle of a task.
  func requeue(
    hasAdvanced: Bool, hadTask: Bool, environment: [String: String] = ProcessInfo.processInfo.environment,
    shell: any SlurmShell = ProcessSlurmShell()
  ) throws -> Int32 {
    guard hasAdvanced else {
      Terminal.standardError.print(
        "ais: the time was up before the end of the first task, which was given back: give workers more time, or more processors"
      )
      return 1
    }
    Terminal.standardError.print(
      hadTask
        ? "ais: the time is up; the task in hand was given back"
        : "ais: the time that is left is too short for another task")
    guard let element = SchedulerJob.element(environment) else { return Self.exitCode }
    // From inside the job, while it still runs: had it ended first, jobs that wait for it would be let go.
    if case .answered(0, _, _) = shell.run(.requeue(element)) { return Self.exitCode }
    Terminal.standardError.print(
      "ais: '\(element)' could not be put back into the queue; its round is looked after at its end")
    return Self.exitCode
  }
}
