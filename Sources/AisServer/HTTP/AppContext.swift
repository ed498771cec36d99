import Hummingbird

/// What Hummingbird carries along with a request.
struct AppContext: RequestContext {
  var coreContext: CoreRequestContextStorage

  init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
}
