import AisCore
import AisProject
import AisWorkflows
import ArgumentParser

/// `ais project backup`: a consistent copy.
package struct ProjectBackupCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy a project, consistently.",
    discussion: """
        ais project backup Cells.ais /backup/Cells-2026-11-22.ais

      The copy is a project of its own with the whole history; tomograms are not copied. It appears under its name when it \
      is whole. A project that another program has open is copied by that program.
      """)

  @OptionGroup package var target: ProjectArguments

  @Argument(help: ArgumentHelp("The folder to make, NAME.ais.", valueName: "copy"))
  package var copy: String

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    let entries = try target.open { project in
      try ProjectBackup.write(project, to: copy)
      return try project.lastSequence()
    }
    if verbosity.json {
      Terminal.standardOutput.print(text: try ProjectArguments.json(Report(copy: copy, entries: entries)))
    } else if !verbosity.quiet {
      Terminal.standardOutput.print("\(copy): a copy with \(counted(Int(entries), "line")) of history")
    }
  }

  private struct Report: Encodable {
    var schema = "ais.project-backup/1"
    var copy: String
    var entries: Int64
  }
}
