import AisCore
import AisFormats
import AisProject
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais project import`: tomograms and annotations into a project.
package struct ProjectImportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "import",
    abstract:
      "Bring tomograms, .scns files, annotation volumes, lists of coordinates and feature libraries into a project.",
    discussion: """
        ais project import Cells.ais annotations/                             .scns files, and tomograms
        ais project import Cells.ais --feature Membrane TS_01__Membrane.mrc   voxels above 0 are painted
        ais project import Cells.ais --feature Ribosome --dataset TS_01 picks.star
        ais project import Cells.ais ~/.Ais/feature_library.txt

      A volume is an annotation when '--feature' is given or its name has the form <dataset>__<feature>; otherwise it is \
      a tomogram. Its slices take the place of what the feature had there. Every file is one step of the history, so that \
      'ais project edit' or the page can undo it. Annotated datasets are decoded and never run.
      """)

  @OptionGroup package var target: ProjectArguments

  @Argument(help: ArgumentHelp("Files and folders.", valueName: "file"))
  package var files: [String]

  @Option(help: ArgumentHelp("The feature that volumes and lists belong to.", valueName: "title"))
  package var feature: String?

  @Option(help: ArgumentHelp("The dataset that the file belongs to; without it, told by its name.", valueName: "name"))
  package var dataset: String?

  @Option(help: ArgumentHelp("Of annotation volumes, voxels above this are painted.", valueName: "value"))
  package var threshold: Float = 0

  @Option(help: ArgumentHelp("Of annotation volumes, only this slice, counted from 0.", valueName: "z"))
  package var slice: Int?

  @Option(
    name: [.customShort("t"), .customLong("tomograms")], parsing: .singleValue,
    help: ArgumentHelp(
      "A folder in which tomograms of .scns files are looked for when they are not where the file says. May be given several times.",
      valueName: "folder"))
  package var folders: [String] = []

  @Option(
    help: ArgumentHelp("The format of lists, when content and name do not tell it.", valueName: "format"),
    transform: CoordinateArguments.format)
  package var from: CoordinateFormat?

  @Flag(help: "Make one dataset of tomograms that are versions of each other by name and size.")
  package var versions = false

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if !threshold.isFinite { throw ValidationError("--threshold \(threshold): expected a number") }
  }

  package func run() throws {
    let inputs = try ProjectInputs(files, isAnnotation: feature != nil)
    let cancellation = Cancellation()
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let outcomes = try target.open { project in
      try run(inputs, in: project, cancellation)
    }
    if outcomes.contains(where: { !$0.failures.isEmpty }) { throw ExitCode.failure }
  }

  private func run(
    _ inputs: ProjectInputs, in project: Project, _ cancellation: Cancellation
  ) throws -> [BatchOutcome] {
    var job = ProjectImport(project, author: target.who)
    job.feature = feature
    job.dataset = dataset
    job.threshold = threshold
    job.slice = slice
    job.folders = folders
    job.format = from
    let work = ProjectImportRun(inputs, job, joinsVersions: versions)
    let reporter = BatchReporter(
      inputs.files.map { .init(input: $0.path, weight: 1) }, noun: "file", verbosity: verbosity, isPredicted: false)
    do {
      let outcomes = try work.run(cancellation: cancellation, watch: reporter.report)
      reporter.summarise(outcomes)
      if !verbosity.quiet { for hint in work.hints { Terminal.standardError.print("ais: \(hint)") } }
      return outcomes
    } catch {
      guard error.code == .cancelled else { throw error }
      Terminal.standardError.print("ais: stopped; files imported so far are in the project")
      throw ExitCode(StopSignals.exitCode)
    }
  }
}
