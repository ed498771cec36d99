import AisCore
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Messages over a socket: four bytes that count (little-endian), then JSON.
struct EngineChannel {
  let descriptor: Int32
  /// No message is longer: what claims to be is no message.
  private static let limit = 64 << 20

  /// Both ends, neither inherited by other children.
  static func pair() throws(AisError) -> (near: EngineChannel, far: EngineChannel) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw AisError(.engineFailed, "no line to an engine process could be made: \(String(cString: strerror(errno)))")
    }
    return (EngineChannel(descriptor: ends[0]), EngineChannel(descriptor: ends[1]))
  }

  /// False when the other end is gone.
  func send(_ message: some Encodable) -> Bool {
    guard let body = try? JSONEncoder().encode(message) else { return false }
    var packet = withUnsafeBytes(of: UInt32(body.count).littleEndian) { Data($0) }
    packet.append(body)
    return packet.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        // MSG_NOSIGNAL: a child that died is an answer here, not the end of the program.
        let count = Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// The next message; `nil` when the other end is gone or sends something else.
  func receive<Message: Decodable>(_ type: Message.Type) -> Message? {
    guard let head = bytes(4) else { return nil }
    let count = Int(head.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) })
    guard count <= Self.limit, let body = bytes(count) else { return nil }
    return try? JSONDecoder().decode(type, from: body)
  }

  private func bytes(_ count: Int) -> Data? {
    var data = Data(count: count)
    let isWhole = data.withUnsafeMutableBytes { buffer in
      var got = 0
      while got < count {
        let read = recv(descriptor, buffer.baseAddress! + got, count - got, 0)
        if read < 0 && errno == EINTR { continue }
        guard read > 0 else { return false }
        got += read
      }
      return true
    }
    return isWhole ? data : nil
  }

  /// Waits until the other end is gone, without reading.
  func waitForHangUp() {
    var watched = pollfd(fd: descriptor, events: 0, revents: 0)
    while true {
      let count = poll(&watched, 1, -1)
      if count < 0 && errno == EINTR { continue }
      return
    }
  }

  func close() { Glibc.close(descriptor) }
}
