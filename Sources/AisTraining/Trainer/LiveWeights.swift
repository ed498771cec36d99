import AisNetworks
import Synchronization

/// Gives half-trained networks to whoever asks, from any thread, while a training runs: copied after the batch in work.
package final class LiveWeights: Sendable {
  private struct State {
    var waiting: [CheckedContinuation<NetworkGraph?, Never>] = []
    var isOver = false
    /// When the listener is told next.
    var due = ContinuousClock.now
  }

  private let state = Mutex(State())

  private let listener: (@Sendable (NetworkGraph) -> Void)?
  private let interval: Double

  package init() {
    listener = nil
    interval = 0
  }

  /// Also tells `listener`, on the thread that trains, after a batch and at most every so many seconds.
  package init(every interval: Double, _ listener: @escaping @Sendable (NetworkGraph) -> Void) {
    self.listener = listener
    self.interval = interval
  }

  /// The network as it is after the batch in work; `nil` when the training is over.
  package func fetch() async -> NetworkGraph? {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.isOver { state.waiting.append(continuation) }
        return state.isOver
      }
      if isOver { continuation.resume(returning: nil) }
    }
  }

  /// Answers those who wait; `graph` is asked only when there are some.
  func serve(_ graph: () throws -> NetworkGraph) rethrows {
    let (waiting, isDue) = state.withLock { state in
      let all = state.waiting
      state.waiting = []
      return (all, listener != nil && ContinuousClock.now >= state.due)
    }
    guard !waiting.isEmpty || isDue else { return }
    let current: NetworkGraph
    do { current = try graph() } catch {
      for continuation in waiting { continuation.resume(returning: nil) }
      throw error
    }
    for continuation in waiting { continuation.resume(returning: current) }
    guard isDue, let listener else { return }
    listener(current)
    state.withLock { $0.due = .now + .seconds(interval) }
  }

  /// From here on nobody waits.
  func end() {
    let waiting = state.withLock { state in
      state.isOver = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: nil) }
  }
}
