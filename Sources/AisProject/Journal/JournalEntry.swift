import AisCore
import GRDB

/// Who makes an edit.
package struct Author: Sendable, Hashable {
  /// The person's name; undo goes by it.
  package var name: String
  /// The page, script or command that it came through.
  package var client: String

  package init(_ name: String, client: String = "") {
    self.name = name
    self.client = client
  }
}

/// One line of the journal: what happened, and what became of it.
package struct JournalEntry: Sendable, Equatable, Identifiable {
  package enum Action: String, Sendable { case edit, undo, redo }

  /// A cell that took a value.
  package struct ValueChange: Sendable, Hashable {
    package var record: RecordKey
    /// The name of the column.
    package var field: String
    package var value: ProjectValue
  }

  package var id: Int64 { sequence }
  /// Counts up by one.
  package var sequence: Int64
  /// Milliseconds since 1970, of this machine's clock.
  package var time: Int64
  package var author: Author
  package var action: Action
  /// What was done: `paint`, `place-box`, … ; of an undo or redo, what was undone.
  package var kind: String
  /// What the page called it: "fill holes".
  package var label: String?
  /// The edit that is undone or done again.
  package var target: Int64?
  /// What it concerns, when it is one dataset, feature, slice.
  package var dataset: Int64?
  package var feature: Int64?
  package var slice: Int?
  /// Of edits, whether they are undone now.
  package var isUndone: Bool
  package var isUndoable: Bool
  /// What changed: applied to the state before, they give the state after.
  package var values: [ValueChange] = []
  package var masks: [StoredMaskPatch] = []

  /// The records of a kind that came into being, by number.
  package func created(_ kind: RecordKind) -> [Int64] {
    values.filter { $0.record.kind == kind && $0.field == "live" && $0.value == .integer(1) }.map(\.record.id)
  }

  /// The line without its changes.
  init(_ row: Row) {
    sequence = row["seq"]
    time = row["time_ms"]
    author = Author(row["author"], client: row["client"])
    action = Action(rawValue: row["action"]) ?? .edit
    kind = row["kind"]
    label = row["label"]
    target = row["target"]
    dataset = row["dataset"]
    feature = row["feature"]
    slice = row["z"]
    isUndoable = row["is_undoable"]
    isUndone = row["is_undone"]
  }

  static let columns = "j.*, EXISTS (SELECT 1 FROM undone u WHERE u.seq = j.seq) AS is_undone"
}
