/// How many workers an array has, and how many of them may run at a time.
package struct SlurmArray: Sendable, Hashable, Codable {
  /// The size up to which Slurm allows arrays where nobody has said otherwise: its own default for `MaxArraySize`.
  package static let standardLimit = 1001
  /// Workers take tasks until none is left; more of them than this only fill the queue.
  package static let mostUnasked = 64
  /// What a worker should have to do at least: to start a job for less costs more than it brings.
  package static let secondsWorthAJob = 600.0

  package var workers: Int
  package var atOnce: Int?

  package init(workers: Int, atOnce: Int? = nil) {
    self.workers = workers
    self.atOnce = atOnce
  }

  /// As many workers as there is work for.
  ///
  /// - Parameters:
  ///   - seconds: what all tasks together are expected to take, if that is known.
  ///   - wanted: what the user asked for.
  ///   - limit: `MaxArraySize`; Slurm's indices stay below it, so that from 0 on there are as many.
  package init(tasks: Int, seconds: Double?, wanted: Int?, atOnce: Int?, limit: Int) {
    let sensible = min(
      Self.mostUnasked, seconds.map { Int(min(1e6, ($0 / Self.secondsWorthAJob).rounded(.up))) } ?? tasks)
    workers = max(1, min(wanted ?? sensible, tasks, limit))
    self.atOnce = atOnce.flatMap { $0 < workers ? $0 : nil }
  }

  /// `0-4%2`
  package var text: String { "0-\(workers - 1)" + (atOnce.map { "%\($0)" } ?? "") }
}
