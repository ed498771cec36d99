import AisCore
import AisProject
import AisWorkflows
import ArgumentParser

/// `ais project check`: whether a project is whole, and its tomograms where they were.
package struct ProjectCheckCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a project's database, its history and its tomograms; find those that moved.",
    discussion: """
        ais project check Cells.ais
        ais project check Cells.ais --relink -t /data/new-disk

      The database is checked by SQLite, the history is replayed and compared with the tables, and every tomogram is looked \
      for and compared with what was noted: size, samples of its bytes, voxels. Exit code 1 when something is wrong.
      """)

  @OptionGroup package var target: ProjectArguments

  @Option(
    name: [.customShort("t"), .customLong("tomograms")], parsing: .singleValue,
    help: ArgumentHelp(
      "A folder in which tomograms that moved are looked for. May be given several times.", valueName: "folder"))
  package var folders: [String] = []

  @Flag(help: "Note the new places of tomograms that moved.")
  package var relink = false

  @Flag(help: "With '--relink', also take files whose content changed, if they have as many voxels as before.")
  package var acceptChanged = false

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if acceptChanged && !relink { throw ValidationError("--accept-changed goes with --relink") }
  }

  package func run() throws {
    let check = try target.open {
      try ProjectCheck.run(
        $0, folders: folders, relinks: relink, acceptsChanged: acceptChanged, author: target.who)
    }
    if verbosity.json {
      Terminal.standardOutput.print(text: try ProjectArguments.json(Report(target.project, check), pretty: true))
    } else {
      for problem in check.problems { Terminal.standardError.print("ais: \(problem)") }
      let findings = check.tomograms.compactMap(\.finding)
      if check.isSound {
        if !verbosity.quiet { Terminal.standardOutput.print(lines: findings) }
      } else {
        for finding in findings { Terminal.standardError.print("ais: \(finding)") }
      }
      if !verbosity.quiet {
        let database =
          check.problems.isEmpty
          ? "the database is sound, and its history (\(counted(Int(check.entryCount), "line"))) gives what it holds"
          : "the database has \(counted(check.problems.count, "problem"))"
        let present = check.tomograms.count { $0.state.usablePath != nil || $0.wasRelinked }
        Terminal.standardOutput.print(
          "\(target.project): \(database); \(present) of \(counted(check.tomograms.count, "tomogram")) are there and unchanged"
        )
      }
    }
    if !check.isSound { throw ExitCode.failure }
  }

  private struct Report: Encodable {
    struct Tomogram: Encodable {
      var dataset: String
      var version: Int64
      var path: String
      var state: String
      var found: String?
      var wasRelinked: Bool
      var finding: String?
    }

    var schema = "ais.project-check/1"
    var project: String
    var isSound: Bool
    var problems: [String]
    var entries: Int64
    var tomograms: [Tomogram]

    init(_ project: String, _ check: ProjectCheck) {
      self.project = project
      isSound = check.isSound
      problems = check.problems
      entries = check.entryCount
      tomograms = check.tomograms.map {
        Tomogram(
          dataset: $0.dataset, version: $0.version.id, path: $0.version.reference.path, state: $0.state.code,
          found: $0.state.usablePath, wasRelinked: $0.wasRelinked, finding: $0.finding)
      }
    }
  }
}
