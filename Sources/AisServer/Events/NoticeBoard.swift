import Synchronization

/// What is new in a project beside its journal: who is there, how far jobs are, which files went missing.
///
/// Of each subject only the latest word is kept. A page that reads slowly gets that one, never a backlog, and holds nobody up.
final class NoticeBoard: Sendable {
  struct Notice: Sendable {
    /// The name of the event that pages get.
    var event: String
    /// JSON on one line.
    var data: String
    fileprivate var generation: Int
  }

  private struct State {
    var generation = 0
    var notices: [String: Notice] = [:]
    var isClosed = false
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var cancelled: Set<Int> = []
    var nextTicket = 0
  }

  private let state = Mutex(State())

  /// How much was posted until now.
  var generation: Int { state.withLock { $0.generation } }
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Says what is new of a subject, in place of what was said of it before.
  func post(_ subject: String, event: String, _ data: String) {
    wake { state in
      state.generation += 1
      state.notices[subject] = Notice(event: event, data: data, generation: state.generation)
    }
  }

  func forget(_ subject: String) { state.withLock { $0.notices[subject] = nil } }

  /// Wakes those who wait, because the journal has a new line.
  func ring() { wake { $0.generation += 1 } }

  /// Ends all streams.
  func close() { wake { $0.isClosed = true } }

  /// What was posted after a generation, in order, and the generation up to which that is.
  func news(after generation: Int) -> (notices: [Notice], generation: Int) {
    state.withLock { state in
      (
        state.notices.values.filter { $0.generation > generation }.sorted { $0.generation < $1.generation },
        state.generation
      )
    }
  }

  /// Returns when there is something after a generation, when the board is closed, when the time is over, or when the task
  /// is cancelled.
  func wait(after generation: Int, for time: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(after: generation) }
      group.addTask { try? await Task.sleep(for: time) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait(after generation: Int) async {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isClosed || state.generation > generation || state.cancelled.remove(ticket) != nil { return true }
          state.waiting[ticket] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        let found = state.waiting.removeValue(forKey: ticket)
        if found == nil { state.cancelled.insert(ticket) }
        return found
      }
      continuation?.resume()
    }
    state.withLock { state in _ = state.cancelled.remove(ticket) }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }
}
