import AisCore
import HTTPTypes
import Hummingbird
import Logging

/// Turns errors into answers, puts the headers that keep browsers careful on every answer, and writes the log.
struct ErrorMiddleware: RouterMiddleware {
  let logger: Logger

  /// Only what the server itself serves is loaded or run; nobody may put the page into a frame; the address, which may
  /// carry the token once, is not passed on.
  static let careful: [(HTTPField.Name, String)] = [
    (
      .contentSecurityPolicy,
      "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        + "font-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'"
    ),
    (.xContentTypeOptions, "nosniff"),
    (HTTPField.Name("X-Frame-Options")!, "DENY"),
    (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
    (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
    (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    (HTTPField.Name("Permissions-Policy")!, "camera=(), microphone=(), geolocation=()"),
  ]

  func handle(
    _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
  ) async throws -> Response {
    let begin = ContinuousClock.now
    var response: Response
    do {
      response = try await next(request, context)
    } catch let refusal as Refusal {
      response = refusal.response
      note(refusal.error, response.status, request)
    } catch let error as AisError {
      response = Refusal(error).response
      note(error, response.status, request)
    } catch let error as HTTPError where error.status == .notFound {
      response = Refusal(AisError(.notFound, "'\(request.uri.path)' is no address of this program")).response
    } catch is CancellationError {
      response = Refusal(AisError(.cancelled, "the request was given up")).response
    } catch {
      logger.error(
        "a request failed for a reason that the program does not know",
        metadata: [
          "method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(String(reflecting: error))",
        ])
      response = Response(status: .internalServerError)
    }
    for (name, value) in Self.careful { response.headers[name] = value }
    let time = (ContinuousClock.now - begin) / .milliseconds(1)
    logger.debug(
      "request",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
        "milliseconds": "\((time * 10).rounded() / 10)",
      ])
    return response
  }

  private func note(_ error: AisError, _ status: HTTPResponse.Status, _ request: Request) {
    logger.log(
      level: status.code >= 500 && error.code != .cancelled ? .warning : .info, "refused",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(status.code)",
        "code": "\(error.code)", "message": "\(error.description)",
      ])
  }
}
