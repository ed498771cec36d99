import AisCore

extension STARFile {
  /// The document as bytes, laid out as RELION and the Python library starfile do: columns numbered, values of a row separated
  /// by tabs. `name` is what errors call it.
  package func encoded(name: String) throws(AisError) -> [UInt8] {
    var text = ""
    for block in blocks {
      for comment in block.comments { text += Self.comment(comment) }
      text += "\ndata_\(block.name)\n\n"
      for item in block.items { text += "_\(item.label)\t\(try Self.quoted(item.value, name))\n" }
      if !block.items.isEmpty { text += "\n" }
      for loop in block.loops {
        text += "loop_\n"
        for (index, column) in loop.columns.enumerated() { text += "_\(column) #\(index + 1)\n" }
        for row in 0..<loop.rowCount {
          var isFirst = true
          for value in loop.row(row) {
            if !isFirst { text += "\t" }
            text += try Self.quoted(value, name)
            isFirst = false
          }
          text += "\n"
        }
        text += "\n"
      }
    }
    return Array(text.utf8)
  }

  /// A line per line, so that nothing of a comment can become data.
  private static func comment(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { $0.isEmpty ? "#\n" : "# \($0)\n" }
      .joined()
  }

  /// A value as it must stand so that it is read back as itself; line ends in it become spaces.
  private static func quoted(_ value: String, _ name: String) throws(AisError) -> String {
    let bytes = value.utf8
    let isPlain = !bytes.isEmpty && !bytes.contains { $0 <= 0x20 || $0 == 0x7F } && !needsQuotes(value)
    if isPlain { return value }
    let line = String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    for quote in ["\"", "'"] where !line.contains(quote) { return quote + line + quote }
    throw AisError(
      .unsupported,
      "'\(name)' cannot hold the value '\(line)': a STAR file has no way to write a text with spaces and both kinds of quotes. "
        + "Rename what it names.")
  }

  /// Whether a text without spaces would be taken for something else.
  private static func needsQuotes(_ value: String) -> Bool {
    guard let first = value.utf8.first else { return true }
    if "_#$'\";".utf8.contains(first) { return true }
    guard "dDlLsSgG".utf8.contains(first) else { return false }
    let lower = value.lowercased()
    return ["data_", "loop_", "save_", "stop_", "global_"].contains { lower.hasPrefix($0) }
  }
}
