import AisCore
import AisFormats
import AisProject

/// Edits from a script, one JSON object a line.
package enum ProjectScript {
  /// Does what a line says and returns the journal's entry, which is durable by then; `nil` when there is nothing to undo or
  /// redo.
  ///
  ///     {"edits": [{"kind": "place-box", …}, …], "author": "Anna", "label": "…", "token": "…"}
  ///     {"action": "undo", "author": "Anna"}        the author's latest edit
  ///     {"action": "undo", "target": 12}            one line of the history
  package static func perform(
    _ line: String, on project: Project, author standard: Author
  ) throws(AisError) -> JournalEntry? {
    let json = try JSONValue(parsing: line.utf8, name: "the edit")
    let author = Author(
      json["author"]?.string ?? standard.name, client: json["client"]?.string ?? standard.client)
    let target = json["target"]?.integer.map { Int64($0) }
    let token = json["token"]?.string
    switch json["action"]?.string ?? "edit" {
    case "undo":
      if let target { return try project.undo(target, by: author, token: token) }
      return try project.undo(by: author, token: token)
    case "redo":
      if let target { return try project.redo(target, by: author, token: token) }
      return try project.redo(by: author, token: token)
    case "edit":
      guard let list = json["edits"]?.array, !list.isEmpty else {
        throw AisError(.usage, "the line has no 'edits': expected a list of them, or an 'action' (undo, redo)")
      }
      var edits: [Edit] = []
      for edit in list { edits.append(try Edit(json: edit)) }
      return try project.apply(edits, by: author, label: json["label"]?.string, token: token)
    case let other: throw AisError(.usage, "'\(other)' is no action: expected edit, undo or redo")
    }
  }
}
