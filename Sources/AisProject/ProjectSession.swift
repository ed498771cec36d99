import AisCore
import Dispatch

/// An open project for a server: the disk works on a thread of the session's own, and Swift's tasks go on meanwhile.
package actor ProjectSession {
  package nonisolated let project: Project
  private nonisolated let executor = SerialQueueExecutor(label: "ais.project.session")

  package init(_ project: Project) { self.project = project }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Runs `body` with the project; bodies take turns.
  package func run<Value: Sendable>(
    _ body: @Sendable (Project) throws(AisError) -> Value
  ) async throws(AisError) -> Value {
    try body(project)
  }

  /// Waits until the journal has lines after a number and returns them, the oldest first; none when the task is cancelled.
  ///
  /// Called again and again with the number of the last line received, it gives every line once, whatever happened in
  /// between: a stream of events resumes from the number that its reader saw last.
  package func entries(after sequence: Int64, limit: Int = 500) async throws(AisError) -> [JournalEntry] {
    while !Task.isCancelled {
      let entries = try project.entries(after: sequence, limit: limit)
      if !entries.isEmpty { return entries }
      await project.news.wait(beyond: sequence)
    }
    return []
  }
}

/// Runs an actor's work on one dispatch queue.
private final class SerialQueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
