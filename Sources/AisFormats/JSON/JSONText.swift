/// Pieces of JSON for documents that are written row by row.
package enum JSONText {
  /// A text in quotes, with everything escaped that may not stand in one (RFC 8259).
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The shortest text that is read back as the same number; NaN and infinities, which JSON lacks, are null.
  package static func number(_ value: Double) -> String { value.isFinite ? DecimalText.exact(value) : "null" }

  /// Rows of numbers.
  static func matrix(_ rows: [[Double]]) -> String {
    "[" + rows.map { "[" + $0.map(number).joined(separator: ", ") + "]" }.joined(separator: ", ") + "]"
  }
}
