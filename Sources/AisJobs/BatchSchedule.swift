/// What a worker should do next, decided from what it knows of the batch: pure, without clock, files or threads.
package struct BatchSchedule: Sendable {
  /// What to do next.
  package enum Action: Sendable, Equatable {
    /// Write the entry of this number that claims the task.
    case claim(task: String, number: Int, memoryShare: Double)
    /// The same, for a task whose worker is gone.
    case takeOver(task: String, number: Int, from: String, reason: String, memoryShare: Double)
    /// Write the entry of this number that says that the task cannot be done: it has cost too many workers.
    case giveUp(task: String, number: Int, workers: [String])
    /// Nothing is free; others are at work, and may yet be lost.
    case wait
    /// What could be begun would not end within the worker's time.
    case leave
    /// Nothing is left that could be done.
    case finish
  }

  /// A task that has cost so many workers is given up: it would cost every other one too.
  package static let mostLosses = 4

  package let tasks: BatchTasks
  package private(set) var logs: [String: TaskLog] = [:]
  /// Why a worker is taken for lost.
  private var lost: [String: String] = [:]

  package init(_ tasks: BatchTasks, logs: [String: TaskLog] = [:]) {
    self.tasks = tasks
    self.logs = logs
  }

  /// Takes in an entry of the journal. Entries of a task come in their order.
  package mutating func learn(_ entry: JournalEntry) { logs[entry.task, default: TaskLog()].append(entry) }

  /// A worker is gone, for this reason.
  package mutating func lose(_ worker: String, reason: String) { lost[worker] = reason }

  /// A worker that was taken for lost has shown a sign of life.
  package mutating func find(_ worker: String) { lost[worker] = nil }

  package func state(of task: String) -> TaskLog.State { logs[task]?.state ?? .open }
  package func log(of task: String) -> TaskLog { logs[task] ?? TaskLog() }

  /// Workers that have a task.
  package var owners: Set<String> {
    var owners: Set<String> = []
    for entry in tasks.entries {
      if case .claimed(let worker) = state(of: entry.id) { owners.insert(worker) }
    }
    return owners
  }

  /// What the worker of this name should do next.
  ///
  /// - Parameters:
  ///   - commands: those whose tasks it takes; `nil` for all.
  ///   - fits: whether it has the time for a task.
  package func next(
    for worker: String, only commands: Set<String>? = nil, fits: (BatchTasks.Entry) -> Bool = { _ in true }
  ) -> Action {
    let entries = tasks.entries.filter { commands?.contains($0.stage.command) ?? true }
    var isSomethingTooLong = false
    // Free tasks first: an observer needs time to be sure that an owner is gone.
    for entry in entries where state(of: entry.id) == .open && isReady(entry) {
      guard fits(entry) else {
        isSomethingTooLong = true
        continue
      }
      let log = log(of: entry.id)
      return .claim(task: entry.id, number: log.next, memoryShare: log.memoryShare(afterLoss: false))
    }
    var isSomethingOpen = false
    for entry in entries {
      guard case .claimed(let owner) = state(of: entry.id) else { continue }
      let log = log(of: entry.id)
      // What this worker itself holds without knowing it comes from an answer of the file server that was lost.
      guard let reason = owner == worker ? "claimed by itself" : lost[owner] else {
        isSomethingOpen = true
        continue
      }
      guard fits(entry) else {
        isSomethingTooLong = true
        continue
      }
      if owner != worker, log.lostWorkers.count + 1 >= Self.mostLosses {
        let workers = log.lostWorkers + [owner]
        return .giveUp(task: entry.id, number: log.next, workers: workers)
      }
      return .takeOver(
        task: entry.id, number: log.next, from: owner, reason: reason,
        memoryShare: log.memoryShare(afterLoss: owner != worker))
    }
    return isSomethingTooLong ? .leave : isSomethingOpen ? .wait : .finish
  }

  /// Whether everything that the task needs is done, and everything that it follows has ended.
  package func isReady(_ entry: BatchTasks.Entry) -> Bool {
    entry.task.needs.allSatisfy { tasks[$0] == nil || state(of: $0) == .done }
      && entry.task.follows.allSatisfy { tasks[$0].map(hasEnded) ?? true }
  }

  /// Whether nothing will become of the task any more without a person.
  package func hasEnded(_ entry: BatchTasks.Entry) -> Bool {
    switch state(of: entry.id) {
    case .done, .failed: true
    case .claimed: false
    case .open: obstacle(of: entry) != nil
    }
  }

  /// The task that stands in the way of one that waits: the first that failed, also further back.
  package func obstacle(of entry: BatchTasks.Entry) -> BatchTasks.Entry? {
    for need in entry.task.needs {
      guard let needed = tasks[need] else { continue }
      if state(of: need) == .failed { return needed }
      if let obstacle = obstacle(of: needed) { return obstacle }
    }
    return nil
  }
}
