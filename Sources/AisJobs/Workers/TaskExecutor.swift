import AisCore

/// A task to be done.
package struct TaskOrder: Sendable {
  package var entry: BatchTasks.Entry
  /// Of the worker's memory; below 1 when memory ran out before.
  package var memoryShare: Double
  /// Whether outputs that are there are to be made again.
  package var isForced: Bool
  /// Outputs of the right fingerprint that are newer than this (file server's time) are done, also when all were to be made
  /// again: a worker was lost between their last byte and its entry in the journal.
  package var freshSince: Double
}

/// What came out of a task.
package struct TaskResult: Sendable {
  /// All outputs, with those that were there.
  package var outputs: [String]
  /// Whether nothing had to be made.
  package var wasThere = false
  package var warnings: [String] = []
  package var lines: [String] = []

  package init(outputs: [String]) { self.outputs = outputs }
}

/// Does tasks; knows what `AisJobs` does not: commands, tomograms, networks.
package protocol TaskExecutor: Sendable {
  /// Does the task whole, or throws. Looks at `cancellation` often, and right before outputs get their names.
  func execute(
    _ order: TaskOrder, cancellation: Cancellation, progress: @escaping @Sendable (Double) -> Void
  ) throws(AisError) -> TaskResult
  /// Removes what is not finished. From any thread, while work goes on.
  func abandon()
}

/// What a worker tells those who watch it.
package enum WorkerEvent: Sendable {
  case started(BatchTasks.Entry)
  case done(BatchTasks.Entry, seconds: Double, TaskResult)
  case failed(BatchTasks.Entry, AisError)
  /// Memory ran out; the task will be tried with less.
  case postponed(BatchTasks.Entry, AisError)
  /// Another worker has it now.
  case lost(BatchTasks.Entry)
  /// A task whose worker is gone was taken, for this reason.
  case tookOver(BatchTasks.Entry, reason: String)
}
