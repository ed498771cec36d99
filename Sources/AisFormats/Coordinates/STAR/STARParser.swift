import AisCore

extension STARFile {
  /// Most bytes of a STAR file that are read into memory.
  package static let largest = 512 << 20

  /// Reads the whole of a file.
  package init(path: String) throws(AisError) {
    try self.init(parsing: RandomAccessFile(path).contents(limit: Self.largest), name: path)
  }

  /// Parses a document; `name` is what errors call it.
  ///
  /// Understood is what programs of the field write: one row a line; blank lines anywhere; values in single or double quotes;
  /// comments after `#`; line ends of any kind. A row of the wrong length, a label given twice, a text of several lines and
  /// bytes that are no text are refused with the number of the line.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    var parser = STARParser(bytes)
    do throws(STARFault) {
      self.init(blocks: try parser.document())
    } catch {
      throw AisError(.malformed, "'\(name)' is not a sound STAR file: line \(error.line): \(error.problem).")
    }
  }
}

struct STARFault: Error {
  var problem: String
  var line: Int
}

private struct STARParser {
  private static let mostColumns = 4096
  private static let mostBlocks = 1 << 20

  private let bytes: [UInt8]
  private var position = 0
  private var line = 0
  private var blocks: [STARBlock] = []
  /// Comments that stand before the next block.
  private var comments: [String] = []
  /// The table that is being read.
  private var isInLoop = false
  private var columns: [String] = []
  private var cells: [String] = []
  /// All labels of the block that is being read.
  private var labels: Set<String> = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // Windows programs put a byte order mark in front of UTF-8.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(STARFault) -> [STARBlock] {
    while position < bytes.count { try readLine() }
    try endLoop()
    guard !blocks.isEmpty else { throw fault("the file ends without a 'data_' block") }
    blocks[blocks.count - 1].comments += comments
    return blocks
  }

  private mutating func readLine() throws(STARFault) {
    line += 1
    let start = position
    while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
    let text = bytes[start..<position]
    if position < bytes.count {
      let isPair = bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
      position += isPair ? 2 : 1
    }
    guard !text.contains(0) else { throw fault("a zero byte, so this is no text") }
    let words = try words(of: text)
    guard let first = words.first else { return }
    if first.isQuoted {
      try appendRow(words)
    } else if first.text.first == "_" {
      try readLabel(words)
    } else if hasPrefix(first.text, "data_"), !(isInLoop && columns.count > 1 && words.count == columns.count) {
      try endLoop()
      guard words.count == 1 else { throw fault("'\(words[1].text)' follows the name of a block") }
      guard blocks.count < Self.mostBlocks else { throw fault("more than \(Self.mostBlocks) blocks") }
      blocks.append(STARBlock(name: String(first.text.dropFirst(5)), comments: comments))
      comments = []
      labels = []
    } else if first.text.utf8.count == 5, hasPrefix(first.text, "loop_") {
      try endLoop()
      guard !blocks.isEmpty else { throw fault("'loop_' stands before the first 'data_' block") }
      guard words.count == 1 else { throw fault("'\(words[1].text)' follows 'loop_'") }
      isInLoop = true
    } else if first.text.first == ";" {
      throw fault("a text of several lines, which tables of particles do not have")
    } else {
      try appendRow(words)
    }
  }

  private mutating func readLabel(_ words: [Word]) throws(STARFault) {
    guard !blocks.isEmpty else { throw fault("'\(words[0].text)' stands before the first 'data_' block") }
    let label = String(words[0].text.dropFirst())
    if isInLoop, cells.isEmpty {
      guard words.count == 1 else { throw fault("'\(words[1].text)' follows the column '_\(label)'") }
      guard labels.insert(label).inserted else { throw fault("'_\(label)' is given twice") }
      guard columns.count < Self.mostColumns else { throw fault("more than \(Self.mostColumns) columns") }
      columns.append(label)
      return
    }
    try endLoop()
    guard words.count == 2 else {
      throw fault("'_\(label)' should have one value, it has \(words.count - 1)")
    }
    guard labels.insert(label).inserted else { throw fault("'_\(label)' is given twice") }
    blocks[blocks.count - 1].items.append(STARItem(label: label, value: words[1].text))
  }

  private mutating func appendRow(_ words: [Word]) throws(STARFault) {
    guard isInLoop else { throw fault("'\(words[0].text.prefix(40))' belongs to no label and no table") }
    guard !columns.isEmpty else { throw fault("a row, but 'loop_' has named no columns") }
    guard words.count == columns.count else {
      throw fault("\(words.count) values where the table has \(columns.count) columns")
    }
    for word in words { cells.append(word.text) }
  }

  private mutating func endLoop() throws(STARFault) {
    guard isInLoop else { return }
    guard !columns.isEmpty else { throw fault("'loop_' without columns") }
    blocks[blocks.count - 1].loops.append(STARLoop(columns: columns, cells: cells))
    isInLoop = false
    columns = []
    cells = []
  }

  private struct Word {
    var text: String
    var isQuoted: Bool
  }

  /// The values of a line; a comment at its end is kept only where nothing stands before it.
  private mutating func words(of text: ArraySlice<UInt8>) throws(STARFault) -> [Word] {
    var result: [Word] = []
    var rest = text
    while true {
      rest = rest.drop(while: Self.isSpace)
      guard let first = rest.first else { return result }
      if first == UInt8(ascii: "#") {
        if result.isEmpty {
          comments.append(String(decoding: rest.dropFirst().drop(while: Self.isSpace), as: UTF8.self))
        }
        return result
      }
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        let inner = rest.dropFirst()
        // A quote ends where white space follows, so that names such as 5'-end need none.
        guard
          let end = inner.indices.first(where: {
            inner[$0] == first && ($0 + 1 == inner.endIndex || Self.isSpace(inner[$0 + 1]))
          })
        else { throw fault("a value in quotes has no end") }
        result.append(Word(text: String(decoding: inner[..<end], as: UTF8.self), isQuoted: true))
        rest = rest[(end + 1)...]
      } else {
        let end = rest.firstIndex(where: Self.isSpace) ?? rest.endIndex
        result.append(Word(text: String(decoding: rest[..<end], as: UTF8.self), isQuoted: false))
        rest = rest[end...]
      }
    }
  }

  private func hasPrefix(_ text: String, _ prefix: String) -> Bool {
    text.utf8.count >= prefix.utf8.count && text.prefix(prefix.utf8.count).lowercased() == prefix
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0B || byte == 0x0C }

  private func fault(_ problem: String) -> STARFault { STARFault(problem: problem, line: line) }
}
