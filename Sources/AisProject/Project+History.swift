import AisCore
import GRDB

/// The journal, for those who look back and those who keep up.
extension Project {
  /// The number of the latest line, 0 in a new project.
  package func lastSequence() throws(AisError) -> Int64 {
    try database.read { try Journal(db: $0).last() }
  }

  /// Lines after a number, the oldest first, with their changes: what a page that was away must apply.
  package func entries(after sequence: Int64, limit: Int = 1000) throws(AisError) -> [JournalEntry] {
    try database.read { db in
      let journal = Journal(db: db)
      return try Int64.fetchAll(
        db, sql: "SELECT seq FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", arguments: [sequence, limit]
      ).compactMap { try journal.entry($0) }
    }
  }

  /// Lines before a number, the latest first, without their changes: the history that a person reads. Views and settings are
  /// left out unless they have a label, as a moment that somebody named.
  package func history(
    before sequence: Int64 = .max, author: String? = nil, dataset: Int64? = nil, limit: Int = 100
  ) throws(AisError) -> [JournalEntry] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(JournalEntry.columns) FROM journal j
          WHERE j.seq < ?1 AND (?2 IS NULL OR j.author = ?2) AND (?3 IS NULL OR j.dataset = ?3)
            AND (j.is_undoable = 1 OR j.action != 'edit' OR j.label IS NOT NULL)
          ORDER BY j.seq DESC LIMIT ?4
          """, arguments: [sequence, author, dataset, limit]
      ).map { JournalEntry($0) }
    }
  }

  /// Everybody who ever made an edit.
  package func authors() throws(AisError) -> [String] {
    try database.read { try String.fetchAll($0, sql: "SELECT DISTINCT author FROM journal ORDER BY author") }
  }

  /// One line with its changes.
  package func entry(_ sequence: Int64) throws(AisError) -> JournalEntry? {
    try database.read { try Journal(db: $0).entry(sequence) }
  }
}
