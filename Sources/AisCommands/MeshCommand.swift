import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais mesh`: surfaces of segmentations.
package struct MeshCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "mesh",
    abstract: "Make surfaces of segmentations, as triangles.",
    discussion: """
      Each segmentation gives OUT/<segmentation>.obj (or .stl, .ply, .glb) with the closed surface of every connected \
      piece above the threshold, and beside it a .json that says how it was made and how large each piece is.

        ais mesh -o meshes segmentations/ --feature Membrane
        ais mesh -o TS_01_ribosomes.glb TS_01__Ribosome.mrc --min-volume 500nm3 --colour component
        ais mesh -o meshes TS_01_labels.mrc --label 2 --smooth 10 --decimate 25% --format ply

      OBJ files are in nanometres from the middle of the volume, as the reference program writes them; the others are in \
      ångström in the frame of the segmentation's file, so that they lie on it in programs that show both. What is already \
      there, made with the same settings and segmentation, is skipped.
      """)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The folder to write to; it is made if it is not there. For a single segmentation also a file: its ending says the format.",
      valueName: "path"))
  package var output: String

  @Argument(
    help: ArgumentHelp(
      "Segmentations: files, folders, patterns ('*__Membrane.mrc'), or .txt lists with one path a line.",
      valueName: "segmentation"))
  package var segmentations: [String]

  @Option(
    help: ArgumentHelp(
      "Of folders, only the segmentations of this feature: <tomogram>__FEATURE.mrc.", valueName: "title"))
  package var feature: String?

  @OptionGroup(title: "What the surface is")
  package var surface: SurfaceArguments

  @OptionGroup(title: "What is written")
  package var file: MeshFileArguments

  @OptionGroup(title: "How segmentations are read")
  package var reading: SegmentationReadingArguments

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
    let logger = verbosity.makeLogger("mesh")
    let cancellation = Cancellation()
    FreedMemory.goesBackAtOnce()
    let (threads, memory) = machine.settled(logger)
    let plan = try MeshPlan.make(request(memoryLimit: memory.bytes, threads: threads), cancellation: cancellation)
    announce(plan)
    if dryRun { return try BatchEnding.foretell(plan.tasks.flatMap(\.refusals)) }
    let reporter = BatchReporter(
      plan.tasks.map { .init(input: $0.input, weight: $0.record == nil ? 0 : Double($0.voxelCount)) },
      noun: "segmentation", verbosity: verbosity, isPredicted: false)
    let run = MeshRun(plan, cancellation: cancellation, logger: logger)
    try BatchEnding.follow(
      cancellation, run: { () throws(AisError) in try run.run(reporter.report) }, summarise: reporter.summarise,
      abandon: { run.abandon() })
  }

  /// What will be done, before it is.
  private func announce(_ plan: MeshPlan) {
    let skipped = plan.tasks.reduce(0) { $0 + $1.finished.count }
    if verbosity.json {
      BatchEventLine.emit(
        BatchEventLine(event: "plan", inputs: plan.tasks.count, outputsSkipped: skipped))
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    if plan.tasks.count > 1 || dryRun {
      let format = plan.request.format.rawValue.uppercased()
      out.print(
        "\(counted(plan.tasks.count, "segmentation")), \(plan.count) to be made into \(format) surfaces "
          + "(\(plan.request.usedUnit.name)s, \(plan.request.usedFrame.explanation))")
    }
    if skipped > 0 {
      out.print("\(counted(skipped, "output")) made with the same settings: skipped ('--force' makes them again)")
    }
    if !plan.passedOver.isEmpty {
      out.print("\(counted(plan.passedOver.count, "other volume")) in the folders: passed over")
    }
  }

  func request(memoryLimit: Int, threads: Int) throws(AisError) -> MeshRequest {
    var request = MeshRequest(inputs: segmentations, output: output, memoryLimit: memoryLimit, threads: threads)
    request.feature = feature
    surface.fill(&request)
    file.fill(&request)
    reading.fill(&request)
    // Slices are read in order: a cache of many would only take memory.
    request.view.cacheBytes = 8 << 20
    request.replacesOutputs = force
    return request
  }
}
