import AisCore
import GRDB

/// The tables whose cells are registers: each holds what the latest edit that counts said of it.
struct Registers {
  let db: Database

  /// Whether the row is there and was neither deleted nor its making undone.
  func isLive(_ record: RecordKey) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT live FROM \(record.kind.rawValue) WHERE id = ?", arguments: [record.id]) ?? false
  }

  func exists(_ record: RecordKey) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT 1 FROM \(record.kind.rawValue) WHERE id = ?", arguments: [record.id]) ?? false
  }

  func requireLive(_ record: RecordKey) throws {
    guard try isLive(record) else {
      throw AisError(.notFound, "the \(record.kind.noun) \(record.id) is not in the project, or was deleted")
    }
  }

  func value(_ field: String, of record: RecordKey) throws -> ProjectValue {
    let column = try checked(field, of: record.kind)
    let row = try Row.fetchOne(
      db, sql: "SELECT \(column) AS value FROM \(record.kind.rawValue) WHERE id = ?", arguments: [record.id])
    return row.map { ProjectValue($0["value"] as DatabaseValue) } ?? .null
  }

  /// All cells of a row, in the order of its columns.
  func values(of record: RecordKey) throws -> [(field: String, value: ProjectValue)] {
    let row = try Row.fetchOne(
      db, sql: "SELECT * FROM \(record.kind.rawValue) WHERE id = ?", arguments: [record.id])
    return (row ?? Row()).filter { $0.0 != "id" }.map { (field: $0.0, value: ProjectValue($0.1)) }
  }

  /// Puts values into a row; makes the row if it is not there.
  func set(_ values: [String: ProjectValue], of record: RecordKey) throws {
    let fields = values.keys.sorted()
    let columns = try fields.map { try checked($0, of: record.kind) }
    let cells = fields.map { values[$0]!.databaseValue }
    let table = record.kind.rawValue
    if try exists(record) {
      let assignments = columns.map { "\($0) = ?" }.joined(separator: ", ")
      try db.execute(
        sql: "UPDATE \(table) SET \(assignments) WHERE id = ?",
        arguments: StatementArguments(cells + [record.id.databaseValue]))
    } else {
      let marks = Array(repeating: "?", count: columns.count + 1).joined(separator: ", ")
      try db.execute(
        sql: "INSERT INTO \(table) (\((["id"] + columns).joined(separator: ", "))) VALUES (\(marks))",
        arguments: StatementArguments([record.id.databaseValue] + cells))
    }
  }

  /// What the journal says of a cell: the latest edit that is not undone or, when all are, the latest.
  ///
  /// The second rule keeps a feature's name when the edit that made it is undone but somebody else's work keeps it alive.
  /// For `live` it does not hold: what nobody made is not there.
  func resolved(_ field: String, of record: RecordKey) throws -> ProjectValue {
    func latest(_ condition: String) throws -> Row? {
      try Row.fetchOne(
        db,
        sql: """
          SELECT v.value FROM journal_value v JOIN journal j ON j.seq = v.seq AND j.action = 'edit'
          WHERE v.record = ? AND v.id = ? AND v.field = ? \(condition) ORDER BY v.seq DESC, v.part DESC LIMIT 1
          """, arguments: [record.kind.rawValue, record.id, field])
    }
    if let row = try latest("AND NOT EXISTS (SELECT 1 FROM undone u WHERE u.seq = v.seq)") {
      return ProjectValue(row["value"] as DatabaseValue)
    }
    if field == "live" { return .integer(0) }
    return try latest("").map { ProjectValue($0["value"] as DatabaseValue) } ?? .null
  }

  /// Who said last that a row is there, of the edits that count.
  func keeper(of record: RecordKey) throws -> String? {
    try String.fetchOne(
      db,
      sql: """
        SELECT j.author FROM journal_value v JOIN journal j ON j.seq = v.seq AND j.action = 'edit'
        WHERE v.record = ? AND v.id = ? AND v.field = 'live'
          AND NOT EXISTS (SELECT 1 FROM undone u WHERE u.seq = v.seq)
        ORDER BY v.seq DESC, v.part DESC LIMIT 1
        """, arguments: [record.kind.rawValue, record.id])
  }

  /// A number for a new row. Numbers from 2⁴⁰ on are left to those who must know it before they send an edit.
  func newIdentifier(_ kind: RecordKind) throws -> Int64 {
    let last = try Int64.fetchOne(
      db, sql: "SELECT max(id) FROM \(kind.rawValue) WHERE id < ?", arguments: [Self.firstChosen])
    return (last ?? 0) + 1
  }

  private static let firstChosen: Int64 = 1 << 40
  /// Numbers chosen by a page or script lie in this range: below 2⁵³, so that JavaScript's numbers hold them.
  static let chosen = firstChosen..<(1 << 53)

  /// A column's name, when the table has such a column: names come from the journal too, and go into SQL.
  private func checked(_ field: String, of kind: RecordKind) throws -> String {
    guard field != "id", try db.columns(in: kind.rawValue).contains(where: { $0.name == field }) else {
      throw AisError(
        .malformed, "the journal names a column '\(field)' that the table '\(kind.rawValue)' does not have")
    }
    return field
  }
}
