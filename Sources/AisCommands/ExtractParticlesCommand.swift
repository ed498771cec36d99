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

      OUT/particles.star lists all boxes, OUT/<tomogram>/particles.star those of one tomogram; image names count from OUT. \
      Boxes that reach beyond the tomogram are left out, or filled with '--edge'. '--proof' reads the list of all again and \
      says where the mean of 50 boxes has its centre.

      Tomograms whose boxes are there already, cut with the same settings for the same particles, are skipped, so the same \
      line goes on after an interruption. One tomogram that fails does not stop the others; the exit code is then 1, and the \
      list of all is not written.
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

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if !(2...4096).contains(box) { throw ValidationError("--box \(box): expected 2 to 4096 voxels") }
    if source.inputs.isEmpty { throw ValidationError("name the tomograms to cut from with '--tomogram'") }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("extract-particles")
    let cancellation = Cancellation()
    let (threads, memory) = machine.settled(logger)
    let extraction = try ParticleExtraction(
      request(memoryLimit: memory.bytes, threads: threads), cancellation: cancellation, logger: logger)
    announce(extraction)
    if dryRun { return try BatchEnding.foretell(extraction.refusals) }
    let reporter = BatchReporter(
      extraction.tasks.map { .init(input: $0.path, weight: $0.isFinished ? 0 : Double($0.particles.count)) },
      noun: "tomogram", verbosity: verbosity, isPredicted: false)
    var result: ParticleExtraction.Result?
    try BatchEnding.follow(
      cancellation,
      run: { () throws(AisError) in
        let (outcomes, all) = try extraction.run(reporter.report)
        result = all
        return outcomes
      },
      summarise: { outcomes in
        if let result { report(result) }
        reporter.summarise(outcomes)
      })
  }

  private func request(memoryLimit: Int, threads: Int) throws(AisError) -> ExtractionRequest {
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
    request.threads = threads
    // Besides the boxes: the program, a slice or two, the reader's cache.
    request.memory = max(64 << 20, memoryLimit - (128 << 20))
    return request
  }

  /// What will be done, before it is.
  private func announce(_ extraction: ParticleExtraction) {
    let finished = extraction.tasks.count(where: \.isFinished)
    if verbosity.json {
      return BatchEventLine.emit(
        BatchEventLine(event: "plan", tomograms: extraction.tasks.count, outputsSkipped: finished))
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    out.print(lines: extraction.notes)
    if finished > 0 {
      out.print(
        "the boxes of \(counted(finished, "tomogram")) were there already, made with the same settings ('--force' makes them again)"
      )
    }
    guard dryRun else { return }
    for task in extraction.tasks where !task.isFinished && task.refusals.isEmpty {
      let particles = counted(task.particles.count, "particle")
      out.print("\(task.path) would give \(task.boxCount) boxes of \(particles) in \(task.folder)")
    }
  }

  private func report(_ result: ParticleExtraction.Result) {
    if verbosity.json {
      return BatchEventLine.emit(BatchEventLine(event: "list", results: .init(result)))
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    out.print("\(result.list)  \(counted(result.particles, "particle")) in boxes of \(box)³ voxels")
    if result.skippedAtEdge > 0 {
      out.print(
        "  \(result.skippedAtEdge) left out, for their boxes reach beyond the tomogram ('--edge mean' fills them)")
    }
    if result.filledAtEdge > 0 { out.print("  \(result.filledAtEdge) filled where they reach beyond the tomogram") }
    if let proof = result.proof { out.print("  proof: \(proof.sentence)") }
  }
}

extension ParticleBoxes.Edge: ExpressibleByArgument {}
extension ParticleBoxes.Normalisation: ExpressibleByArgument {}
