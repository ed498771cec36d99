/// Text that a terminal shows and does not obey.
///
/// Titles, labels and file names come from files that other people made. Control characters in them could move the cursor,
/// change colours, clear the screen or forge a line; marks of writing direction could show a name in another order than it has.
enum PrintableText {
  /// `text` with every such character written as JSON does: `\n` for a line break, `\u001B` for escape.
  ///
  /// That notation keeps JSON what it is: inside its strings it means the same character, and outside of them a line of JSON
  /// holds none of these.
  static func line(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isActive(scalar) { result += escaped(scalar) } else { result.unicodeScalars.append(scalar) }
    }
    return result
  }

  /// Control characters (C0, C1, delete), separators of lines and paragraphs, and marks of writing direction.
  private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    // Nearly every character: spares the look into the Unicode tables.
    if (0x20..<0x7F).contains(scalar.value) { return false }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    default: return scalar.properties.isBidiControl
    }
  }

  /// All of them have at most four digits, so that no pairs of surrogates are needed.
  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
}
