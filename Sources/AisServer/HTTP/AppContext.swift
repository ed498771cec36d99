import Hummingbird
import NIOCore

/// What Hummingbird carries along with a request.
struct AppContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection that the request came by.
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}
