import AisCore
import AisFormats
import Foundation

/// Asks a server that runs on this machine, as a script would: one request, one answer, no proxy in between.
package struct ServerClient: Sendable {
  /// What the server would not do.
  package struct Refused: Error {
    package var error: AisError
    /// What can be done about it.
    package var remedy: JSONValue?
  }

  package let record: ServerRecord

  /// A project may have to wait for the lease of one that died.
  private static let patience = 60

  package init(_ record: ServerRecord) { self.record = record }

  /// Sends JSON and returns the JSON of the answer. Blocks.
  ///
  /// - Throws: `engine-lost` as an `AisError` when nobody answers there; `Refused` for an answer that is an error.
  package func post(_ path: String, _ body: JSONValue) throws -> JSONValue {
    let bytes = Array(body.text.utf8)
    guard let url = URL(string: record.address), let host = url.host, let port = url.port else { throw silence }
    let head = [
      "POST \(path) HTTP/1.1", "Host: \(host.contains(":") ? "[\(host)]" : host):\(port)",
      "Authorization: Bearer \(record.token)", "X-Ais-Client: ais open", "Content-Type: application/json",
      "Content-Length: \(bytes.count)", "Connection: close", "", "",
    ].joined(separator: "\r\n")
    let answer = try exchange(Array(head.utf8) + bytes, host: host, port: port)
    guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { throw silence }
    let status = String(decoding: answer[..<end.lowerBound], as: UTF8.self).split(separator: " ").dropFirst().first
    guard let status = status.flatMap({ Int($0) }),
      let json = try? JSONValue(parsing: Array(answer[end.upperBound...]), name: "the answer")
    else { throw silence }
    guard status >= 400 else { return json }
    throw Refused(
      error: AisError(
        AisError.Code(rawValue: json["code"]?.string ?? "malformed"), json["message"]?.string ?? "status \(status)"),
      remedy: json["remedy"])
  }

  private var silence: AisError { AisError(.engineLost, "nobody answers at '\(record.address)'") }

  private func exchange(_ request: [UInt8], host: String, port: Int) throws(AisError) -> [UInt8] {
    let descriptor = try connected(host, port)
    defer { close(descriptor) }
    var sent = 0
    while sent < request.count {
      let count = request[sent...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { throw silence }
      sent += count
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while answer.count < 16 << 20 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 { return answer }
      if count < 0 {
        if errno == EINTR { continue }
        throw silence
      }
      answer += buffer[..<count]
    }
    return answer
  }

  private func connected(_ host: String, _ port: Int) throws(AisError) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0 else { throw silence }
    defer { freeaddrinfo(found) }
    var next = found
    while let info = next?.pointee {
      next = info.ai_next
      let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
      if descriptor < 0 { continue }
      var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
      }
      if connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
      close(descriptor)
    }
    throw silence
  }
}
