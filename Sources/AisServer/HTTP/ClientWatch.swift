import NIOCore
import Synchronization

/// Notices that a client hung up while its request is worked on, and leaves the connection as it is: it serves the next request.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Never

  let departure = Departure()

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { departure.happen() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    departure.happen()
    context.fireChannelInactive()
  }

  /// Does `body` until the client of the channel is gone, and then cancels it.
  static func whilePresent<Value: Sendable>(
    _ channel: any Channel, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let departure = try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: ClientWatch.self).departure
    }.get()
    return try await withThrowingTaskGroup(of: Value.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await body() }
      group.addTask {
        await departure.wait()
        throw CancellationError()
      }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }
}

/// Something that happens once, and that several may wait for.
final class Departure: Sendable {
  private struct State {
    var hasHappened = false
    var next = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var cancelled: Set<Int> = []
  }

  private let state = Mutex(State())

  func happen() {
    let waiting = state.withLock { state in
      state.hasHappened = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when it happened, or when the task is cancelled.
  func wait() async {
    let ticket = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.hasHappened || state.cancelled.remove(ticket) != nil { return true }
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
}
