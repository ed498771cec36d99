import AisCore

/// A JSON document as a value. Reads what Python writes, `NaN` and `Infinity` included (RFC 8259 and those two).
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// Of keys given twice the last counts.
  case object([String: JSONValue])

  /// Parses a whole document; `name` is what errors call it. Values nested more than 128 deep are refused.
  package init(parsing bytes: some Collection<UInt8>, name: String) throws(AisError) {
    var parser = JSONParser(Array(bytes))
    do throws(JSONFault) {
      self = try parser.document()
    } catch {
      throw AisError(
        .malformed, "'\(name)' is not JSON: \(error.problem) at byte \(error.position). Copy or save the file again.")
    }
  }

  package subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var number: Double? { if case .number(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var isNull: Bool { self == .null }

  /// A whole number that fits an `Int`.
  package var integer: Int? { number.flatMap { Int(exactly: $0) } }
}

struct JSONFault: Error {
  var problem: String
  var position: Int
}

/// A recursive-descent parser over bytes.
private struct JSONParser {
  private static let deepest = 128

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // Windows programs put a byte order mark in front of UTF-8.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(JSONFault) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("something follows the document") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    guard depth <= Self.deepest else { throw fault("values nested more than \(Self.deepest) deep") }
    skipSpace()
    guard position < bytes.count else { throw fault("the document ends too early") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: return try word()
    }
  }

  private mutating func word() throws(JSONFault) -> JSONValue {
    let words: [(String, JSONValue)] = [
      ("null", .null), ("true", .bool(true)), ("false", .bool(false)), ("NaN", .number(.nan)),
      ("Infinity", .number(.infinity)),
    ]
    for (word, value) in words where skip(word) { return value }
    throw fault("a value was expected")
  }

  private mutating func object(depth: Int) throws(JSONFault) -> JSONValue {
    var members: [String: JSONValue] = [:]
    position += 1
    skipSpace()
    if skip("}") { return .object(members) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault("a key was expected") }
      let key = try string()
      skipSpace()
      guard skip(":") else { throw fault("':' was expected") }
      members[key] = try value(depth: depth + 1)
      skipSpace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw fault("',' or '}' was expected") }
    }
  }

  private mutating func array(depth: Int) throws(JSONFault) -> JSONValue {
    var elements: [JSONValue] = []
    position += 1
    skipSpace()
    if skip("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if skip("]") { return .array(elements) }
      guard skip(",") else { throw fault("',' or ']' was expected") }
    }
  }

  private mutating func number() throws(JSONFault) -> Double {
    let start = position
    if skip("-Infinity") { return -.infinity }
    while position < bytes.count, Self.numberBytes.contains(bytes[position]) { position += 1 }
    // Double reads more than JSON allows ("0x1p3"), but none of it is made of these bytes.
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw JSONFault(problem: "a number that is none", position: start)
    }
    return value
  }

  private static let numberBytes = Set("+-.0123456789eE".utf8)

  private mutating func string() throws(JSONFault) -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      case ..<0x20: throw fault("a control character inside a text")
      default: text.append(byte)
      }
    }
    throw fault("a text has no end")
  }

  /// The UTF-8 bytes of what stands behind a backslash.
  private mutating func escape() throws(JSONFault) -> [UInt8] {
    guard position < bytes.count else { throw fault("a text has no end") }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      // A character beyond 16 bits is two code units, each escaped.
      if UTF16.isLeadSurrogate(units[0]), skip("\\u") { units.append(try codeUnit()) }
      return Array(String(decoding: units, as: UTF16.self).utf8)
    default: throw fault("'\\' before a letter that it does not go with")
    }
  }

  private mutating func codeUnit() throws(JSONFault) -> UInt16 {
    let digits = bytes[position..<min(position + 4, bytes.count)]
    guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits were expected") }
    position += 4
    return unit
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// Steps over `text` if it comes next.
  private mutating func skip(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private func fault(_ problem: String) -> JSONFault { JSONFault(problem: problem, position: position) }
}
