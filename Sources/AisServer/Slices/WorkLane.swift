import Dispatch
import Synchronization

/// Runs blocking work on threads of its own, a few pieces at a time: what is urgent first, otherwise in the order in which it
/// came. Reading must never hold the threads on which requests are answered.
package final class WorkLane: Sendable {
  package enum Urgency: Int, Sendable {
    /// May wait. One thread is always left to what is urgent.
    case ahead
    case urgent
  }

  /// Names a piece of work that waits.
  package typealias Ticket = Int

  private struct Piece {
    var ticket: Ticket
    var urgency: Urgency
    var body: @Sendable () -> Void
  }

  private struct State {
    var waiting: [Piece] = []
    var running = 0
    var serial = 0
  }

  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let width: Int

  package init(_ name: String, width: Int, quality: DispatchQoS) {
    self.width = max(1, width)
    queue = DispatchQueue(label: "ais.\(name)", qos: quality, attributes: .concurrent)
  }

  @discardableResult
  package func submit(_ urgency: Urgency = .urgent, _ body: @escaping @Sendable () -> Void) -> Ticket {
    let ticket = state.withLock { state in
      state.serial += 1
      state.waiting.append(Piece(ticket: state.serial, urgency: urgency, body: body))
      return state.serial
    }
    startNext()
    return ticket
  }

  /// Lets a piece that waits go before those that may.
  package func makeUrgent(_ ticket: Ticket) {
    state.withLock { state in
      if let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) {
        state.waiting[place].urgency = .urgent
      }
    }
    startNext()
  }

  /// Pieces that run or wait.
  var load: Int { state.withLock { $0.running + $0.waiting.count } }

  private func startNext() {
    let piece: Piece? = state.withLock { state in
      guard state.running < width else { return nil }
      let place =
        state.waiting.firstIndex { $0.urgency == .urgent }
        ?? (state.running < max(1, width - 1) ? state.waiting.indices.first : nil)
      guard let place else { return nil }
      state.running += 1
      return state.waiting.remove(at: place)
    }
    guard let piece else { return }
    queue.async {
      piece.body()
      self.state.withLock { $0.running -= 1 }
      self.startNext()
    }
  }
}
