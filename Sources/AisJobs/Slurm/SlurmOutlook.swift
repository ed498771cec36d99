/// What follows when all workers of a round have ended.
package enum SlurmOutlook: Sendable, Hashable {
  /// Nothing is left that could be done.
  case finished
  /// Another round, for something was done in the last one.
  case another(round: Int)
  /// No other round, for the last one has brought nothing: why.
  case stop(reason: String)

  /// - Parameters:
  ///   - ended: tasks that have ended by now, done or failed.
  ///   - left: tasks that could still be done.
  ///   - timeLimits: how often in the round a worker reached the time limit with a task in hand.
  ///   - picture: how the round's jobs ended.
  package init(after round: SlurmEntry, ended: Int, left: Int, timeLimits: Int, picture: SlurmPicture, logs: String) {
    if left == 0 {
      self = .finished
      return
    }
    if ended > round.endedBefore ?? 0 {
      self = .another(round: round.round + 1)
      return
    }
    let tasks = "\(left) task\(left == 1 ? " is" : "s are") left and none was finished in round \(round.round)"
    if timeLimits > 0 {
      let limit = round.settings.map { " of \($0.time)" } ?? ""
      self = .stop(
        reason:
          "\(tasks): the time limit\(limit) came before the end of a task \(timeLimits == 1 ? "once" : "\(timeLimits) times"). "
          + "Give more with '--time'")
      return
    }
    var counts: [String: Int] = [:]
    for job in picture.jobs where job.job.purpose == .work {
      for case .ended(let word) in job.states { counts[word, default: 0] += 1 }
    }
    let words = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    self = .stop(
      reason: "\(tasks)\(words.isEmpty ? "" : "; its workers ended so: \(words.joined(separator: ", "))"). "
        + "The logs in '\(logs)' say why")
  }
}
