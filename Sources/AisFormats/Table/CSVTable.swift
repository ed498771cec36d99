import AisCore

/// A table as comma-separated values (RFC 4180): one header line, numbers with a point, an empty field where there is none.
package struct CSVTable: Sendable {
  /// One field of a row.
  package enum Field: Sendable, Hashable {
    case text(String)
    case count(Int)
    /// With so many digits after the point.
    case number(Double, digits: Int)
    case empty

    /// A number, or nothing when there is none or when it is not finite.
    package static func optional(_ value: Double?, digits: Int) -> Field {
      guard let value, value.isFinite else { return .empty }
      return .number(value, digits: digits)
    }
  }

  package let columns: [String]
  package private(set) var rowCount = 0
  private var body = ""

  package init(_ columns: [String]) { self.columns = columns }

  /// Adds a row; it has as many fields as there are columns.
  package mutating func append(_ fields: [Field]) {
    precondition(fields.count == columns.count, "a row of this table has \(columns.count) fields, not \(fields.count)")
    body += fields.map(Self.text).joined(separator: ",") + "\n"
    rowCount += 1
  }

  /// The whole file.
  package var bytes: [UInt8] {
    Array((columns.map(Self.quoted).joined(separator: ",") + "\n" + body).utf8)
  }

  private static func text(_ field: Field) -> String {
    switch field {
    case .text(let text): quoted(text)
    case .count(let count): String(count)
    case .number(let value, let digits): value.isFinite ? DecimalText.fixed(value, digits) : ""
    case .empty: ""
    }
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
