import AisCore
import AisFormats

/// What one process knows of a batch: its plans, its journal, and which workers show signs of life.
package struct BatchObserver: Sendable {
  package let folder: BatchFolder
  package private(set) var plans: [BatchPlan] = []
  package private(set) var schedule = BatchSchedule(BatchTasks([]))
  package private(set) var workers: [String: WorkerRecord] = [:]
  package private(set) var signs: [String: LifeSign] = [:]
  private var presence = Presence()
  private let identity = ProcessIdentity.current

  package init(_ folder: BatchFolder) { self.folder = folder }

  package var tasks: BatchTasks { schedule.tasks }

  /// Looks at everything again, at a time of this process's clock.
  ///
  /// - Parameter isThorough: also asks for the next entry of each task by its name: what others wrote in the last seconds, and
  ///   no listing may show.
  package mutating func refresh(now: Duration, isThorough: Bool = false) throws(AisError) {
    if let found = try folder.plans(butFor: plans.count) {
      plans = found
      schedule = BatchSchedule(BatchTasks(plans), logs: schedule.logs)
    }
    for (task, extent) in try folder.journalExtents() where tasks[task] != nil {
      try read(task, upTo: extent)
    }
    if isThorough {
      for entry in tasks.entries { try refresh(task: entry.id) }
    }
    for owner in schedule.owners { try look(at: owner, now: now) }
  }

  /// Reads a task's entries by their names, also those that no listing shows yet.
  package mutating func refresh(task: String) throws(AisError) {
    while let entry = try folder.entry(task, schedule.log(of: task).next) { schedule.learn(entry) }
  }

  /// An entry that this process has written.
  package mutating func learn(_ entry: JournalEntry) { schedule.learn(entry) }

  private mutating func read(_ task: String, upTo extent: Int) throws(AisError) {
    while schedule.log(of: task).next <= extent {
      // A listing may be ahead of a file that is on its way here: the next look will find it.
      guard let entry = try folder.entry(task, schedule.log(of: task).next) else { return }
      schedule.learn(entry)
    }
  }

  private mutating func look(at owner: String, now: Duration) throws(AisError) {
    if workers[owner] == nil { workers[owner] = try folder.worker(owner) }
    let sign = folder.sign(of: owner)
    signs[owner] = sign
    presence.look(at: owner, sign: sign?.count, now: now)
    let lease = workers[owner]?.lease ?? .seconds(WorkerRecord.standardLeaseSeconds)
    let silence = presence.silence(of: owner)
    if sign?.hasEnded == true {
      schedule.lose(owner, reason: "worker '\(owner)' has ended")
    } else if workers[owner]?.process.isGone(seenFrom: identity) == true {
      schedule.lose(owner, reason: "worker '\(owner)' is no longer running")
    } else if silence > lease {
      schedule.lose(owner, reason: "worker '\(owner)' gave no sign of life for \(silence.components.seconds) s")
    } else {
      schedule.find(owner)
    }
  }

  /// Reads what all workers say of themselves and their signs, also of those that have nothing in hand: for reports.
  package mutating func readWorkers() throws(AisError) {
    for worker in try folder.workers() {
      workers[worker.id] = worker
      signs[worker.id] = folder.sign(of: worker.id)
    }
  }

  /// How long this process has watched a worker without a sign of life.
  package func silence(of worker: String) -> Duration { presence.silence(of: worker) }

  /// Whether every worker that has a task has shown life before this observer's eyes.
  package var haveOwnersShownLife: Bool { schedule.owners.allSatisfy(presence.hasShownLife) }

  /// Whether a worker may be alive, as far as can be told at a first look.
  package func mayLive(_ worker: String) -> Bool {
    signs[worker]?.hasEnded != true && workers[worker]?.process.isGone(seenFrom: identity) != true
  }

  /// Throws `needs-decision` when tasks that are left were planned by another version of the program.
  package func checkVersion() throws(AisError) {
    let foreign = tasks.entries.filter { $0.version != AisVersion.current && schedule.state(of: $0.id) != .done }
    guard let first = foreign.first else { return }
    throw .plannedByOther(folder.output, version: first.version, count: foreign.count)
  }
}
