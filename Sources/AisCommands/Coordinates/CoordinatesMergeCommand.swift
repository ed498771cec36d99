import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais coordinates merge`: several lists as one.
package struct CoordinatesMergeCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Put several lists together, with each particle once.",
    discussion: """
      Particles of several lists nearer than '--spacing' are one: the one of the highest score stays, or the one of the list \
      named first. Lists that take a tomogram for different sizes are refused.

        ais coordinates merge round1.star round2.star --spacing 8nm -o all.star
      """)

  @Argument(help: ArgumentHelp("Lists of coordinates.", valueName: "list"))
  package var lists: [String]

  @Option(
    help: ArgumentHelp("Of particles nearer than this only one is kept: 8nm, 80A, 6px.", valueName: "distance"),
    transform: CoordinateArguments.extent)
  package var spacing: CoordinateExtent?

  @OptionGroup(title: "What is written")
  package var target: CoordinateOutputArguments

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if lists.count < 2 { throw ValidationError("name at least two lists") }
  }

  package func run() throws {
    let context = try source.context()
    let isQuiet = verbosity.quiet || verbosity.json
    let readings = try source.read(lists, context, quiet: isQuiet)
    let all = try ParticleMerge.merged(readings.map { ($0.name, $0.reading.list) })
    var filter = ParticleFilter()
    filter.spacing = spacing
    let (list, dropped) = try filter.applied(to: all)
    if !isQuiet, let count = dropped.first?.count {
      Terminal.standardOutput.print("\(count) of \(all.particles.count) particles were there twice")
    }
    let output = try target.makeOutput(command: "coordinates merge", context: context)
    let settings = ["spacing": spacing.map { "\($0)" } ?? "none"]
    let warnings = readings.flatMap { name, reading in reading.warnings.map { "'\(name)': \($0)" } }
    try CoordinateReport.write(
      list, to: output, inputs: lists, settings: settings, warnings: warnings, verbosity: verbosity)
  }
}
