import Synchronization

/// Wakes those who wait for the journal to grow.
final class JournalNews: Sendable {
  private struct State {
    var latest: Int64
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var cancelled: Set<Int> = []
    var next = 0
  }

  private let state: Mutex<State>

  init(latest: Int64) { state = Mutex(State(latest: latest)) }

  /// Says that the journal has a line of this number. Lines come from several threads, in no certain order.
  func announce(_ sequence: Int64) {
    let waiting = state.withLock { state in
      state.latest = max(state.latest, sequence)
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when there is a line beyond a number, or may be, or when the task is cancelled.
  func wait(beyond sequence: Int64) async {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.latest > sequence || state.cancelled.remove(number) != nil { return true }
          state.waiting[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        let found = state.waiting.removeValue(forKey: number)
        if found == nil { state.cancelled.insert(number) }
        return found
      }
      continuation?.resume()
    }
    state.withLock { state in _ = state.cancelled.remove(number) }
  }
}
