import AisCore
import AisProject
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The server of the page: one process, one port, many projects.
package struct AppServer: Sendable {
  let app: AppCentre
  package let settings: AppSettings
  private let logger: Logger

  package init(_ settings: AppSettings, logger: Logger) throws(AisError) {
    self.settings = settings
    self.logger = logger
    app = try AppCentre(settings, logger: logger)
  }

  /// The projects that are open.
  package var projects: ProjectRegistry { app.projects }

  /// Opens tomograms, folders, annotations or a project, and returns the project's key.
  package func open(_ paths: [String], creates: Bool) async throws -> String {
    try await ProjectOpening(app: app).open(paths, creates: creates, author: Author(settings.author, client: "ais app"))
      .key
  }

  /// The project that goes with paths, whether it is there or not.
  package func project(of paths: [String]) throws -> String {
    try ProjectOpening.Plan(paths, dataFolder: settings.dataFolder).project
  }

  /// The same without a server.
  package static func project(of paths: [String], dataFolder: String) throws -> String {
    try ProjectOpening.Plan(paths, dataFolder: dataFolder).project
  }

  /// Serves until the process is asked to stop, then lets requests end, closes the projects and returns what goes on by itself.
  ///
  /// - Parameter ready: called once with the port, when the server answers.
  @discardableResult
  package func run(
    port: Int, stopsOnSignals: Bool = true, ready: @escaping @Sendable (Int) async -> Void
  ) async throws -> WorkLeft {
    let app = app
    let application = buildApplication(app, port: port) { channel in
      let port = channel.localAddress?.port ?? port
      await app.projects.setAddress("http://\(settings.listen):\(port)")
      await ready(port)
    }
    var configuration = ServiceGroupConfiguration(
      services: [.init(service: Stopping(application, app))],
      gracefulShutdownSignals: stopsOnSignals ? [.sigint, .sigterm, .sighup] : [], logger: logger)
    // A client that does not read its answer must not keep the program from stopping.
    configuration.maximumGracefulShutdownDuration = .seconds(8)
    let group = ServiceGroup(configuration: configuration)
    do {
      try await withTaskCancellationHandler {
        try await group.run()
      } onCancel: {
        Task { await group.triggerGracefulShutdown() }
      }
    } catch {
      await app.projects.closeAll()
      throw error
    }
    return await app.projects.closeAll()
  }
}

/// Tells the rest of the program that the stop has begun, before the server waits for its connections to end.
private struct Stopping<Inner: Service>: Service {
  let inner: Inner
  let app: AppCentre

  init(_ inner: Inner, _ app: AppCentre) {
    self.inner = inner
    self.app = app
  }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await inner.run()
    } onGracefulShutdown: {
      app.beginStop()
    }
  }
}

/// The application: routes behind the gate, with limits on what clients may cost.
func buildApplication(
  _ app: AppCentre, port: Int, onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> Application<RouterResponder<AppContext>> {
  let router = Router(context: AppContext.self, options: .autoGenerateHeadEndpoints)
  router.add(middleware: ErrorMiddleware(logger: app.logger))
  router.add(middleware: Gate(app: app))
  for route in APIRoute.all {
    router.on(RouterPath(route.path), method: route.method) { request, context in
      let asked = AppRequest(request: request, context: context, app: app)
      if let name = request.headers[.aisAuthor]?.removingPercentEncoding, !name.isEmpty {
        app.people.note(String(name.prefix(200)), for: asked.client)
      }
      return try await route.answer(asked)
    }
  }
  router.get("/") { request, _ in try app.web.index(request) }
  router.get("/p/**") { request, _ in try app.web.index(request) }
  router.get("/**") { request, _ in try app.web.answer(request) }
  var quiet = app.logger
  quiet.logLevel = max(quiet.logLevel, .warning)
  return Application(
    router: router,
    server: .http1(
      configuration: .init(
        additionalChannelHandlers: [ClientWatch()], idleTimeout: .seconds(60),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))),
    configuration: ApplicationConfiguration(
      address: .hostname(app.settings.listen, port: port), serverName: "Ais", backlog: 1024,
      availableConnectionsDelegate: MaximumAvailableConnections(2000, logger: quiet)),
    onServerRunning: onServerRunning, logger: quiet)
}
