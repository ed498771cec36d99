import AisCore
import AisFormats
import Foundation
import GRDB
import Glibc

/// The SQLite database of a project: how it is opened, and the only place where transactions begin.
///
/// One process owns it. Exclusive locking is asked for before the write-ahead log, so that SQLite keeps the log's index in
/// its own memory and needs no shared-memory file: project folders lie on network file systems, where such files do
/// not work. A transaction is on the disk when it returns (`synchronous = FULL`: the log is synced at every commit).
struct ProjectDatabase: Sendable {
  let path: String
  private let queue: DatabaseQueue

  /// Opens or makes the database file. Whoever opens it holds the lease.
  init(path: String) throws(AisError) {
    self.path = path
    do {
      queue = try DatabaseQueue(path: Self.name(for: path), configuration: Self.configuration(isMemory: false))
      guard try !queue.read({ try Self.migrator.hasBeenSuperseded($0) }) else {
        throw AisError(
          .unsupported,
          "'\(path)' was made by a newer version of Ais than this one (\(AisVersion.current)). Use that one: older ones "
            + "would not keep what it added")
      }
      try Self.migrator.migrate(queue)
      let isOff = try queue.read { db in
        try Int.fetchOne(db, sql: "PRAGMA mmap_size") ?? 0 == 0
          && String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
      }
      guard isOff else {
        throw AisError(
          .fileSystem, "the project's database '\(path)' cannot be kept safe here: SQLite refused its write-ahead log")
      }
    } catch {
      throw .database(error, path)
    }
  }

  /// A database in memory, for tests and for rebuilding a state to compare with.
  init() throws(AisError) {
    path = ":memory:"
    do {
      queue = try DatabaseQueue(configuration: Self.configuration(isMemory: true))
      try Self.migrator.migrate(queue)
    } catch {
      throw .database(error, path)
    }
  }

  private static func configuration(isMemory: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(2)
    configuration.label = "ais.project"
    configuration.prepareDatabase { db in
      // The order counts: exclusive first, or the first look at the log makes a shared-memory file.
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
      if !isMemory { try db.execute(sql: "PRAGMA journal_mode = WAL") }
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(sql: "PRAGMA mmap_size = 0")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      // What was erased stays in the journal in any case.
      try db.execute(sql: "PRAGMA secure_delete = OFF")
    }
    return configuration
  }

  /// The path, or a name that tells SQLite to do without locks where the file system has none. The lease keeps others out.
  private static func name(for path: String) -> String {
    if hasLocks(beside: path) { return path }
    let reserved: [Character: String] = ["%": "%25", "?": "%3f", "#": "%23"]
    return "file:" + path.map { reserved[$0] ?? String($0) }.joined() + "?vfs=unix-none"
  }

  /// Whether the file system of a file locks ranges of bytes (fcntl(2)); some network and cluster file systems do not.
  static func hasLocks(beside path: String) -> Bool {
    let probe = path + ".lock-\(UUID().uuidString)"
    let descriptor = Glibc.open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return true }
    defer {
      Glibc.close(descriptor)
      unlink(probe)
    }
    var lock = Glibc.flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = 0
    lock.l_len = 1
    // A locked byte of a file that nobody else knows cannot be anybody else's.
    return Glibc.fcntl(descriptor, F_SETLK, &lock) == 0
  }

  /// One transaction: all of it is on the disk when this returns, or nothing of it happened.
  func write<Value>(_ body: (Database) throws -> Value) throws(AisError) -> Value {
    do { return try queue.write(body) } catch { throw .database(error, path) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(AisError) -> Value {
    do { return try queue.read(body) } catch { throw .database(error, path) }
  }

  /// Writes a consistent copy to a new file, whole or not at all, while work goes on between its steps.
  func copy(to destination: String) throws(AisError) {
    do {
      var configuration = Configuration()
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
      let target = try DatabaseQueue(path: Self.name(for: destination), configuration: configuration)
      try queue.backup(to: target)
      // A copy without a log beside it is one file that can be moved.
      try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
      try target.close()
    } catch {
      throw .database(error, destination)
    }
  }

  /// What SQLite itself finds wrong, in its words; empty when nothing is.
  func integrityProblems() throws(AisError) -> [String] {
    try read { db in
      let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check")
      let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
        "a row of '\(row[0] as String? ?? "?")' belongs to one that is not there"
      }
      return lines.filter { $0 != "ok" } + orphans
    }
  }

  /// Lets go of the file; the log is folded into it.
  func close() throws(AisError) {
    do { try queue.close() } catch { throw .database(error, path) }
  }
}
