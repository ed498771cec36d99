import AisCore
import AisFormats
import AisProject
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A request, read by the routes: parameters of the address, the body, and who asks.
struct AppRequest: Sendable {
  var request: Request
  var context: AppContext
  var app: AppCentre

  /// The largest body of an edit: a stroke over the largest slice that a project takes.
  static let largestEdit = 64 << 20
  static let largestBody = 1 << 20
  /// A body must arrive within this time; a client that sends a byte now and then does not hold a place for ever.
  static let patience = Duration.seconds(120)

  // MARK: The address

  func text(_ name: String) throws(AisError) -> String {
    guard let value = context.parameters.get(name), let text = value.removingPercentEncoding else {
      throw AisError(.usage, "the address lacks '\(name)'")
    }
    return text
  }

  func number(_ name: String) throws(AisError) -> Int {
    let text = try text(name)
    guard let number = Int(text) else { throw AisError(.usage, "'\(text)' in the address is no number of a \(name)") }
    return number
  }

  func query(_ name: String) -> String? { request.uri.queryParameters[Substring(name)].map(String.init) }

  func queryNumber(_ name: String) throws(AisError) -> Int? {
    guard let text = query(name) else { return nil }
    guard let number = Int(text) else { throw AisError(.usage, "'\(name)=\(text)': expected a whole number") }
    return number
  }

  // MARK: Who asks

  /// The tab or script that asks.
  var client: String { request.headers[.aisClient].map { String($0.prefix(100)) } ?? query("client") ?? "" }

  /// The person: named by the request, or the user that the program runs for.
  var author: Author {
    let named = request.headers[.aisAuthor]?.removingPercentEncoding?.trimmingCharacters(in: .whitespacesAndNewlines)
    let name = named.flatMap { $0.isEmpty ? nil : String($0.prefix(200)) }
    return Author(name ?? app.people.name(of: client) ?? app.settings.author, client: client)
  }

  /// The open project of the address.
  func project() async throws(AisError) -> OpenProject { try await app.projects.project(try text("project")) }

  // MARK: The body

  /// Reads the body as JSON; an empty one is an empty object. Throws `limit-exceeded` for one that is too large or too slow.
  func json(limit: Int = largestBody) async throws -> JSONValue {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw Self.tooLarge(limit) }
    let end = ContinuousClock.now + Self.patience
    var bytes: [UInt8] = []
    for try await part in request.body {
      guard bytes.count + part.readableBytes <= limit else { throw Self.tooLarge(limit) }
      guard ContinuousClock.now < end else {
        throw Refusal(
          AisError(.limitExceeded, "the request did not arrive within \(Self.patience.components.seconds) s"),
          status: .requestTimeout)
      }
      bytes += part.readableBytesView
    }
    return bytes.isEmpty ? .object([:]) : try JSONValue(parsing: bytes, name: "the request")
  }

  private static func tooLarge(_ limit: Int) -> AisError {
    AisError(.limitExceeded, "the request is larger than \(limit >> 20) MiB, the most that is taken here")
  }
}

extension JSONValue {
  func required(_ name: String) throws(AisError) -> String {
    guard let text = self[name]?.string, !text.isEmpty else { throw AisError(.usage, "the request has no '\(name)'") }
    return text
  }

  func requiredNumber(_ name: String) throws(AisError) -> Double {
    guard let number = self[name]?.number, number.isFinite else {
      throw AisError(.usage, "the request has no '\(name)', or it is no number")
    }
    return number
  }

  func requiredInteger(_ name: String) throws(AisError) -> Int {
    guard let number = self[name]?.integer else {
      throw AisError(.usage, "the request has no '\(name)', or it is no whole number")
    }
    return number
  }

  func requiredTexts(_ name: String) throws(AisError) -> [String] {
    let texts = self[name]?.array?.compactMap(\.string) ?? []
    guard !texts.isEmpty else { throw AisError(.usage, "the request has no '\(name)': expected a list of texts") }
    return texts
  }

  static func number(_ value: Int) -> JSONValue { .number(Double(value)) }
  static func number(_ value: Int64) -> JSONValue { .number(Double(value)) }
  static func optional(_ value: Int?) -> JSONValue { value.map { .number($0) } ?? .null }
  static func optional(_ value: Int64?) -> JSONValue { value.map { .number($0) } ?? .null }
  static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
  static func optional(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
