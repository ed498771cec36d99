import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais extract-particles`: subvolumes around particles.
package struct ExtractParticlesCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "extract-particles",
    abstract: "Cut particles out of tomograms: an MRC file each and a STAR list of them.",
    discussion: """
      A box of '--box' voxels has the particle's nearest voxel in its middle, number box div 2 on each axis counted from 0; no \
      voxel is interpolated. What is missing to the particle itself stands in the list as rlnOrigin…Angst.

        ais extract-particles picks.star -t tomograms/ --box 64 -o particles --invert
        ais extract-particles picks.star -t TS_01.mrc --box 48 -o particles --proof

      Boxes that reach beyond the tomogram are left out, or filled with '--edge'. '--proof' reads the new list again and says \
      where the mean of 50 boxes has its centre.
      """)

  @Argument(help: ArgumentHelp("Lists of coordinates.", valueName: "list"))
  package var lists: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Option(help: ArgumentHelp("Edge of a box in voxels, even for most programs.", valueName: "voxels"))
  package var box: Int

  @Option(
    help: ArgumentHelp(
      "Boxes that reach beyond the tomogram: skip (leave out), mean (fill with the box's mean), repeat (the nearest voxel inside).",
      valueName: "skip|mean|repeat"))
  package var edge: ParticleBoxes.Edge = .skip

  @Option(
    help: ArgumentHelp(
      "Mean 0 and standard deviation 1 of: background (outside the ball that fits the box, as RELION wants it), box (all of it); or none (values as they are).",
      valueName: "background|box|none"))
  package var normalise: ParticleBoxes.Normalisation = .background

  @Flag(help: "Exchange dark and bright in the boxes: RELION wants particles bright.")
  package var invert = false

  @Flag(help: "Store numbers of 16 bits (MRC mode 12): half the size, not read by all programs.")
  package var half = false

  @Flag(help: "Read the written list again, cut 50 boxes by it and say where the centre of their mean lies.")
  package var proof = false

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise or changed.")
  package var force = false

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @Option(
    help: ArgumentHelp(
      "The memory that may be used, such as 4GiB. Without it, what this process may have (free memory, control group, Slurm).",
      valueName: "amount"),
    transform: Quantity.byteCount)
  package var memory: ByteCount?

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if !(2...4096).contains(box) { throw ValidationError("--box \(box): expected 2 to 4096 voxels") }
    if source.inputs.isEmpty { throw ValidationError("name the tomograms to cut from with '--tomogram'") }
  }

  package func run() throws {
    let cancellation = Cancellation()
    FreedMemory.goesBackAtOnce()
    var boxes = ParticleBoxes(size: box)
    boxes.edge = edge
    boxes.normalisation = normalise
    boxes.inverts = invert
    var request = ExtractionRequest(lists: lists, outputFolder: output, context: try source.context(), boxes: boxes)
    request.format = source.from
    request.reading = source.options(TomogramOptions())
    request.elementType = half ? .float16 : .float32
    request.replaces = force
    request.proves = proof
    let limit = memory?.bytes ?? MachineResources.current().memoryBytes
    // Besides the boxes: the program, a slice or two, the reader's cache.
    request.memory = max(64 << 20, limit - (128 << 20))
    let extraction = try ParticleExtraction(
      request, cancellation: cancellation, logger: verbosity.makeLogger("extract-particles"))
    let isQuiet = verbosity.quiet || verbosity.json
    if !isQuiet { Terminal.standardOutput.print(lines: extraction.notes) }
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let line = ProgressLine("cutting boxes")
    do {
      let result = try extraction.run { if !isQuiet { line.show($0) } }
      line.clear()
      try report(result)
    } catch let error as AisError where error.code == .cancelled {
      Terminal.standardError.draw(nil)
      Terminal.standardError.print("ais: stopped; the same line begins anew")
      throw ExitCode(StopSignals.exitCode)
    }
  }

  private func report(_ result: ParticleExtraction.Result?) throws {
    if verbosity.json {
      return Terminal.standardOutput.print(
        text: try CoordinateReport.json(Report(result: result, isSkipped: result == nil)))
    }
    if verbosity.quiet { return }
    guard let result else {
      Terminal.standardOutput.print(
        "everything was there already, made with the same settings ('--force' makes it again)")
      return
    }
    Terminal.standardOutput.print("\(result.list)  \(counted(result.particles, "particle")) in boxes of \(box)³ voxels")
    if result.skippedAtEdge > 0 {
      Terminal.standardOutput.print(
        "  \(result.skippedAtEdge) left out, for their boxes reach beyond the tomogram ('--edge mean' fills them)")
    }
    if result.filledAtEdge > 0 {
      Terminal.standardOutput.print("  \(result.filledAtEdge) filled where they reach beyond the tomogram")
    }
    if let proof = result.proof { Terminal.standardOutput.print("  proof: \(proof.sentence)") }
  }

  /// `ais.extraction/1` without what the account beside the list has.
  private struct Report: Encodable {
    var schema = "ais.extraction.result/1"
    var result: ParticleExtraction.Result?
    var isSkipped: Bool
  }
}

extension ParticleBoxes.Edge: ExpressibleByArgument {}
extension ParticleBoxes.Normalisation: ExpressibleByArgument {}
