import AisCore

/// Every ImageDescription of a TIFF file's first page. libtiff gives one of them; Python's tifffile writes two.
enum TIFFDescriptions {
  private static let longestText = 64 << 10
  private static let tag = 270

  /// The texts in the order in which they are stored; none where the first page is not where the header says.
  static func read(_ file: RandomAccessFile) throws(AisError) -> [String] {
    let head = try file.bytes(0..<16)
    guard head.count == 16, head[0] == head[1], head[0] == UInt8(ascii: "I") || head[0] == UInt8(ascii: "M") else {
      return []
    }
    let cursor = Cursor(file: file, isLittle: head[0] == UInt8(ascii: "I"))
    let isBig = cursor.number(head[2..<4]) == 43
    let first = isBig ? cursor.number(head[8..<16]) : cursor.number(head[4..<8])
    let (countSize, entrySize, valueSize) = isBig ? (8, 20, 8) : (2, 12, 4)
    guard let first, let countBytes = try cursor.bytes(first, countSize), let count = cursor.number(countBytes),
      count <= 4096
    else { return [] }
    var texts: [String] = []
    for index in 0..<count {
      guard let entry = try cursor.bytes(first + countSize + index * entrySize, entrySize) else { return texts }
      let start = entry.startIndex
      guard cursor.number(entry[start..<start + 2]) == tag, cursor.number(entry[start + 2..<start + 4]) == 2,
        let length = cursor.number(entry[start + 4..<start + 4 + valueSize]), length <= longestText
      else { continue }
      let value = entry[(start + 4 + valueSize)...]
      var text: ArraySlice<UInt8>? = value.prefix(length)
      if length > valueSize {
        guard let offset = cursor.number(value) else { continue }
        text = try cursor.bytes(offset, length)
      }
      if let text { texts.append(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)) }
    }
    return texts
  }

  private struct Cursor {
    let file: RandomAccessFile
    let isLittle: Bool

    /// The bytes of a range, or `nil` when the file does not have them.
    func bytes(_ offset: Int, _ count: Int) throws(AisError) -> ArraySlice<UInt8>? {
      guard offset >= 0, count >= 0, offset <= file.byteCount, count <= file.byteCount - offset else { return nil }
      let bytes = try file.bytes(offset..<offset + count)
      return bytes.count == count ? bytes[...] : nil
    }

    /// An unsigned number, or `nil` when it is larger than a file can be.
    func number(_ bytes: ArraySlice<UInt8>) -> Int? {
      let value = (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return value < 1 << 60 ? Int(value) : nil
    }
  }
}
