import AisCore

/// Where the bytes of a pickle are: in memory, or in a file that is read piece by piece.
package enum PickleSource: Sendable {
  case memory([UInt8])
  case file(RandomAccessFile)

  package var byteCount: Int {
    switch self {
    case .memory(let bytes): bytes.count
    case .file(let file): file.byteCount
    }
  }

  /// The bytes of a range inside.
  package func bytes(_ range: Range<Int>) throws(AisError) -> [UInt8] {
    switch self {
    case .memory(let bytes): Array(bytes[range])
    case .file(let file): try file.bytes(range)
    }
  }
}

/// Goes through a pickle from its first byte to its last; nothing is read beyond the end.
struct PickleCursor {
  private static let pieceByteCount = 64 << 10

  private let source: PickleSource
  /// The piece that is in memory begins here.
  private var pieceStart = 0
  private var piece: [UInt8] = []
  private(set) var position = 0

  init(_ source: PickleSource) { self.source = source }

  var remaining: Int { source.byteCount - position }

  mutating func byte() throws(PickleFault) -> UInt8 {
    guard remaining > 0 else { throw .truncated }
    if position - pieceStart >= piece.count {
      pieceStart = position
      piece = try read(position..<position + min(Self.pieceByteCount, remaining))
    }
    defer { position += 1 }
    return piece[position - pieceStart]
  }

  /// A little-endian number of 1 to 8 bytes.
  mutating func unsigned(_ count: Int) throws(PickleFault) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(try byte()) << UInt64(8 * index) }
    return value
  }

  /// A count of bytes that must still be there.
  mutating func length(_ count: Int) throws(PickleFault) -> Int {
    guard let value = Int(exactly: try unsigned(count)), value <= remaining else { throw .truncated }
    return value
  }

  /// The next `count` bytes, as their place in the pickle.
  mutating func skip(_ count: Int) throws(PickleFault) -> Range<Int> {
    guard count <= remaining else { throw .truncated }
    defer { position += count }
    return position..<position + count
  }

  mutating func bytes(_ count: Int) throws(PickleFault) -> [UInt8] {
    let range = try skip(count)
    if range.lowerBound >= pieceStart, range.upperBound <= pieceStart + piece.count {
      return Array(piece[range.lowerBound - pieceStart..<range.upperBound - pieceStart])
    }
    return try read(range)
  }

  mutating func text(_ count: Int) throws(PickleFault) -> String {
    let start = position
    guard let text = String(validating: try bytes(count), as: UTF8.self) else {
      throw .damaged("the text at byte \(start) is not UTF-8")
    }
    return text
  }

  /// A line of text, as the oldest protocols wrote them.
  mutating func line() throws(PickleFault) -> String {
    let start = position
    var bytes: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 0x0A { break }
      bytes.append(byte)
      if bytes.count > 1024 { throw .damaged("the line at byte \(start) does not end") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .damaged("the line at byte \(start) is not text")
    }
    return text
  }

  private func read(_ range: Range<Int>) throws(PickleFault) -> [UInt8] {
    do throws(AisError) { return try source.bytes(range) } catch { throw .unreadable(error) }
  }
}
