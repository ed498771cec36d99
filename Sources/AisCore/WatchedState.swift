import Synchronization

/// A state that many threads change and tasks wait for: each change wakes those whose condition holds then.
package final class WatchedState<State: Sendable>: Sendable {
  private struct Waiter {
    var condition: @Sendable (State) -> Bool
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct Content {
    var state: State
    var waiting: [Int: Waiter] = [:]
    /// Waiters that were cancelled before they had begun to wait.
    var cancelled: Set<Int> = []
    var nextTicket = 0
  }

  private let content: Mutex<Content>

  package init(_ state: State) { content = Mutex(Content(state: state)) }

  /// What `body` takes from the state. It must be short: nobody else has the state meanwhile.
  package func read<Value: Sendable>(_ body: (State) -> Value) -> Value { content.withLock { body($0.state) } }

  /// Changes the state, and wakes those who waited for what it is now.
  @discardableResult
  package func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
    let (value, woken) = content.withLock { content -> (Value, [Waiter]) in
      let value = body(&content.state)
      let woken = content.waiting.filter { $0.value.condition(content.state) }
      for ticket in woken.keys { content.waiting[ticket] = nil }
      return (value, Array(woken.values))
    }
    for waiter in woken { waiter.continuation.resume() }
    return value
  }

  /// Returns when the condition holds, or has held after a change meanwhile, or when the task is cancelled.
  package func wait(until condition: @escaping @Sendable (State) -> Bool) async {
    let ticket = content.withLock { content in
      content.nextTicket += 1
      return content.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = content.withLock { content in
          if condition(content.state) || content.cancelled.remove(ticket) != nil { return true }
          content.waiting[ticket] = Waiter(condition: condition, continuation: continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiter = content.withLock { content in
        let found = content.waiting.removeValue(forKey: ticket)
        if found == nil { content.cancelled.insert(ticket) }
        return found
      }
      waiter?.continuation.resume()
    }
    // A cancellation may have come after the wait was over.
    content.withLock { content in _ = content.cancelled.remove(ticket) }
  }
}
