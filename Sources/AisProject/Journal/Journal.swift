import AisCore
import Foundation
import GRDB

/// Reads and extends the journal, within one transaction.
struct Journal {
  let db: Database

  struct Line {
    var author: Author
    var action: JournalEntry.Action
    var kind: String
    var label: String?
    var target: Int64?
    var token: String?
    var isUndoable = true
    var dataset: Int64?
    var feature: Int64?
    var slice: Int?
  }

  /// The number of the last line, 0 when there is none.
  func last() throws -> Int64 { try Int64.fetchOne(db, sql: "SELECT max(seq) FROM journal") ?? 0 }

  /// Adds a line and returns its number.
  func append(_ line: Line) throws -> Int64 {
    let sequence = try last() + 1
    try db.execute(
      sql: """
        INSERT INTO journal (seq, time_ms, author, client, action, kind, label, target, token, is_undoable, dataset, feature, z)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        sequence, Int64((Date().timeIntervalSince1970 * 1000).rounded()), line.author.name, line.author.client,
        line.action.rawValue, line.kind, line.label, line.target, line.token, line.isUndoable, line.dataset,
        line.feature, line.slice,
      ])
    return sequence
  }

  /// Notes a cell's value. Of one cell that a line changes twice the later value counts.
  func note(_ value: ProjectValue, of field: String, _ record: RecordKey, in sequence: Int64) throws {
    try db.cachedStatement(
      sql: "INSERT INTO journal_value (seq, record, id, field, part, value) VALUES (?, ?, ?, ?, "
        + "(SELECT 1 + count(*) FROM journal_value WHERE record = ?2 AND id = ?3 AND field = ?4 AND seq = ?1), ?5)"
    ).execute(arguments: [sequence, record.kind.rawValue, record.id, field, value.databaseValue])
  }

  /// Notes a patch, the `part`-th of its line.
  func note(_ patch: MaskPatch, part: Int, in sequence: Int64) throws {
    let patch = StoredMaskPatch(patch)
    let box = patch.rectangle
    try db.cachedStatement(
      sql: """
        INSERT INTO journal_mask (dataset, feature, z, seq, part, y, x, height, width, painted, erased)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      patch.dataset, patch.feature, patch.slice, sequence, part, box.y, box.x, box.height, box.width,
      Data(patch.painted), Data(patch.erased),
    ])
  }

  /// The line of a number, with its changes; `nil` when there is none.
  func entry(_ sequence: Int64) throws -> JournalEntry? {
    guard
      let row = try Row.fetchOne(
        db, sql: "SELECT \(JournalEntry.columns) FROM journal j WHERE seq = ?", arguments: [sequence])
    else { return nil }
    var entry = JournalEntry(row)
    entry.values = try values(of: sequence)
    entry.masks = try masks(of: sequence)
    return entry
  }

  func values(of sequence: Int64) throws -> [JournalEntry.ValueChange] {
    try Row.fetchAll(
      db, sql: "SELECT record, id, field, value FROM journal_value WHERE seq = ? ORDER BY record, id, field, part",
      arguments: [sequence]
    ).map { try Self.value($0) }
  }

  static func value(_ row: Row) throws -> JournalEntry.ValueChange {
    let name: String = row["record"]
    guard let kind = RecordKind(rawValue: name) else {
      throw AisError(.malformed, "the journal names a table '\(name)' that this program does not know")
    }
    return JournalEntry.ValueChange(
      record: RecordKey(kind, row["id"]), field: row["field"], value: ProjectValue(row["value"] as DatabaseValue))
  }

  func masks(of sequence: Int64) throws -> [StoredMaskPatch] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM journal_mask WHERE seq = ? ORDER BY part", arguments: [sequence]
    ).map { try StoredMaskPatch($0) }
  }

  /// The line of an edit that carried a token, if one did.
  func sequence(token: String) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT seq FROM journal WHERE token = ?", arguments: [token])
  }
}
