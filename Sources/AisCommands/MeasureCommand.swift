import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation
import Logging

/// `ais measure`: sizes, counts and distances.
package struct MeasureCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measure segmentations and particles: volumes, areas, counts, distances.",
    discussion: """
      Of a segmentation, every connected component is measured: volume, surface, shape, place, nearest neighbour. Of a \
      list of particles, every particle: its nearest neighbour. With --to, distances to other features or particles come \
      with it: to the surface of a segmentation (below zero inside it), or to the nearest particle of a list.

        ais measure -o measures seg/TS_01__Vesicle.mrc
        ais measure -o measures seg/ --threshold 100 --min-volume 1000nm3
        ais measure -o measures picks/TS_01__Ribosome_coords.star --to seg/TS_01__Membrane.mrc

      Each input gives a table (CSV), histograms (PNG) and an account of how they were made (JSON); summary.csv and \
      summary.png hold all inputs, a line for each tomogram and feature. What is already there, made of the same, is \
      skipped.
      """)

  @Argument(
    help: ArgumentHelp(
      "Segmentations or lists of particles: files, folders, or patterns ('seg/*__Vesicle.mrc').", valueName: "input"))
  package var inputs: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "What to measure distances to: a segmentation, a list of particles, or a folder or pattern of them, of which those of the same tomogram are taken. May be given several times.",
      valueName: "path"))
  package var to: [String] = []

  @Option(name: [.short, .long], help: "What counts as found in a segmentation, 0 to 255.")
  package var threshold = 128.0

  @Option(
    help: ArgumentHelp(
      "What the values mean, where the file does not say: 0-255, 0-127, 0-1, or labels (everything above 0 is certain).",
      valueName: "0-255|0-127|0-1|labels"))
  package var scale: PredictionScale.Kind?

  @Option(help: "Of volumes of labels: measure the voxels that hold this number.")
  package var label: Int?

  @Option(
    help: ArgumentHelp(
      "Leave out components smaller than this, such as 1000nm3, 1000000A3 or 120px (voxels of the file).",
      valueName: "volume"),
    transform: Quantity.bulk)
  package var minVolume: PickRequest.Bulk = .voxels(0)

  @Option(
    help: ArgumentHelp("Average cubes of so many voxels first: faster, and coarser.", valueName: "factor"))
  package var bin = 1

  @Option(
    help: ArgumentHelp(
      "Rounds of smoothing of surfaces before their area is taken. Without it, 10 for masks and labels, whose surfaces are steps, and 0 for grey values.",
      valueName: "rounds"))
  package var smooth: Int?

  @Option(
    name: .customLong("class"), parsing: .singleValue,
    help: ArgumentHelp("Of lists: particles of this class only; may be given several times.", valueName: "name"))
  package var classes: [String] = []

  @Option(
    help: ArgumentHelp("Of lists: the column that names the class, if not one of the usual ones.", valueName: "name"))
  package var classColumn: String?

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "Where particles of lists lie, and how large voxels are")
  package var frame: ListFrameArguments

  @Option(
    name: .customLong("tomogram"), parsing: .singleValue,
    help: ArgumentHelp(
      "The tomogram of the lists, or files, folders and patterns of several; size and voxel size are taken from it. May be given several times.",
      valueName: "path"))
  package var tomograms: [String] = []

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if inputs.isEmpty {
      throw ValidationError("nothing to measure was given: name a segmentation or a list of particles")
    }
    if !(0..<255).contains(threshold) {
      throw ValidationError("--threshold \(angstromText(threshold)): a threshold lies between 0 and 254")
    }
    do { try PredictionScale.check(label: label) } catch { throw ValidationError(error.message) }
    if !(1...64).contains(bin) { throw ValidationError("--bin \(bin): expected 1 to 64") }
    if let smooth, !(0...1000).contains(smooth) { throw ValidationError("--smooth \(smooth): expected 0 to 1000") }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("measure")
    let cancellation = Cancellation()
    let (threads, memory) = machine.settled(logger)
    let request = try request(memoryLimit: memory.bytes, threads: threads)
    let run = try MeasureRun(request, logger: logger, cancellation: cancellation)
    if dryRun {
      if !verbosity.quiet { Terminal.standardOutput.print(lines: run.forecast) }
      return try BatchEnding.foretell(run.refusals)
    }
    let reporter = BatchReporter(
      run.inputs.map { .init(input: $0, weight: 1) }, noun: "input", verbosity: verbosity, isPredicted: false)
    try BatchEnding.follow(
      cancellation, run: { () throws(AisError) in try run.run(reporter.report).outcomes },
      summarise: reporter.summarise)
  }

  func request(memoryLimit: Int, threads: Int) throws(AisError) -> MeasureRequest {
    var request = MeasureRequest(inputs: inputs, outputFolder: output, memoryLimit: memoryLimit, threads: threads)
    request.targets = to
    request.settings.threshold = threshold
    request.settings.scale = scale
    request.settings.label = label
    request.settings.minimumVolume = minVolume
    request.settings.binning = bin
    request.settings.smoothing = smooth
    request.settings.voxelSizeAngstromXYZ = frame.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
    request.reading.classes = Set(classes.map { PointNames.featureKey($0) })
    request.reading.classColumn = classColumn
    request.reading.label = label
    request.reading.context = try frame.context(tomograms: tomograms)
    request.reading.format = frame.from
    request.reading.threads = request.threads
    request.replacesOutputs = force
    return request
  }
}
