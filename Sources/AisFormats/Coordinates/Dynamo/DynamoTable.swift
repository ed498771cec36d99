import AisCore

/// A table of Dynamo (`.tbl`): one particle a line, at least 26 numbers between blanks, without a header.
///
/// Source: Table convention (https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention).
package struct DynamoTable: Sendable, Equatable {
  /// Columns by their numbers in Dynamo's list, which counts from 1.
  package enum Column: Int, CaseIterable, Sendable {
    case tag = 1
    case aligned, averaged, dx, dy, dz, tdrot, tilt, narot, cc, cc2, cpu, ftype, ymintilt, ymaxtilt, xmintilt, xmaxtilt
    case fs1, fs2, tomo, region, class_, annotation, x, y, z, dshift, daxis, dnarot, dcc, otag, npar, undefined1, ref
    case sref, apix, def, undefined2, undefined3, undefined4, eig1, eig2
  }

  /// The least that a line may have: up to the coordinates.
  static let fewestColumns = Column.z.rawValue
  /// What we write, and Dynamo as well.
  static let writtenColumns = Column.sref.rawValue

  /// A text for each column of each particle.
  package var rows: [[String]]

  package init(rows: [[String]]) { self.rows = rows }

  /// Reads a table; `name` is what errors call it.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    rows = []
    if let kind = FileKind(bytes) {
      throw AisError(.unsupported, "'\(name)' is \(kind.phrase), not a Dynamo table of text.")
    }
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let fields = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard let first = fields.first, !first.hasPrefix("#"), !first.hasPrefix("%") else { continue }
      guard fields.count >= Self.fewestColumns else {
        throw AisError(
          .malformed,
          "line \(index + 1) of '\(name)' has \(fields.count) columns; a Dynamo table has at least \(Self.fewestColumns), "
            + "the coordinates in columns 24 to 26.")
      }
      if let other = rows.first?.count, other != fields.count {
        throw AisError(
          .malformed,
          "line \(index + 1) of '\(name)' has \(fields.count) columns, the lines before it \(other). Copy the file again."
        )
      }
      for column in Self.numbers where number(fields[column.rawValue - 1]) == nil {
        throw AisError(
          .malformed,
          "line \(index + 1) of '\(name)', column \(column.rawValue) (\(column)): expected a number, found '\(fields[column.rawValue - 1].prefix(40))'."
        )
      }
      rows.append(fields)
    }
  }

  /// Columns that positions and turns depend on.
  private static let numbers: [Column] = [.dx, .dy, .dz, .tdrot, .tilt, .narot, .tomo, .x, .y, .z]

  package func text(_ row: Int, _ column: Column) -> String? {
    column.rawValue <= rows[row].count ? rows[row][column.rawValue - 1] : nil
  }

  /// A number; `nil` beyond the last column.
  package func value(_ row: Int, _ column: Column) -> Double? { text(row, column).flatMap(number) }

  /// The bytes of the file.
  package func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    for row in rows { bytes += Array((row.joined(separator: " ") + "\n").utf8) }
    return bytes
  }
}

/// A finite number, or `nil`. Of complex ones, which MATLAB writes where rounding took a cosine above 1, the real part.
private func number(_ text: String) -> Double? {
  if let value = Double(text) { return value.isFinite ? value : nil }
  guard text.last == "i" else { return nil }
  // The sign between both parts, not that of an exponent.
  let body = Array(text.utf8.dropLast())
  guard
    let sign = body.indices.dropFirst().last(where: {
      "+-".utf8.contains(body[$0]) && !"eE".utf8.contains(body[$0 - 1])
    })
  else { return nil }
  return Double(String(decoding: body[..<sign], as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
}

/// Which volume a tomogram's number stands for: a `.doc` of lines `NUMBER PATH`, or a `.vll` of paths.
package struct DynamoVolumeList: Sendable, Equatable {
  /// Paths by number.
  package var paths: [Int: String]

  package init(paths: [Int: String]) { self.paths = paths }

  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    paths = [:]
    var next = 1
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let text = String(decoding: line, as: UTF8.self)
      let words = text.split(whereSeparator: { " \t\r".contains($0) })
      // '*' begins a property of the volume above, '>' a comment.
      guard let first = words.first, !"#%*>".contains(first.first ?? "#") else { continue }
      if words.count > 1, let number = Int(first) {
        paths[number] = words.dropFirst().joined(separator: " ")
      } else if words.count == 1 {
        paths[next] = String(first)
      } else {
        throw AisError(
          .malformed,
          "line \(index + 1) of '\(name)' is neither a path nor a number and a path: '\(text.prefix(60))'. Expected lines such as '1 tomograms/TS_01.mrc'."
        )
      }
      next += 1
    }
  }

  package func encoded() -> [UInt8] {
    Array(paths.keys.sorted().map { "\($0) \(paths[$0]!)\n" }.joined().utf8)
  }
}
