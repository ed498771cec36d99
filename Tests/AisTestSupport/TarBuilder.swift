/// Makes tar archives for tests, honest and hostile ones, byte by byte (POSIX ustar).
package struct TarBuilder {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Adds a member. `size` is what the header states, by default the truth; `type` is the tar type flag.
  package mutating func add(
    _ name: String, _ content: [UInt8] = [], type: Character = "0", link: String = "", size: Int? = nil
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ value: Int, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(size ?? content.count, digits: 11), at: 124)
    put("00000000000", at: 136)
    put("        ", at: 148)
    put(String(type), at: 156)
    put(link, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0", at: 148)
    bytes += header + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// The archive with its two empty blocks at the end.
  package func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// Compresses bytes as gzip with fixed Huffman codes, where runs of one byte cost next to nothing: enough for tests,
/// bombs included (RFC 1951, 1952).
package enum GzipBuilder {
  package static func compress(_ bytes: [UInt8]) -> [UInt8] {
    var writer = BitWriter()
    writer.put(1, bits: 1)
    writer.put(1, bits: 2)
    var index = 0
    while index < bytes.count {
      writer.putLiteral(bytes[index])
      var run = 0
      while index + 1 + run < bytes.count, bytes[index + 1 + run] == bytes[index] { run += 1 }
      index += 1
      while run >= 258 {
        writer.putRunOf258()
        index += 258
        run -= 258
      }
    }
    writer.putCode(0, bits: 7)
    let size = UInt32(truncatingIfNeeded: bytes.count)
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    result += writer.finished()
    result += littleEndian(checksum(bytes))
    result += littleEndian(size)
    return result
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table: [UInt32] = (0..<256).map { start in
      var value = UInt32(start)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
      return value
    }
    var sum = UInt32.max
    for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8) }
    return ~sum
  }

  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var used = 8

    /// Bits of a number, lowest first.
    mutating func put(_ value: Int, bits: Int) {
      for bit in 0..<bits {
        if used == 8 {
          bytes.append(0)
          used = 0
        }
        bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(used)
        used += 1
      }
    }

    /// Bits of a Huffman code, highest first.
    mutating func putCode(_ code: Int, bits: Int) {
      for bit in (0..<bits).reversed() { put(code >> bit & 1, bits: 1) }
    }

    mutating func putLiteral(_ byte: UInt8) {
      byte < 144 ? putCode(0x30 + Int(byte), bits: 8) : putCode(0x190 + Int(byte) - 144, bits: 9)
    }

    /// The byte before, 258 times more: length code 285, distance 1.
    mutating func putRunOf258() {
      putCode(0xC5, bits: 8)
      putCode(0, bits: 5)
    }

    func finished() -> [UInt8] { bytes }
  }
}
