import AisCore

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
  }

  private let state = WatchedState(State())

  /// How much was posted until now.
  var generation: Int { state.read { $0.generation } }
  var isClosed: Bool { state.read { $0.isClosed } }

  /// Says what is new of a subject, in place of what was said of it before.
  func post(_ subject: String, event: String, _ data: String) {
    state.change { state in
      state.generation += 1
      state.notices[subject] = Notice(event: event, data: data, generation: state.generation)
    }
  }

  func forget(_ subject: String) { state.change { $0.notices[subject] = nil } }

  /// Wakes those who wait, because the journal has a new line.
  func ring() { state.change { $0.generation += 1 } }

  /// Ends all streams.
  func close() { state.change { $0.isClosed = true } }

  /// What was posted after a generation, in order, and the generation up to which that is.
  func news(after generation: Int) -> (notices: [Notice], generation: Int) {
    state.read { state in
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
      group.addTask { await self.state.wait { $0.isClosed || $0.generation > generation } }
      group.addTask { try? await Task.sleep(for: time) }
      await group.next()
      group.cancelAll()
    }
  }
}
