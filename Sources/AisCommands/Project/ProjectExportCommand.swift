import AisCore
import AisFormats
import AisProject
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais project export`: annotations as files for other programs.
package struct ProjectExportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write annotations as volumes, slices, coordinates of boxes, or .scns files.",
    discussion: """
        ais project export Cells.ais -o masks --as volumes
        ais project export Cells.ais -o slices --as slices --dataset TS_01 --slice 42
        ais project export Cells.ais -o picks --as boxes --feature Ribosome --to relion5
        ais project export Cells.ais -o scns --as scns

      volumes: <dataset>__<feature>_manual.mrc, 16-bit, 255 where painted, in the tomogram's frame. slices: two sections, the \
      tomogram's slice and the mask. boxes: the centres, in any format of 'ais coordinates' (x, y, z as text without \
      '--to'). scns: annotated datasets that the reference program opens.
      """)

  @OptionGroup package var target: ProjectArguments

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Option(name: .customLong("as"), help: ArgumentHelp("What is written.", valueName: "volumes|slices|boxes|scns"))
  package var product: ProjectExport.Product

  @Option(
    parsing: .singleValue, help: ArgumentHelp("Only this dataset. May be given several times.", valueName: "name"))
  package var dataset: [String] = []

  @Option(
    parsing: .singleValue, help: ArgumentHelp("Only this feature. May be given several times.", valueName: "title"))
  package var feature: [String] = []

  @Option(help: ArgumentHelp("Of slices and boxes, only this slice, counted from 0.", valueName: "z"))
  package var slice: Int?

  @Option(
    help: ArgumentHelp(
      "The format of boxes: \(CoordinateFormat.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "format"),
    transform: CoordinateArguments.format)
  package var to: CoordinateFormat = .text

  @Flag(help: "Put the tomogram into each .scns file too.")
  package var withTomogram = false

  @Option(
    name: [.customShort("t"), .customLong("tomograms")], parsing: .singleValue,
    help: ArgumentHelp(
      "A folder in which tomograms that moved are looked for. May be given several times.", valueName: "folder"))
  package var folders: [String] = []

  @Flag(help: "Replace files that are there already.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be written, and write nothing.")
  package var dryRun = false

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if withTomogram, product != .scns {
      throw ValidationError("--with-tomogram: only .scns files hold tomograms. Add '--as scns'")
    }
  }

  package func run() throws {
    let cancellation = Cancellation()
    let logger = verbosity.makeLogger("project")
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let outcomes = try target.open { project -> [BatchOutcome] in
      var export = ProjectExport(project, product, output: output, folders: folders)
      export.format = to
      export.force = force
      export.includesTomogram = withTomogram
      let job = export
      let tasks = try job.plan(datasets: dataset, features: feature, slice: slice)
      if dryRun {
        for task in tasks { Terminal.standardOutput.print(task.path) }
        return []
      }
      try OutputFolder.prepare(output, logger: logger)
      let reporter = BatchReporter(
        tasks.map { .init(input: $0.path, weight: 1) }, noun: "file", verbosity: verbosity, isPredicted: false)
      do {
        let outcomes = try Batch.run(
          tasks.map { BatchOutcome(input: $0.path) }, cancellation: cancellation, watch: reporter.report
        ) { index, outcome, _ throws(AisError) in
          outcome.warnings = try job.write(tasks[index], cancellation: cancellation)
          outcome.written = [tasks[index].path]
        }
        reporter.summarise(outcomes)
        return outcomes
      } catch let error as AisError where error.code == .cancelled {
        Terminal.standardError.print("ais: stopped; unfinished outputs were removed")
        throw ExitCode(StopSignals.exitCode)
      }
    }
    if outcomes.contains(where: { !$0.failures.isEmpty }) { throw ExitCode.failure }
  }
}

extension ProjectExport.Product: ExpressibleByArgument {}
