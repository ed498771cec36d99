import AisCore

extension BatchObserver {
  /// Asks for another try of a task that has ended; `false` when it has not.
  package mutating func reopen(_ task: String, reason: String, isForced: Bool = false) throws(AisError) -> Bool {
    while true {
      let log = schedule.log(of: task)
      guard log.state == .done || log.state == .failed else { return false }
      var entry = JournalEntry(
        task: task, number: log.next, kind: .reopened, worker: nil, host: WorkerRecord.hostName)
      entry.reason = reason
      if isForced { entry.isForced = true }
      if try folder.append(entry) {
        learn(entry)
        return true
      }
      try refresh(task: task)
    }
  }
}
