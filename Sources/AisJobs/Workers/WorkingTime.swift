/// How long a worker may work, and which tasks it may still begin.
///
/// What a task takes is its forecast, scaled by what the worker's tasks took of theirs, or the longest of its kind where nothing
/// was foretold.
package struct WorkingTime: Sendable {
  /// Since the worker's start; `nil` for no limit.
  private let limit: Duration?
  private var pace = WorkPace()
  /// By command.
  private var longest: [String: Double] = [:]

  package init(limit: Duration? = nil) { self.limit = limit }

  /// A task was done, in so many seconds.
  package mutating func learn(_ entry: BatchTasks.Entry, seconds: Double) {
    longest[entry.stage.command] = max(longest[entry.stage.command] ?? 0, seconds)
    if let forecast = entry.task.forecast.seconds { pace.learn(forecast: forecast, taken: seconds) }
  }

  /// Whether the task will probably end in time, seen from so long after the worker's start. The first one always may try: no
  /// worker will ever have more time for it.
  package func suffices(for entry: BatchTasks.Entry, at now: Duration) -> Bool {
    guard let limit, !longest.isEmpty else { return true }
    let seconds = entry.task.forecast.seconds.map { $0 * pace.factor } ?? longest[entry.stage.command] ?? 0
    return now + .seconds(seconds) <= limit
  }
}
