import AisCore
import AisProject
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais project new`: an empty project, or one with tomograms in it.
package struct ProjectNewCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a project.",
    discussion: """
        ais project new Cells.ais
        ais project new Cells.ais tomograms/ --versions
      """)

  @OptionGroup package var target: ProjectArguments

  @Argument(
    help: ArgumentHelp("Tomograms to begin with: files, folders, patterns, or .txt lists.", valueName: "tomogram"))
  package var tomograms: [String] = []

  @Flag(
    help:
      "Make one dataset of files whose names and sizes show that they are versions of one tomogram (raw, denoised, even, bin4, …)."
  )
  package var versions = false

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    let inputs = tomograms.isEmpty ? [] : try InputCollection(tomograms).paths
    let project = try Project.create(target.project)
    do {
      var adding = ProjectTomograms(project, author: target.who)
      adding.joinsVersions = versions
      let (added, hints) = try adding.add(inputs)
      let description = try ProjectDescription(project)
      try project.close()
      if verbosity.json {
        Terminal.standardOutput.print(text: try ProjectArguments.json(description))
      } else if !verbosity.quiet {
        let count = Set(added.map(\.dataset)).count
        Terminal.standardOutput.print(
          "\(project.folder.path): \(added.isEmpty ? "an empty project" : "\(counted(added.count, "tomogram")) in \(counted(count, "dataset"))")"
        )
        for hint in hints { Terminal.standardError.print("ais: \(hint)") }
      }
    } catch {
      // A project whose first tomograms could not be read is not left half made.
      try? project.close()
      try? FileManager.default.removeItem(atPath: project.folder.path)
      throw error
    }
  }
}
