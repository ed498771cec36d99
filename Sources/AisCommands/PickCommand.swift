import AisCore
import AisFormats
import AisPicking
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais pick`: particles found in segmentations.
package struct PickCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pick",
    abstract: "Find particles in segmentations and write their coordinates.",
    discussion: """
      Each segmentation gives OUT/<segmentation>_coords.star, a contact sheet (.png beside it), and a .json that \
      says how it was made. Coordinates are voxels of the segmentation as it lies in its file, counted from 0, whatever \
      '--binning' is.

        ais pick -o picks segmentations/ --feature Ribosome --spacing 20nm
        ais pick -o picks TS_01__Ribosome.mrc --spacing 20nm --threshold auto --min-volume 800nm3
        ais pick -o picks TS_01__Proteasome.mrc --spacing 15nm --orient long-axis
        ais pick -o picks segmentations/ --feature Microtubule --filaments --every 8nm --min-length 80nm
        ais pick -o picks segmentations/ --feature Membrane --on-surface --every 12nm
        ais pick -o picks segmentations/ --spacing 20nm --format relion5 --tomograms tomograms.star

      Voxels above the threshold are divided into groups around their most inward points; groups that are too small, \
      or too near to a heavier one, are dropped; the rest are particles at their centroids, the heaviest first. What is already \
      there, made with the same settings and segmentation, is skipped, and a list changed by hand is never replaced unasked.
      """)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Argument(
    help: ArgumentHelp(
      "Segmentations: files, folders, patterns ('*__Ribosome.mrc'), or .txt lists with one path a line.",
      valueName: "segmentation"))
  package var segmentations: [String]

  @Option(
    help: ArgumentHelp(
      "Of folders, only the segmentations of this feature: <tomogram>__FEATURE.mrc.", valueName: "title"))
  package var feature: String?

  @OptionGroup(title: "What a particle is")
  package var rules: PickArguments

  @OptionGroup(title: "Filaments and surfaces")
  package var curves: CurveArguments

  @OptionGroup(title: "What is written")
  package var list: PickOutputArguments

  @OptionGroup(title: "How segmentations are read")
  package var tomogram: TomogramArguments

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise or changed.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    do { try request(memoryLimit: 1 << 30, threads: 1).validate() } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("pick")
    let cancellation = Cancellation()
    let (threads, memory) = machine.settled(logger)
    let plan = try PickPlan.make(
      request(memoryLimit: memory.bytes, threads: threads), cancellation: cancellation)
    let reporter = PickReporter(plan, verbosity: verbosity)
    reporter.announce(memoryLimit: memory)
    if dryRun {
      for task in plan.tasks where task.record != nil && !verbosity.quiet && !verbosity.json {
        Terminal.standardOutput.print("\(task.input) would give \(task.outputs.joined(separator: ", "))")
      }
      return try BatchEnding.foretell(plan.tasks.flatMap(\.refusals))
    }
    let run = PickRun(plan, cancellation: cancellation, logger: logger)
    try BatchEnding.follow(
      cancellation, run: { () throws(AisError) in try run.run(reporter.report) }, summarise: reporter.summarise)
  }

  func request(memoryLimit: Int, threads: Int) throws(AisError) -> PickRequest {
    var request = PickRequest(
      inputs: segmentations, outputFolder: output, memoryLimit: memoryLimit, threads: threads)
    request.feature = feature
    try rules.fill(&request)
    try curves.fill(&request)
    try list.fill(&request)
    request.view = tomogram.options
    // Slices are read in order; a cache only helps where the file's sections lie across them.
    if !(request.view.view.rotatesX || request.view.view.axes != .xyz) { request.view.cacheBytes = 8 << 20 }
    request.replacesOutputs = force
    return request
  }
}
