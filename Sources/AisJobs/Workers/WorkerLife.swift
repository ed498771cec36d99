import AisCore
import AisFormats
import Foundation
import Synchronization

/// Keeps a worker's sign of life beating on a thread of its own, and watches over the worker's right to its task.
///
/// The sign is a small file that is written in place, over and over: a file put in its place by renaming would be another
/// file, and other machines might go on looking at the old one for a minute.
package final class WorkerLife: Sendable {
  /// The task in hand.
  private struct Holding {
    var task: String
    /// The number of the last entry that says that the task is ours.
    var number: Int
    var lease: OwnLease
    var isLost = false
    /// The journal could not be asked.
    var failure: AisError?
  }

  private struct State {
    var sign = LifeSign(count: 0)
    var holding: Holding?
    var isStopped = false
  }

  private let folder: BatchFolder
  private let worker: WorkerRecord
  private let clock: @Sendable () -> Duration
  private let descriptor: Int32
  private let state = Mutex(State())
  private static let byteCount = 512

  /// Writes the first sign. Throws when the file cannot be made.
  package init(_ worker: WorkerRecord, in folder: BatchFolder, clock: @escaping @Sendable () -> Duration)
    throws(AisError)
  {
    self.worker = worker
    self.folder = folder
    self.clock = clock
    let path = folder.signPath(of: worker.id)
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .unwritable(folder.output, .fileSystem("write", path, errno)) }
    guard beat() else { throw .unwritable(folder.output, .fileSystem("write", path, errno)) }
    let thread = Thread { [weak self, period = worker.signSeconds] in
      while true {
        Thread.sleep(forTimeInterval: period)
        guard let self, self.goOn() else { return }
      }
    }
    thread.name = "sign of life"
    thread.start()
  }

  deinit { close(descriptor) }

  private func goOn() -> Bool {
    if state.withLock({ $0.isStopped }) { return false }
    beat()
    lookForTakeover()
    return true
  }

  @discardableResult
  private func beat() -> Bool {
    let sign = state.withLock { state in
      state.sign.count += 1
      return state.sign
    }
    var bytes = BatchFolder.bytes(sign, isPretty: false)
    bytes.removeLast()
    bytes += [UInt8](repeating: 0x20, count: max(0, Self.byteCount - 1 - bytes.count)) + [0x0A]
    // Not under the lock, for a file server may take its time and threads that compute ask for the lock. A server that fails
    // for a while leaves the sign as it is: after half the lease the journal is asked.
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count, fsync(descriptor) == 0 else { return false }
    let now = clock()
    state.withLock { $0.holding?.lease.signed(at: now) }
    return true
  }

  /// Whether another worker has written the next entry of the task in hand.
  private func lookForTakeover() {
    guard let holding = state.withLock({ $0.holding }), !holding.isLost,
      let entry = try? folder.entry(holding.task, holding.number + 1), entry.worker != worker.id
    else { return }
    state.withLock { state in
      if state.holding?.task == holding.task { state.holding?.isLost = true }
    }
  }

  // MARK: The task in hand

  /// The worker has claimed a task by the entry of this number.
  package func hold(_ task: String, number: Int) {
    let now = clock()
    state.withLock {
      $0.holding = Holding(task: task, number: number, lease: OwnLease(length: worker.lease, now: now))
      $0.sign.task = task
      $0.sign.fraction = 0
    }
    beat()
  }

  package func progress(_ fraction: Double) { state.withLock { $0.sign.fraction = (fraction * 1000).rounded() / 1000 } }

  /// Whether the task in hand has become somebody else's. Asks the journal when signs of life came too far apart. Often
  /// called, from any thread.
  package var hasLost: Bool {
    state.withLock { state in
      guard var holding = state.holding else { return false }
      if holding.isLost { return true }
      guard holding.lease.isDoubtful(at: clock()) else { return false }
      var entry = JournalEntry(
        task: holding.task, number: holding.number + 1, kind: .renewed, worker: worker.id, host: worker.host)
      entry.reason = "the worker was still for more than half of its lease"
      do throws(AisError) {
        if try folder.append(entry) {
          holding.number += 1
          holding.lease.confirmed(at: clock())
        } else {
          holding.isLost = true
        }
      } catch {
        holding.isLost = true
        holding.failure = error
      }
      state.holding = holding
      return holding.isLost
    }
  }

  /// Ends holding by an entry that `fill` completes. Returns the entry, or `nil` when the task is somebody else's by now.
  package func settle(
    _ kind: JournalEntry.Kind, _ fill: (inout JournalEntry) -> Void
  ) throws(AisError) -> JournalEntry? {
    var failure: AisError?
    let written = state.withLock { state -> JournalEntry? in
      guard let holding = state.holding else { return nil }
      state.holding = nil
      state.sign.task = nil
      state.sign.fraction = nil
      if let error = holding.failure {
        failure = error
        return nil
      }
      var entry = JournalEntry(
        task: holding.task, number: holding.number + 1, kind: kind, worker: worker.id, host: worker.host)
      fill(&entry)
      do throws(AisError) { return try folder.append(entry) ? entry : nil } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    return written
  }

  /// The last sign: others need not wait for another one.
  package func end() {
    state.withLock {
      $0.isStopped = true
      $0.sign.hasEnded = true
      $0.sign.task = nil
      $0.sign.fraction = nil
    }
    beat()
  }
}
