import AisCore
import GRDB

/// Undo and redo. Nothing is ever taken out of the journal: an undo is a line of its own that says which edit does not count
/// any more, and a redo one that says that it counts again.
///
/// What is seen is always what the edits that count say, one after the other in the order in which they were made. So the
/// undoing of one edit changes only what no later edit that counts has touched, whoever made it, and a redo puts
/// an edit back to its old place below what came later.
extension Project {
  /// Undoes the author's latest edit that counts; `nil` when there is none.
  ///
  /// - Parameter token: chosen by whoever asks, as for an edit: asked again with it, nothing more is undone, and the line of
  ///   the first time is returned.
  package func undo(by author: Author, token: String? = nil) throws(AisError) -> JournalEntry? {
    try step(.undo, by: author, token: token) { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT j.seq FROM journal j WHERE j.author = ? AND j.action = 'edit' AND j.is_undoable = 1
            AND NOT EXISTS (SELECT 1 FROM undone u WHERE u.seq = j.seq) ORDER BY j.seq DESC LIMIT 1
          """, arguments: [author.name])
    }
  }

  /// Makes the edit count again that the author undid last; `nil` when there is none, or when the author made an edit
  /// since.
  package func redo(by author: Author, token: String? = nil) throws(AisError) -> JournalEntry? {
    try step(.redo, by: author, token: token) { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT j.target FROM journal j WHERE j.author = ?1 AND j.action = 'undo'
            AND EXISTS (SELECT 1 FROM undone u WHERE u.seq = j.target)
            AND j.seq > coalesce(
              (SELECT max(seq) FROM journal WHERE author = ?1 AND action = 'edit' AND is_undoable = 1), 0)
          ORDER BY j.seq DESC LIMIT 1
          """, arguments: [author.name])
    }
  }

  /// Undoes one edit of the history, whoever made it. Throws `usage` for lines that are no edits or are undone already.
  package func undo(
    _ sequence: Int64, by author: Author, token: String? = nil
  ) throws(AisError) -> JournalEntry {
    try one(.undo, sequence, by: author, token: token)
  }

  /// Makes one undone edit count again.
  package func redo(
    _ sequence: Int64, by author: Author, token: String? = nil
  ) throws(AisError) -> JournalEntry {
    try one(.redo, sequence, by: author, token: token)
  }

  private func one(
    _ action: JournalEntry.Action, _ sequence: Int64, by author: Author, token: String?
  ) throws(AisError) -> JournalEntry {
    let entry = try step(action, by: author, token: token) { db in
      guard let line = try Journal(db: db).entry(sequence), line.action == .edit, line.isUndoable,
        line.isUndone == (action == .redo)
      else {
        throw AisError(.usage, "line \(sequence) of the history is nothing to \(action.rawValue)")
      }
      return sequence
    }
    guard let entry else { throw AisError(.usage, "line \(sequence) of the history is nothing to \(action.rawValue)") }
    return entry
  }

  private func step(
    _ action: JournalEntry.Action, by author: Author, token: String?, _ target: (Database) throws -> Int64?
  ) throws(AisError) -> JournalEntry? {
    let entry: JournalEntry? = try change { db in
      let journal = Journal(db: db)
      if let token, let sequence = try journal.sequence(token: token) { return try journal.entry(sequence) }
      guard let target = try target(db) else { return nil }
      guard let edit = try journal.entry(target) else { return nil }
      let sequence = try journal.append(
        Journal.Line(
          author: author, action: action, kind: edit.kind, label: edit.label, target: target, token: token,
          isUndoable: false, dataset: edit.dataset, feature: edit.feature, slice: edit.slice))
      if action == .undo {
        try db.execute(sql: "INSERT INTO undone (seq) VALUES (?)", arguments: [target])
      } else {
        try db.execute(sql: "DELETE FROM undone WHERE seq = ?", arguments: [target])
      }
      try Self.settle(edit, in: sequence, db)
      return try journal.entry(sequence)
    }
    if let entry { news.announce(entry.sequence) }
    return entry
  }

  /// Makes everything that an edit touched what the edits that count say, and notes what changed.
  private static func settle(_ edit: JournalEntry, in sequence: Int64, _ db: Database) throws {
    let journal = Journal(db: db)
    let registers = Registers(db: db)
    var changes: [RecordKey: [String: ProjectValue]] = [:]
    for change in edit.values {
      let value = try registers.resolved(change.field, of: change.record)
      if try registers.value(change.field, of: change.record) != value {
        changes[change.record, default: [:]][change.field] = value
      }
    }
    for (record, values) in changes {
      try registers.set(values, of: record)
      for (field, value) in values { try journal.note(value, of: field, record, in: sequence) }
    }
    let masks = MaskStore(db: db)
    for (part, patch) in edit.masks.enumerated() {
      let plane = MaskStore.Plane(dataset: patch.dataset, feature: patch.feature, slice: patch.slice)
      if let changed = try masks.settle(patch.rectangle, plane) {
        try journal.note(changed, part: part + 1, in: sequence)
      }
    }
  }
}
