import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Logging

/// `ais segment`: networks applied to tomograms.
package struct SegmentCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "segment",
    abstract: "Apply one or several networks to tomograms.",
    discussion: """
      Each tomogram gives one volume for each model: OUT/<tomogram>__<feature>.mrc, of the tomogram's shape, with values \
      from 0 (not the feature) to 255, and beside it a .json that says how it was made. Tomograms are rescaled to the \
      pixel size that a model was trained at, and the result is brought back.

        ais segment -m Membrane.scnm -o segmentations TS_01.mrc
        ais segment -m Membrane.scnm -m Ribosome.scnm -o seg tomograms/ --tta 4
        ais segment -m Membrane.scnm -o segmentations tomograms/ --dry-run
        ais segment --group cell.json -o segmentations tomograms/ --labels

      A group (made with 'ais group create', or a .scnmgroup) runs several networks in one pass over each tomogram and makes \
      their results agree.

      What is already there, made with the same model, settings and tomogram, is skipped, so the same line goes on \
      after an interruption. One tomogram that fails does not stop the others; the exit code is then 1.
      """)

  @Option(
    name: [.short, .long], parsing: .singleValue,
    help: ArgumentHelp("A network: .scnm, or a Keras .h5 file. May be given several times.", valueName: "file"))
  package var model: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Several networks whose results are combined: a recipe of 'ais group create', or a .scnmgroup.", valueName: "file"
    ))
  package var group: String?

  @Flag(help: "Of a group, also store what each network says by itself, in the folder 'raw'.")
  package var raw = false

  @Flag(help: "Of a group, also store one volume of labels, in the folder 'labels': 0, or which model found something.")
  package var labels = false

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Argument(
    help: ArgumentHelp(
      "Tomograms: files, folders, patterns ('TS_*.mrc'), or .txt lists with one path a line.", valueName: "tomogram"))
  package var tomograms: [String]

  @OptionGroup(title: "How the network is applied")
  package var inference: InferenceArguments

  @OptionGroup(title: "How tomograms are read")
  package var tomogram: TomogramArguments

  @Option(
    help: ArgumentHelp(
      "How voxels are stored: uint16 (0 to 255, as the reference program), int8 (0 to 127, half the size), float16 (0 to 255), float32 (0 to 1).",
      valueName: "uint16|int8|float16|float32"))
  package var outputType: SegmentRequest.OutputType = .uint16

  @Option(
    help: ArgumentHelp(
      "The name of outputs before __FEATURE.mrc; {stem}, {parent} and {model} stand for the tomogram's name, its folder's name and the model's file name.",
      valueName: "pattern"))
  package var name = OutputName.standardPattern

  @Option(
    help: ArgumentHelp(
      "What of single tomograms is segmented, and how large their voxels are: a JSON file, see docs/reference/batch.md.",
      valueName: "file"))
  package var limits: String?

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done and what it needs, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "What to compute on")
  package var engine: EngineArguments

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
    if model.isEmpty, group == nil {
      throw ValidationError(
        "no network was given: name one with '-m', for example '-m Membrane.scnm', or several with '--group'")
    }
    if !model.isEmpty, group != nil {
      throw ValidationError(
        "-m and --group contradict each other: a group names its networks itself. 'ais group create' makes another one")
    }
    if group == nil, raw || labels {
      throw ValidationError("--\(raw ? "raw" : "labels") needs networks that are combined: give '--group'")
    }
    do { try OutputName.check(name) } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("segment")
    let cancellation = Cancellation()
    FreedMemory.goesBackAtOnce()
    let resources = MachineResources.current()
    let limit = memory ?? ByteCount(resources.memoryBytes)
    let threads = engine.threads ?? resources.threads
    logger.debug(
      "\(threads) threads (\(engine.threads == nil ? resources.threadsReason : "--threads")), \(limit) of memory (\(memory == nil ? resources.memoryReason : "--memory"))"
    )

    let request = try request(memoryLimit: limit.bytes, threads: threads)
    let plan = try SegmentPlanner.plan(
      request, engine: engine.makeEngine(memoryLimit: limit.bytes) { request.voxelCount }, logger: logger,
      cancellation: cancellation)
    let reporter = SegmentReporter(plan, verbosity: verbosity)
    reporter.announce(memoryLimit: limit, freeDisk: SegmentPlan.freeDisk(at: output))
    if dryRun { return try BatchEnding.foretell(plan.tasks.flatMap(\.refusals)) }
    let run = SegmentRun(plan, cancellation: cancellation, logger: logger)
    try BatchEnding.follow(
      cancellation, run: { () throws(AisError) in try run.run(reporter.report) }, summarise: reporter.summarise,
      abandon: { run.abandon() })
  }

  func request(memoryLimit: Int, threads: Int) throws(AisError) -> SegmentRequest {
    var request = SegmentRequest(
      models: model, inputs: tomograms, outputFolder: output, memoryLimit: memoryLimit, threads: threads)
    request.group = group
    request.writesRaw = raw
    request.writesLabels = labels
    request.namePattern = name
    request.settings = inference.settings
    request.outputType = outputType
    request.view = tomogram.options
    request.replacesOutputs = force
    if let limits { request.limits = try TomogramLimits(reading: limits) }
    return request
  }
}

extension SegmentRequest.OutputType: ExpressibleByArgument {}
