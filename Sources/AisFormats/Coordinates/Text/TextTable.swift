import AisCore

/// Rows of texts between separators: CSV with quotes (RFC 4180), tabs, bars, or white space.
struct TextTable {
  /// The names in front, where the first row holds names.
  private(set) var header: [String]?
  private(set) var columnCount = 0
  /// All rows one after the other.
  private(set) var cells: [String] = []
  /// The line of each row, counted from 1, for messages.
  private(set) var lines: [Int] = []

  var rowCount: Int { lines.count }

  subscript(row: Int, column: Int) -> String { cells[row * columnCount + column] }

  /// Parses a document; `path` is what errors call it. Lines that begin with '#' and empty ones are passed over.
  init(parsing bytes: [UInt8], path: String) throws(AisError) {
    var separator: UInt8??
    var line = 0
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while position < bytes.count {
      line += 1
      let end = bytes[position...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
      let text = bytes[position..<end]
      let isPair = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
      position = end + (isPair ? 2 : 1)
      guard let first = text.first(where: { !Self.isSpace($0) }), first != UInt8(ascii: "#") else { continue }
      if text.contains(0) {
        throw AisError(
          .malformed, "'\(path)' is no text: line \(line) has a zero byte. Expected rows of x, y and z.")
      }
      let kind = separator ?? Self.separator(of: text)
      separator = kind
      var row = try Self.split(text, by: kind, line: line, path)
      if columnCount == 0 {
        columnCount = row.count
        if row.allSatisfy({ Double($0) == nil }) {
          header = row
          continue
        }
      }
      // A separator at the end of a line ends the last value and begins none, as some programs write it.
      if row.count == columnCount + 1, row[columnCount].isEmpty { row.removeLast() }
      guard row.count == columnCount else {
        throw AisError(
          .malformed,
          "'\(path)' has \(row.count) values in line \(line), the lines before have \(columnCount). Mend or remove the line."
        )
      }
      cells += row
      lines.append(line)
    }
  }

  /// The first of these that the line has; otherwise white space.
  private static func separator(of text: ArraySlice<UInt8>) -> UInt8? {
    "\t,;|".utf8.first { text.contains($0) }
  }

  private static func split(_ text: ArraySlice<UInt8>, by separator: UInt8?, line: Int, _ path: String)
    throws(AisError) -> [String]
  {
    guard let separator else {
      return text.split(whereSeparator: isSpace).map { String(decoding: $0, as: UTF8.self) }
    }
    var row: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    // Spaces around a value say nothing, those in quotes do.
    var wasQuoted = false
    func finish() {
      row.append(wasQuoted ? String(decoding: cell, as: UTF8.self) : trimmed(cell))
      cell = []
      wasQuoted = false
    }
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      let next = index + 1 < text.endIndex ? text[index + 1] : nil
      if isQuoted {
        if byte == UInt8(ascii: "\""), next == byte {
          cell.append(byte)
          index += 1
        } else if byte == UInt8(ascii: "\"") {
          isQuoted = false
        } else {
          cell.append(byte)
        }
      } else if byte == UInt8(ascii: "\""), cell.allSatisfy(isSpace) {
        cell = []
        isQuoted = true
        wasQuoted = true
      } else if byte == separator {
        finish()
      } else if wasQuoted, isSpace(byte) {
        // Between the closing quote and the separator.
      } else {
        cell.append(byte)
      }
      index += 1
    }
    if isQuoted {
      throw AisError(.malformed, "'\(path)' has a quote in line \(line) that does not end. Mend the line.")
    }
    finish()
    return row
  }

  private static func trimmed(_ cell: [UInt8]) -> String {
    var rest = cell[...]
    while let first = rest.first, isSpace(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(decoding: rest, as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
