import AisCore
import NIOCore

/// Notices that a client hung up while its request is worked on, and leaves the connection as it is: it serves the next request.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Never

  /// Whether the client is gone.
  let departure = WatchedState(false)

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { departure.change { $0 = true } }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    departure.change { $0 = true }
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
        await departure.wait { $0 }
        throw CancellationError()
      }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }
}
