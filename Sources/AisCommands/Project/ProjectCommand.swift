import AisCore
import AisProject
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais project`: annotated tomograms and everything that was done to them.
package struct ProjectCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Make, look at, fill, check and copy projects: annotated tomograms with their whole history.",
    discussion: """
        ais project new Cells.ais tomograms/
        ais project import Cells.ais annotations/            all .scns files of the folder
        ais project info Cells.ais
        ais project export Cells.ais -o masks --as volumes
        ais project backup Cells.ais Cells-2026-11-22.ais

      A project is a folder NAME.ais with one database. Tomograms stay where they are. One program has a project open at a \
      time; another one is told which.
      """,
    subcommands: [
      ProjectNewCommand.self, ProjectInfoCommand.self, ProjectImportCommand.self, ProjectExportCommand.self,
      ProjectEditCommand.self, ProjectHistoryCommand.self, ProjectCheckCommand.self, ProjectBackupCommand.self,
    ])

  package init() {}
}

/// The project that a command works on, and who works.
package struct ProjectArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The project's folder, NAME.ais.", valueName: "project"))
  package var project: String

  @Option(
    help: ArgumentHelp("Who makes the edits, as the history has it. Without it, the name you are logged in with."))
  package var author: String?

  package init() {}

  package var who: Author { Author(author ?? NSUserName(), client: "ais \(AisVersion.current)") }

  /// Opens the project for the time of `body`.
  package func open<Value>(_ body: (Project) throws -> Value) throws -> Value {
    let project = try Project.open(project)
    do {
      let value = try body(project)
      try project.close()
      return value
    } catch {
      try? project.close()
      throw error
    }
  }

  /// JSON on one line, sorted.
  static func json(_ value: some Encodable, pretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
