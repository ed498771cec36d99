import AisCore
import Foundation
import GRDB

/// The state that the journal alone gives, by its definition: the edits that count, one after the other.
///
/// Slow and obvious. The tables must say the same; `problems` names where they do not.
struct Replay {
  let db: Database

  /// Differences between journal and tables, as sentences; empty when there are none.
  func problems() throws -> [String] {
    var problems = try undoneProblems()
    problems += try valueProblems()
    problems += try maskProblems()
    return problems
  }

  /// The edits that the journal's own lines say are undone.
  private func undone() throws -> Set<Int64> {
    var undone: Set<Int64> = []
    let rows = try Row.fetchCursor(db, sql: "SELECT action, target FROM journal WHERE target IS NOT NULL ORDER BY seq")
    while let row = try rows.next() {
      let target: Int64 = row["target"]
      if row["action"] == "undo" { undone.insert(target) } else { undone.remove(target) }
    }
    return undone
  }

  private func undoneProblems() throws -> [String] {
    let noted = try Set(Int64.fetchAll(db, sql: "SELECT seq FROM undone"))
    var problems = try undone().symmetricDifference(noted).sorted().prefix(10).map {
      "line \($0) of the journal is undone by the journal and not by its table, or the other way round"
    }
    let count = try Int64.fetchOne(db, sql: "SELECT count(*) FROM journal") ?? 0
    let last = try Journal(db: db).last()
    if count != last { problems.append("the journal has \(count) lines, and its last is number \(last)") }
    return problems
  }

  private func valueProblems() throws -> [String] {
    let undone = try undone()
    // Of every cell the latest value said by an edit that counts, and the latest of all.
    struct Cell { var counted: ProjectValue?, any: ProjectValue }
    var cells: [RecordKey: [String: Cell]] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT v.* FROM journal_value v JOIN journal j ON j.seq = v.seq AND j.action = 'edit' ORDER BY v.seq, v.part
        """)
    while let row = try rows.next() {
      let change = try Journal.value(row)
      var cell = cells[change.record]?[change.field] ?? Cell(counted: nil, any: change.value)
      cell.any = change.value
      if !undone.contains(row["seq"]) { cell.counted = change.value }
      cells[change.record, default: [:]][change.field] = cell
    }
    var problems: [String] = []
    for kind in RecordKind.allCases {
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM \(kind.rawValue)")
      while let row = try rows.next() {
        let record = RecordKey(kind, row["id"])
        guard let known = cells.removeValue(forKey: record) else {
          problems.append("the \(kind.noun) \(record.id) is in its table and nowhere in the journal")
          continue
        }
        for (field, cell) in known {
          let expected = cell.counted ?? (field == "live" ? .integer(0) : cell.any)
          let found = ProjectValue(row[field] as DatabaseValue)
          if !Self.isSame(found, expected) {
            problems.append(
              "'\(field)' of the \(kind.noun) \(record.id) is \(found), and by the journal \(expected)")
          }
        }
      }
    }
    problems += cells.keys.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }.map {
      "the \($0.kind.noun) \($0.id) is in the journal and not in its table"
    }
    return problems
  }

  /// SQLite stores 2 as 2.0 in a column of fractions.
  private static func isSame(_ a: ProjectValue, _ b: ProjectValue) -> Bool {
    a == b || (a.number != nil && a.number == b.number)
  }

  private func maskProblems() throws -> [String] {
    let undone = try undone()
    let store = MaskStore(db: db)
    var problems: [String] = []
    var plane: MaskStore.Plane?
    var mask = SliceMask(height: 0, width: 0)
    var seen: Set<MaskStore.Plane> = []
    func finish() throws {
      guard let plane else { return }
      seen.insert(plane)
      if try store.mask(plane) != mask {
        problems.append(
          "slice \(plane.slice) of feature \(plane.feature) in dataset \(plane.dataset) is not what the journal says")
      }
    }
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT m.* FROM journal_mask m JOIN journal j ON j.seq = m.seq AND j.action = 'edit'
        ORDER BY m.dataset, m.feature, m.z, m.seq, m.part
        """)
    while let row = try rows.next() {
      let patch = try StoredMaskPatch(row).decoded()
      let next = MaskStore.Plane(dataset: patch.dataset, feature: patch.feature, slice: patch.slice)
      if next != plane {
        try finish()
        plane = next
        let size = try store.size(of: next.dataset)
        mask = SliceMask(height: size.y, width: size.x)
      }
      if !undone.contains(row["seq"]) { patch.apply(to: &mask) }
    }
    try finish()
    let stored = try Row.fetchAll(db, sql: "SELECT dataset, feature, z, pixel_count FROM mask")
    for row in stored {
      let plane = MaskStore.Plane(dataset: row["dataset"], feature: row["feature"], slice: row["z"])
      let place = "slice \(plane.slice) of feature \(plane.feature) in dataset \(plane.dataset)"
      if !seen.contains(plane) { problems.append("\(place) is painted and nowhere in the journal") }
      let count: Int = row["pixel_count"]
      if try store.mask(plane).count != count { problems.append("\(place) has another number of pixels than noted") }
    }
    return problems
  }
}

extension Project {
  /// Everything that is wrong inside the database, as sentences: SQLite's own checks, and the journal replayed and compared
  /// with the tables. Empty when all is well.
  package func problems() throws(AisError) -> [String] {
    let damage = try database.integrityProblems()
    if !damage.isEmpty { return damage }
    return try database.read { try Replay(db: $0).problems() }
  }

  /// Writes a consistent copy of the database while the project is open and in use.
  package func backup(to path: String) throws(AisError) { try database.copy(to: path) }
}
