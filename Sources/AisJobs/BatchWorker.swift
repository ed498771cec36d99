import AisCore
import AisFormats
import Foundation
import Synchronization

/// Takes tasks of a batch, one after the other, until none is left.
package final class BatchWorker: Sendable {
  /// What to do while all that is left is in the hands of others.
  package enum WhenIdle: Sendable {
    /// Wait: one of them may be lost.
    case wait
    /// Leave as soon as those others have shown life: they will see to it.
    case leave
  }

  /// Why a worker stopped that nobody asked to.
  package enum Ending: Sendable {
    /// There is nothing left for it to do.
    case finished
    /// What is left would not end within its time.
    case timeIsShort
  }

  /// What the journal says of tasks that were given back because a job's time was up.
  package static let timeLimitCode = "time-limit"

  package let record: WorkerRecord
  private let folder: BatchFolder
  private let executor: any TaskExecutor
  private let whenIdle: WhenIdle
  private let commands: Set<String>?
  private let time: WorkingTime
  private let life: WorkerLife
  private let clock: @Sendable () -> Duration
  private let isTimeUp = Atomic(false)

  /// Announces the worker in the batch's folder. Throws when that cannot be written, and when the batch was planned by another
  /// version of the program.
  package init(
    _ record: WorkerRecord, folder: BatchFolder, executor: any TaskExecutor, whenIdle: WhenIdle = .wait,
    only commands: Set<String>? = nil, time: WorkingTime = WorkingTime()
  ) throws(AisError) {
    let start = ContinuousClock.now
    clock = { ContinuousClock.now - start }
    self.record = record
    self.folder = folder
    self.executor = executor
    self.whenIdle = whenIdle
    self.commands = commands
    self.time = time
    var observer = BatchObserver(folder)
    try observer.refresh(now: clock())
    try observer.checkVersion()
    try folder.add(record)
    life = try WorkerLife(record, in: folder, clock: clock)
  }

  /// Works until nothing is left to do, or until asked to stop: the task in hand is then given back, and `cancelled` thrown.
  package func run(stop: Cancellation, watch: (WorkerEvent) -> Void) throws(AisError) -> Ending {
    defer { life.end() }
    var observer = BatchObserver(folder)
    var time = time
    while true {
      try stop.check()
      try observer.refresh(now: clock())
      let now = clock()
      switch observer.schedule.next(for: record.id, only: commands, fits: { time.suffices(for: $0, at: now) }) {
      case .claim(let task, let number, let share):
        guard let entry = try claim(task, number, share, &observer) else { continue }
        let seconds = try work(on: entry, number, share, &observer, stop, watch)
        if let seconds { time.learn(entry, seconds: seconds) }
      case .takeOver(let task, let number, let owner, let reason, let share):
        guard let entry = try claim(task, number, share, &observer, takenFrom: owner, reason: reason) else { continue }
        watch(.tookOver(entry, reason: reason))
        let seconds = try work(on: entry, number, share, &observer, stop, watch)
        if let seconds { time.learn(entry, seconds: seconds) }
      case .giveUp(let task, let number, let workers):
        try giveUp(task, number, workers, &observer, watch)
      case .wait:
        if whenIdle == .leave, observer.haveOwnersShownLife { return .finished }
        try pause(stop)
      case .leave: return .timeIsShort
      case .finish:
        // Before leaving, a closer look: somebody may just have asked for more.
        try observer.refresh(now: clock(), isThorough: true)
        if observer.schedule.next(for: record.id, only: commands) == .finish { return .finished }
      }
    }
  }

  /// For a process that is about to end: removes what is unfinished and gives the task back, from any thread and at once.
  package func abandon() {
    executor.abandon()
    _ = try? life.settle(.released, release)
    life.end()
  }

  /// The time of the job that the worker is part of will soon be up. Its task, which is to be stopped, is given back for that
  /// reason.
  package func noteTimeIsUp() { isTimeUp.store(true, ordering: .relaxed) }

  private func release(_ entry: inout JournalEntry) {
    guard isTimeUp.load(ordering: .relaxed) else {
      entry.reason = "the worker was asked to stop"
      return
    }
    entry.code = Self.timeLimitCode
    entry.reason = "the time limit of the worker's job was near"
  }

  /// Writes the entry that claims a task; `nil` when another worker was faster.
  private func claim(
    _ task: String, _ number: Int, _ share: Double, _ observer: inout BatchObserver, takenFrom: String? = nil,
    reason: String? = nil
  ) throws(AisError) -> BatchTasks.Entry? {
    var entry = JournalEntry(task: task, number: number, kind: .claimed, worker: record.id, host: record.host)
    entry.memoryShare = share
    entry.takenFrom = takenFrom
    if let reason {
      entry.reason =
        reason + (share < 1 ? ". It is tried again with \(share < 0.5 ? "a quarter of" : "half") the memory" : "")
    }
    guard try folder.append(entry) else {
      try observer.refresh(task: task)
      return nil
    }
    observer.learn(entry)
    return observer.tasks[task]
  }

  /// Does a task; returns the seconds that it took, or `nil` when it was not done or was done before.
  private func work(
    on entry: BatchTasks.Entry, _ number: Int, _ share: Double, _ observer: inout BatchObserver, _ stop: Cancellation,
    _ watch: (WorkerEvent) -> Void
  ) throws(AisError) -> Double? {
    life.hold(entry.id, number: number)
    watch(.started(entry))
    let began = clock()
    var taken: Double?
    let cancellation = Cancellation { [life] in stop.isCancelled || life.hasLost }
    let wish = observer.schedule.log(of: entry.id).entries.last { $0.kind == .reopened }
    let order = TaskOrder(
      entry: entry, memoryShare: share, isForced: wish?.isForced ?? false, freshSince: freshSince(entry.id, wish))
    do throws(AisError) {
      let result = try executor.execute(order, cancellation: cancellation) { [life] in life.progress($0) }
      let outputs = try digests(of: result.outputs)
      let seconds = Self.seconds(clock() - began)
      let settled = try life.settle(.done) { Self.fill(&$0, result, outputs, seconds) }
      if settled == nil { try correct(entry, result, outputs, seconds, &observer) }
      watch(settled == nil ? .lost(entry) : .done(entry, seconds: seconds, result))
      if !result.wasThere { taken = seconds }
    } catch {
      try conclude(entry, error, seconds: Self.seconds(clock() - began), observer, stop, watch)
    }
    try observer.refresh(task: entry.id)
    return taken
  }

  /// Outputs were put in place although another worker had taken the task meanwhile. They are the same, but for the date in
  /// them; when the other had finished before, its digests no longer hold, and the journal is given ours.
  private func correct(
    _ entry: BatchTasks.Entry, _ result: TaskResult, _ outputs: [JournalEntry.Output], _ seconds: Double,
    _ observer: inout BatchObserver
  ) throws(AisError) {
    try observer.refresh(task: entry.id)
    let log = observer.schedule.log(of: entry.id)
    guard log.state == .done, !result.wasThere, log.last?.outputs != outputs else { return }
    var correction = JournalEntry(
      task: entry.id, number: log.next, kind: .done, worker: record.id, host: record.host)
    Self.fill(&correction, result, outputs, seconds)
    correction.reason = "the outputs were put in place once more by a worker that had been stopped for long"
    _ = try folder.append(correction)
  }

  /// Notes how a task ended that brought no result.
  private func conclude(
    _ entry: BatchTasks.Entry, _ error: AisError, seconds: Double, _ observer: BatchObserver, _ stop: Cancellation,
    _ watch: (WorkerEvent) -> Void
  ) throws(AisError) {
    if error.code == .cancelled {
      if stop.isCancelled {
        _ = try life.settle(.released, release)
        throw error
      }
      // Not asked to stop, so the task was lost; a journal that could not be asked is thrown here.
      _ = try life.settle(.released) { $0.reason = "the worker had lost the task" }
      watch(.lost(entry))
    } else if error.code == .outOfMemory, observer.schedule.log(of: entry.id).memoryShare(afterLoss: false) > 0.25 {
      let isOurs = try life.settle(.released) {
        $0.code = error.code.rawValue
        $0.reason = "\(error). It is tried again with half the memory"
      }
      watch(isOurs == nil ? .lost(entry) : .postponed(entry, error))
    } else {
      let isOurs = try life.settle(.failed) {
        $0.code = error.code.rawValue
        $0.reason = error.description
        $0.seconds = seconds
      }
      watch(isOurs == nil ? .lost(entry) : .failed(entry, error))
    }
  }

  private func giveUp(
    _ task: String, _ number: Int, _ workers: [String], _ observer: inout BatchObserver, _ watch: (WorkerEvent) -> Void
  ) throws(AisError) {
    guard let entry = observer.tasks[task] else { return }
    let error = AisError.workersLost(entry.name, workers: workers)
    var failed = JournalEntry(task: task, number: number, kind: .failed, worker: record.id, host: record.host)
    failed.code = error.code.rawValue
    failed.reason = error.message
    if try folder.append(failed) { watch(.failed(entry, error)) }
    try observer.refresh(task: task)
  }

  /// The file server's time of the last wish to do the task again, or of the last plan.
  private func freshSince(_ task: String, _ wish: JournalEntry?) -> Double {
    wish.flatMap { BatchFolder.time(folder.entryPath(task, $0.number)) } ?? folder.planTime()
  }

  private func digests(of paths: [String]) throws(AisError) -> [JournalEntry.Output] {
    var outputs: [JournalEntry.Output] = []
    for path in paths {
      let file = try RandomAccessFile(path)
      outputs.append(.init(path: path, bytes: file.byteCount, sha256: try SHA256.hex(of: file)))
    }
    return outputs
  }

  private static func fill(
    _ entry: inout JournalEntry, _ result: TaskResult, _ outputs: [JournalEntry.Output], _ seconds: Double
  ) {
    entry.outputs = outputs
    entry.seconds = seconds
    if result.wasThere { entry.wasThere = true }
    if !result.warnings.isEmpty { entry.warnings = result.warnings }
    if !result.lines.isEmpty { entry.lines = result.lines }
  }

  /// Waits about a second, in steps short enough for Ctrl-C.
  private func pause(_ stop: Cancellation) throws(AisError) {
    for _ in 0..<20 {
      try stop.check()
      Thread.sleep(forTimeInterval: min(0.05, record.signSeconds / 20))
    }
  }

  private static func seconds(_ duration: Duration) -> Double {
    let parts = duration.components
    return ((Double(parts.seconds) + Double(parts.attoseconds) * 1e-18) * 1000).rounded() / 1000
  }
}
