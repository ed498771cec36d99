import AisCore

/// Where the files of an uncompressed tar archive lie, so that each can be read by itself: for archives of any size, from
/// several threads. POSIX ustar, pax and GNU long names.
///
/// Meant for archives from strangers, with the rules of `TarArchive`: absolute names, `..`, links and devices are refused, and
/// every size is held against the file before anything is read.
package struct TarIndex: Sendable {
  private static let block = 512
  /// More than any training set has.
  private static let mostMembers = 8_000_000
  /// Of the text that states a name too long for a header.
  private static let longestText = 1 << 16

  /// Where the bytes of each member are; of names given twice the last counts.
  package let ranges: [String: Range<Int>]
  private let file: RandomAccessFile

  /// - Throws: `malformed`, `truncated`, `limitExceeded`; `unsupported` when the archive is compressed.
  package init(_ file: RandomAccessFile) throws(AisError) {
    var walk = Walk(file: file)
    try walk.run()
    ranges = walk.ranges
    self.file = file
  }

  /// Whether a file that starts with these bytes is a plain tar archive.
  package static func isLikely(_ head: [UInt8]) -> Bool {
    head.count >= block && (head[257..<262].elementsEqual("ustar".utf8) || Header(head)?.isSound == true)
  }

  /// The bytes of a member, or `nil` where there is none of that name; refused when it has more than `limit`.
  package func bytes(of name: String, limit: Int) throws(AisError) -> [UInt8]? {
    guard let range = ranges[name] else { return nil }
    guard range.count <= limit else {
      throw AisError(
        .limitExceeded,
        "'\(file.path)' was not read: '\(name)' in it has \(range.count) bytes, at most \(limit) are expected")
    }
    let bytes = try file.bytes(range)
    guard bytes.count == range.count else {
      throw AisError(.truncated, "'\(file.path)' became shorter while it was read. Copy the file again.")
    }
    return bytes
  }

  /// The fields of a header that matter.
  private struct Header {
    var name: String
    var size: Int
    var type: UInt8
    /// Whether the checksum is that of the bytes.
    var isSound: Bool
    var isBlank: Bool

    init?(_ bytes: [UInt8]) {
      guard bytes.count >= TarIndex.block else { return nil }
      isBlank = bytes[..<TarIndex.block].allSatisfy { $0 == 0 }
      var sum = 0
      for (i, byte) in bytes[..<TarIndex.block].enumerated() { sum += (148..<156).contains(i) ? 32 : Int(byte) }
      isSound = Self.number(bytes[148..<156]) == sum
      guard let size = Self.number(bytes[124..<136]) else { return nil }
      self.size = size
      type = bytes[156]
      var name = Self.text(bytes[0..<100])
      // GNU's old format keeps other things where POSIX has the folder.
      if bytes[257..<263].elementsEqual("ustar\0".utf8) {
        let folder = Self.text(bytes[345..<500])
        if !folder.isEmpty { name = folder + "/" + name }
      }
      self.name = name
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or a big-endian number behind a set highest bit.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
      guard let first = bytes.first else { return nil }
      if first & 0x80 != 0 {
        guard first == 0x80, bytes.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
        return bytes.suffix(7).reduce(0) { $0 << 8 | Int($1) }
      }
      let digits = bytes.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
      if digits.isEmpty { return 0 }
      return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
  }

  /// Goes from header to header.
  private struct Walk {
    let file: RandomAccessFile
    var ranges: [String: Range<Int>] = [:]
    private var position = 0
    private var longName: String?
    private var longSize: Int?

    init(file: RandomAccessFile) { self.file = file }

    mutating func run() throws(AisError) {
      var count = 0
      while true {
        let bytes = try file.bytes(position..<position + TarIndex.block)
        guard bytes.count == TarIndex.block else {
          throw AisError(
            .truncated,
            "'\(file.path)' is truncated: its archive has no end after \(count) members. Copy the file again.")
        }
        guard let header = Header(bytes) else { throw damaged("a size that is no number") }
        if header.isBlank { return }
        guard header.isSound else { throw damaged("a header whose checksum is wrong, at byte \(position)") }
        count += 1
        guard count <= TarIndex.mostMembers else {
          throw .archiveTooLarge(file.path, what: "more than \(TarIndex.mostMembers) members")
        }
        try take(header)
      }
    }

    private mutating func take(_ header: Header) throws(AisError) {
      let isText = header.type == UInt8(ascii: "x") || header.type == UInt8(ascii: "L")
      let name = isText ? header.name : longName ?? header.name
      let size = isText ? header.size : longSize ?? header.size
      let start = position + TarIndex.block
      guard size >= 0, size <= file.byteCount - start else {
        throw AisError(
          .truncated,
          "'\(file.path)' is truncated: '\(name)' in it has \(size) bytes, \(max(0, file.byteCount - start)) follow. "
            + "Copy the file again.")
      }
      position = start + (size + TarIndex.block - 1) / TarIndex.block * TarIndex.block
      switch header.type {
      case UInt8(ascii: "L"):
        longName = String(decoding: try text(start, size).prefix { $0 != 0 }, as: UTF8.self)
        return
      case UInt8(ascii: "x"):
        try takeExtended(try text(start, size))
        return
      case UInt8(ascii: "g"): return
      case UInt8(ascii: "0"), UInt8(ascii: "7"), 0:
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
          throw .unsafeMember(name, archive: file.path, reason: "its name leads out of the archive")
        }
        ranges[name.hasPrefix("./") ? String(name.dropFirst(2)) : name] = start..<start + size
      case UInt8(ascii: "5"): break
      case UInt8(ascii: "1"), UInt8(ascii: "2"), UInt8(ascii: "K"):
        throw .unsafeMember(name, archive: file.path, reason: "it is a link")
      default: throw .unsafeMember(name, archive: file.path, reason: "it is neither a file nor a folder")
      }
      longName = nil
      longSize = nil
    }

    private func text(_ start: Int, _ size: Int) throws(AisError) -> [UInt8] {
      guard size <= TarIndex.longestText else { throw damaged("a name of \(size) bytes") }
      return try file.bytes(start..<start + size)
    }

    /// Records `LENGTH KEY=VALUE\n` of a pax header.
    private mutating func takeExtended(_ bytes: [UInt8]) throws(AisError) {
      var rest = bytes[...]
      while let space = rest.firstIndex(of: 0x20) {
        guard let length = Int(String(decoding: rest[rest.startIndex..<space], as: UTF8.self)),
          length > space - rest.startIndex + 1, length <= rest.count
        else { throw damaged("an extended header that makes no sense") }
        let record = rest[space + 1..<rest.startIndex + length - 1]
        rest = rest[(rest.startIndex + length)...]
        guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let value = String(decoding: record[(equals + 1)...], as: UTF8.self)
        switch String(decoding: record[..<equals], as: UTF8.self) {
        case "path": longName = value
        case "size":
          guard let size = Int(value) else { throw damaged("a size that is no number") }
          longSize = size
        default: break
        }
      }
    }

    private func damaged(_ what: String) -> AisError { .damagedArchive(file.path, reason: what) }
  }
}
