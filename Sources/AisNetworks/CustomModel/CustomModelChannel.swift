import AisCore
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Packets over a socket: four bytes with the length of a header and eight with that of the payload (little-endian), the header
/// as JSON, the payload. Waits in short turns, so that a dead or silent other end is noticed.
struct CustomModelChannel {
  /// What a packet says; requests have `do`, notes `note`, failures `failed`.
  struct Header: Codable {
    var `do`: String?
    var name: String?
    var seed: UInt32?
    var slabs: Bool?
    var shape: [Int]?
    var images: [Int]?
    var labels: [Int]?
    var batch: Int?
    var files: [File]?
    var parameters: Int?
    var note: String?
    var done: Int?
    var failed: String?

    struct File: Codable {
      var name: String
      var bytes: Int
    }
  }

  /// Why no packet came.
  enum Silence: Error {
    /// The other end is gone.
    case gone
    /// What came is no packet.
    case nonsense
    /// `isOver` said that there is no use in waiting longer.
    case givenUp
  }

  let descriptor: Int32
  private static let longestHeader = 1 << 20
  private static let longestPayload = 8 << 30

  /// Asks `isOver` ten times a second whether to go on.
  func send(_ header: Header, _ payload: [UInt8], isOver: () -> Bool) throws(Silence) {
    guard let text = try? JSONEncoder().encode(header) else { throw .nonsense }
    var packet = [UInt8]()
    withUnsafeBytes(of: UInt32(text.count).littleEndian) { packet.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt64(payload.count).littleEndian) { packet.append(contentsOf: $0) }
    packet.append(contentsOf: text)
    try send(packet, isOver)
    try send(payload, isOver)
  }

  func receive(isOver: () -> Bool) throws(Silence) -> (Header, [UInt8]) {
    let head = try bytes(12, isOver)
    let (length, size) = head.withUnsafeBytes {
      (
        Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
      )
    }
    guard length <= Self.longestHeader, size <= UInt64(Self.longestPayload) else { throw .nonsense }
    let text = try bytes(length, isOver)
    let payload = try bytes(Int(size), isOver)
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(text)) else { throw .nonsense }
    return (header, payload)
  }

  private func send(_ bytes: [UInt8], _ isOver: () -> Bool) throws(Silence) {
    var sent = 0
    while sent < bytes.count {
      try wait(for: Int16(POLLOUT), isOver)
      // MSG_NOSIGNAL: a child that died is an answer here, not the end of the program.
      let count = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { throw .gone }
      sent += count
    }
  }

  private func bytes(_ count: Int, _ isOver: () -> Bool) throws(Silence) -> [UInt8] {
    var data = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      try wait(for: Int16(POLLIN), isOver)
      let read = data.withUnsafeMutableBytes {
        recv(descriptor, $0.baseAddress! + got, $0.count - got, Int32(MSG_DONTWAIT))
      }
      if read < 0, errno == EINTR || errno == EAGAIN { continue }
      guard read > 0 else { throw .gone }
      got += read
    }
    return data
  }

  private func wait(for events: Int16, _ isOver: () -> Bool) throws(Silence) {
    while true {
      var watched = pollfd(fd: descriptor, events: events, revents: 0)
      if poll(&watched, 1, 100) > 0 { return }
      if isOver() { throw .givenUp }
    }
  }

  func close() { Glibc.close(descriptor) }
}
