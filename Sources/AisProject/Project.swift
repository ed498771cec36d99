import AisCore
import Foundation
import GRDB

/// An open project. One process has it open at a time; within it any thread may call any method, which take turns.
///
/// Methods block until the disk has answered: a change that returned is durable, whatever happens next. A server calls them
/// through `ProjectSession`.
package final class Project: Sendable {
  package let folder: ProjectFolder
  let database: ProjectDatabase
  private let lease: ProjectLease?
  let news: JournalNews

  /// Makes a new project and opens it.
  package static func create(_ path: String, address: String? = nil, timing: ProjectTiming = .init()) throws(AisError)
    -> Project
  {
    let folder = ProjectFolder(path)
    try folder.make()
    let project = try Project(folder, address: address, timing: timing)
    try project.database.write { db in
      try db.execute(
        sql: "INSERT INTO project (id, uid, created_ms, program) VALUES (1, ?, ?, ?)",
        arguments: [
          UUID().uuidString, Int64(Date().timeIntervalSince1970 * 1000), "Ais \(AisVersion.current)",
        ])
    }
    return project
  }

  /// Opens a project, and brings tables of an older version of the program up to date.
  ///
  /// - Parameter address: where others can reach this process; they are told when they find the project in use.
  /// - Throws: `not-found` where there is none; `in-use`, with its owner, when another process has it open.
  package static func open(_ path: String, address: String? = nil, timing: ProjectTiming = .init()) throws(AisError)
    -> Project
  {
    let folder = ProjectFolder(path)
    guard folder.exists else {
      throw AisError(
        .notFound,
        "'\(path)' is not a project: expected a folder NAME.ais with 'project.sqlite' in it. "
          + "'ais project new' makes one")
    }
    return try Project(folder, address: address, timing: timing)
  }

  private init(_ folder: ProjectFolder, address: String?, timing: ProjectTiming) throws(AisError) {
    self.folder = folder
    let lease = try ProjectLease.take(folder: folder.path, address: address, timing: timing)
    self.lease = lease
    do throws(AisError) {
      database = try ProjectDatabase(path: folder.databasePath)
    } catch {
      lease.release()
      throw error
    }
    news = JournalNews(latest: try database.read { try Journal(db: $0).last() })
  }

  /// A project in memory, for tests.
  package init() throws(AisError) {
    folder = ProjectFolder("/nowhere.ais")
    lease = nil
    database = try ProjectDatabase()
    news = JournalNews(latest: 0)
  }

  /// Tells others who come where this process can be reached.
  package func setAddress(_ address: String?) { lease?.setAddress(address) }

  /// Says that this process lives and looks whether the project is still its own, as happens every few seconds by itself.
  package func beat() { lease?.beat() }

  /// Lets go of the project. Nothing may be called afterwards.
  package func close() throws(AisError) {
    // The lease goes last: until the log is folded in, nobody else may open the file.
    defer { lease?.release() }
    try database.close()
  }

  /// Applies edits in one transaction: all of them or, when one cannot be, none.
  ///
  /// - Parameters:
  ///   - label: what the page calls it.
  ///   - token: chosen by whoever sends the edit. When the answer was lost and the edit is sent again, it is not
  ///     applied again, and the entry of the first time is returned.
  /// - Returns: the journal's entry, for those who watch. When this returns, the edit is on the disk.
  package func apply(
    _ edits: [Edit], by author: Author, label: String? = nil, token: String? = nil
  ) throws(AisError) -> JournalEntry {
    guard let first = edits.first else { throw AisError(.usage, "an empty list of edits changes nothing") }
    let place = first.place
    let line = Journal.Line(
      author: author, action: .edit, kind: first.kind, label: label, token: token,
      isUndoable: edits.contains(where: \.isUndoable), dataset: place.dataset, feature: place.feature,
      slice: place.slice)
    return try record(line) { (transaction) throws in
      for edit in edits { try transaction.perform(edit) }
    }
  }

  /// Applies edits that are not known beforehand, such as those of an import, in one transaction.
  ///
  /// - Parameter kind: as the journal has it, `import`.
  package func edit(
    _ kind: String, by author: Author, label: String? = nil, dataset: Int64? = nil, feature: Int64? = nil,
    slice: Int? = nil, _ body: (inout EditTransaction) throws -> Void
  ) throws(AisError) -> JournalEntry {
    try record(
      Journal.Line(
        author: author, action: .edit, kind: kind, label: label, dataset: dataset, feature: feature, slice: slice), body
    )
  }

  private func record(
    _ line: Journal.Line, _ body: (inout EditTransaction) throws -> Void
  ) throws(AisError) -> JournalEntry {
    var isNew = true
    let entry: JournalEntry? = try change { db in
      let journal = Journal(db: db)
      if let token = line.token, let sequence = try journal.sequence(token: token) {
        isNew = false
        return try journal.entry(sequence)
      }
      var transaction = EditTransaction(db, sequence: try journal.append(line), author: line.author)
      try body(&transaction)
      return try journal.entry(transaction.sequence)
    }
    guard let entry else { throw AisError(.malformed, "the journal lost a line that was just written") }
    if isNew { news.announce(entry.sequence) }
    return entry
  }

  /// One transaction of the owner.
  func change<Value>(_ body: (Database) throws -> Value) throws(AisError) -> Value {
    try lease?.check()
    return try database.write(body)
  }
}
