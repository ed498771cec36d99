/// The entries of one task, in order, and what they come to.
package struct TaskLog: Sendable {
  package enum State: Sendable, Equatable {
    /// Nobody works on it.
    case open
    case claimed(worker: String)
    case done
    case failed
  }

  package private(set) var entries: [JournalEntry] = []

  package init() {}

  /// The number of the next entry.
  package var next: Int { entries.count + 1 }
  package var last: JournalEntry? { entries.last }

  /// Adds an entry that is known to follow; one that is known already is passed over.
  package mutating func append(_ entry: JournalEntry) {
    guard entry.number == next else { return }
    entries.append(entry)
  }

  package var state: State {
    guard let last else { return .open }
    switch last.kind {
    case .claimed, .renewed: return .claimed(worker: last.worker ?? "")
    case .released, .reopened: return .open
    case .done: return .done
    case .failed: return .failed
    }
  }

  /// The entries of the present attempt to get the task done: since a person last asked for one.
  private var current: ArraySlice<JournalEntry> {
    entries[(entries.lastIndex { $0.kind == .reopened }.map { $0 + 1 } ?? 0)...]
  }

  /// Workers that ended without a word while they had the task, as far as others found out.
  package var lostWorkers: [String] { current.compactMap(\.takenFrom) }

  /// How often memory ran out.
  package var shortages: Int { current.count { $0.kind == .released && $0.code == "out-of-memory" } }

  /// The share of a worker's memory that the next attempt may use. A lost worker counts like a lack of memory, for that is
  /// how the kernel ends a process that takes too much.
  package func memoryShare(afterLoss: Bool) -> Double {
    switch lostWorkers.count + shortages + (afterLoss ? 1 : 0) {
    case 0: 1
    case 1: 0.5
    default: 0.25
    }
  }

  /// When the present owner took it.
  package var claim: JournalEntry? {
    guard case .claimed = state else { return nil }
    return entries.last { $0.kind == .claimed }
  }
}
