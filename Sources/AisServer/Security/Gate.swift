import AisCore
import AisFormats
import HTTPTypes
import Hummingbird
import NIOCore

/// Looks at every request before any route does: is it for this server, from its own page or a script, and by somebody who
/// knows the token?
struct Gate: RouterMiddleware {
  let app: AppCentre

  func handle(
    _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
  ) async throws -> Response {
    if app.isStopping {
      var response = Refusal(AisError(.stopping, "the program is stopping. Start it again; nothing is lost")).response
      response.headers[.connection] = "close"
      return response
    }
    let host = request.head.authority
    guard let host, app.settings.hosts.allows(host: host) else {
      throw AisError(
        .notAllowed,
        "this program does not answer under the name '\(host ?? "")'. Start it with '--allow-host \(Self.bare(host))' if that "
          + "name is yours")
    }
    if let given = request.uri.queryParameters["token"], request.method == .get, !request.uri.path.hasPrefix("/api/") {
      guard app.settings.token.matches(given) else { throw Self.unknown }
      return entry(request)
    }
    let isScript = try isSigned(request)
    try requireOwnPage(request, host: host, isScript: isScript)
    return try await next(request, context)
  }

  /// Whether a request knows the token, and by which way: `true` for scripts, `false` for pages.
  private func isSigned(_ request: Request) throws -> Bool {
    if let field = request.headers[.authorization] {
      let words = field.split(separator: " ")
      guard words.count == 2, words[0].lowercased() == "bearer", app.settings.token.matches(words[1]) else {
        throw Self.unknown
      }
      return true
    }
    if app.settings.token.isIn(cookies: request.headers[values: .cookie]) { return false }
    // A page of an earlier start: it must keep its edits, and sends them when it is opened anew.
    if request.headers[.aisClient] != nil {
      throw Refusal(Self.unknown.error, status: .serviceUnavailable)
    }
    throw Self.unknown
  }

  /// Cookies come with every request that a browser sends, whoever made it do so. A change must say that it comes from our
  /// own page; browsers do, and other sites cannot.
  private func requireOwnPage(_ request: Request, host: String, isScript: Bool) throws {
    let site = request.headers[.secFetchSite]
    if let origin = request.headers[.origin] {
      guard app.settings.hosts.allows(origin: origin, host: host) else { throw Self.foreign(origin) }
    } else if !isScript, request.method != .get, request.method != .head, site != "same-origin" {
      throw Self.foreign("a page that does not say whose it is")
    }
    if let site, request.uri.path.hasPrefix("/api/"), site != "same-origin", site != "none" {
      throw Self.foreign("another site")
    }
  }

  /// The token becomes a cookie and leaves the address, so that it is not in the history, in bookmarks, on screenshots.
  private func entry(_ request: Request) -> Response {
    let rest = request.uri.queryParameters.filter { $0.key != "token" }.map { "\($0.key)=\($0.value)" }
    // One slash: two would be the name of another host.
    let path = "/" + request.uri.path.drop { $0 == "/" || $0 == "\\" }
    let target = path + (rest.isEmpty ? "" : "?" + rest.joined(separator: "&"))
    let token = app.settings.token
    var headers: HTTPFields = [
      .setCookie: "\(token.cookieName)=\(token.text); Path=/; HttpOnly; SameSite=Strict", .cacheControl: "no-store",
    ]
    // Who comes from a link elsewhere does not bring the cookie along on a redirection; from a page of ours, it comes.
    if request.headers[.secFetchSite] == "cross-site" {
      headers[.contentType] = "text/html; charset=utf-8"
      let shown = target.replacing("&", with: "&amp;").replacing("\"", with: "&quot;").replacing("<", with: "&lt;")
      let html = "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url=\(shown)\"><a href=\"\(shown)\">Ais</a>\n"
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }
    headers[.location] = target
    return Response(status: .seeOther, headers: headers)
  }

  private static let unknown = Refusal(
    AisError(
      .notAllowed,
      "this address needs the token of the program's present start: open the address that 'ais app' printed, or send the header "
        + "'Authorization: Bearer TOKEN'"), status: .unauthorized)

  private static func foreign(_ origin: String) -> AisError {
    AisError(.notAllowed, "'\(origin)' may not ask this program for anything: only its own page may")
  }

  private static func bare(_ host: String?) -> String {
    host.map { $0.split(separator: ":").first.map(String.init) ?? "NAME" } ?? "NAME"
  }
}
