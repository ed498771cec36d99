import AisCore
import AisFormats
import Foundation
import Synchronization

/// The jobs of a project: one runs at a time, the others wait. They live as long as the process; what they change in the project
/// is in its journal.
final class JobRegistry: Sendable {
  private struct State {
    /// The latest first.
    var jobs: [Job] = []
    var waiting: [Job] = []
    var runner: Task<Void, Never>?
    var isClosed = false
  }

  /// Jobs that are over are forgotten when there are more.
  private static let most = 50
  private let state = Mutex(State())
  private let board: NoticeBoard

  init(board: NoticeBoard) { self.board = board }

  var all: [Job] { state.withLock { $0.jobs } }

  /// Puts work at the end of the line. Throws `stopping` when no more is taken.
  func start(
    _ kind: String, title: String, _ body: @escaping @Sendable (Job) async throws -> Job.Result
  ) throws(AisError) -> Job {
    let job = Job(id: UUID().uuidString.lowercased(), kind: kind, title: title, board: board, body)
    let (isTaken, forgotten) = state.withLock { state -> (Bool, [Job]) in
      if state.isClosed { return (false, []) }
      state.jobs.insert(job, at: 0)
      state.waiting.append(job)
      if state.runner == nil { state.runner = Task { await self.runAll() } }
      let old = state.jobs.filter(\.isOver).dropFirst(Self.most)
      state.jobs.removeAll { job in old.contains { $0 === job } }
      return (true, Array(old))
    }
    guard isTaken else { throw AisError(.stopping, "the program is stopping; start the job again afterwards") }
    for job in forgotten { board.forget("job \(job.id)") }
    return job
  }

  private func runAll() async {
    while let job = next() { await job.run() }
  }

  private func next() -> Job? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.runner = nil
        return nil
      }
      return state.waiting.removeFirst()
    }
  }

  /// Throws `not-found`.
  func cancel(_ id: String) throws(AisError) -> Job {
    guard let job = all.first(where: { $0.id == id }) else { throw AisError(.notFound, "there is no job '\(id)'") }
    job.cancel()
    return job
  }

  /// Takes no more jobs, and asks those that are there to stop.
  func cancelAll() {
    let jobs = state.withLock { state in
      state.isClosed = true
      return state.jobs
    }
    for job in jobs { job.cancel() }
  }

  /// Waits until nothing runs any more.
  func finish() async {
    cancelAll()
    await state.withLock { $0.runner }?.value
  }
}
