import AisCore
import AisProject
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais project edit`: edits from a script.
package struct ProjectEditCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Apply edits from standard input, one JSON object a line; undo and redo too.",
    discussion: """
        echo '{"edits": [{"kind": "create-feature", "title": "Membrane"}]}' | ais project edit Cells.ais
        echo '{"action": "undo"}' | ais project edit Cells.ais

      For each line the history's entry is printed, as JSON, when it is on the disk: what was printed is not lost, whatever \
      happens next. A line that is refused is answered with {"error": …}; the lines after it are still done, and the exit \
      code is 1. The kinds of edits are in docs/reference/project-edits.md.
      """)

  @OptionGroup package var target: ProjectArguments

  package init() {}

  package func run() throws {
    var hasFailed = false
    try target.open { project in
      while let line = readLine() {
        if line.allSatisfy(\.isWhitespace) { continue }
        do throws(AisError) {
          let entry = try ProjectScript.perform(line, on: project, author: target.who)
          Terminal.standardOutput.print(text: try entry?.json() ?? "null")
        } catch {
          hasFailed = true
          Terminal.standardOutput.print(
            text: try ProjectArguments.json(["error": error.code.rawValue, "message": error.description]))
        }
      }
    }
    if hasFailed { throw ExitCode.failure }
  }
}

/// `ais project history`: who did what, and when.
package struct ProjectHistoryCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List what was done to a project, the latest first.")

  @OptionGroup package var target: ProjectArguments

  @Option(name: .customLong("last"), help: ArgumentHelp("How many lines.", valueName: "count"))
  package var count = 50

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    guard count > 0 else { throw ValidationError("--last \(count): expected 1 or more") }
  }

  package func run() throws {
    let (entries, datasets, features) = try target.open { project in
      (
        try project.history(author: target.author, limit: count), try project.datasets(), try project.features()
      )
    }
    for entry in entries {
      if verbosity.json {
        Terminal.standardOutput.print(text: try entry.json())
        continue
      }
      let time = Date(timeIntervalSince1970: Double(entry.time) / 1000).ISO8601Format()
      var words = [
        entry.action == .edit ? entry.kind : "\(entry.action.rawValue) of line \(entry.target ?? 0): \(entry.kind)"
      ]
      if let label = entry.label { words.append("(\(label))") }
      if let id = entry.feature { words.append("'\(features.first { $0.id == id }?.title ?? "feature \(id)")'") }
      if let id = entry.dataset { words.append("in '\(datasets.first { $0.id == id }?.name ?? "dataset \(id)")'") }
      if let slice = entry.slice { words.append("slice \(slice)") }
      if entry.isUndone { words.append("- undone") }
      Terminal.standardOutput.print("\(entry.sequence)  \(time)  \(entry.author.name)  \(words.joined(separator: " "))")
    }
  }
}
