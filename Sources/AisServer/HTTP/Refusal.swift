import AisCore
import AisFormats
import HTTPTypes
import Hummingbird

/// An error with what the page can do about it.
struct Refusal: Error {
  var error: AisError
  /// Without one, the code of the error decides.
  var status: HTTPResponse.Status?
  /// `{"kind": …, …}`: a button of the page.
  var remedy: JSONValue?

  init(_ error: AisError, status: HTTPResponse.Status? = nil, remedy: JSONValue? = nil) {
    self.error = error
    self.status = status
    self.remedy = remedy
  }

  /// The answer: `{"schema": "ais.error/1", "code", "message", "remedy"?}`.
  var response: Response {
    var members: [String: JSONValue] = [
      "schema": .string("ais.error/1"), "code": .string(error.code.rawValue), "message": .string(error.description),
    ]
    if let remedy { members["remedy"] = remedy }
    return .json(.object(members), status: status ?? Self.status(of: error.code))
  }

  /// Statuses of codes; those that are not named mean that the request asks for something that cannot be.
  static func status(of code: AisError.Code) -> HTTPResponse.Status {
    switch code {
    case .notFound: .notFound
    case .notAllowed, .outsideRoots: .forbidden
    case .inUse, .needsDecision: .conflict
    case .limitExceeded: .contentTooLarge
    case .stopping, .engineUnavailable, .outOfMemory, .cancelled: .serviceUnavailable
    case .diskFull: .init(code: 507, reasonPhrase: "Insufficient Storage")
    case .fileSystem, .truncated: .init(code: 500, reasonPhrase: "Internal Server Error")
    default: .badRequest
    }
  }

  /// Of an edit: what may go well when it is sent again must not make the page throw it away, so all such errors are "unavailable",
  /// which pages and scripts answer by trying again.
  static func ofEdit(_ error: AisError) -> Refusal {
    let isPassing = [.diskFull, .fileSystem, .inUse, .stopping, .outOfMemory].contains(error.code)
    return Refusal(error, status: isPassing ? .serviceUnavailable : nil)
  }
}
