import AisCore
import AisTraining
import AisWorkflows
import ArgumentParser

/// `ais train`: a network from annotated boxes.
package struct TrainCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network on boxes of tomograms that were annotated.",
    discussion: """
      Gives OUT/<title>.scnm, which 'ais segment' and the reference program read, its loss curves (.png), and a .json that says \
      how it was made. After every epoch OUT/<title>.training holds what the training goes on from; it is removed at the end.

        ais train membranes.scnt -o models --name Membrane
        ais train membranes.scnt more.scnt -a "UNet S" -o models --name Membrane --validation 0.15 --epochs 30
        ais train membranes.scnt -o models --name Membrane --resume
        ais train membranes.scnt --from models/Membrane.scnm -o better --rate 2e-4

      Ctrl-C ends the training after the batch in work and writes the best network so far; '--resume' goes on exactly where it was. \
      The best network is that of the epoch with the lowest loss on the boxes that are held out, or on those trained on where none \
      are. Training needs libtorch: 'make deps-torch torch'; a program of your own ('ais architectures add') trains itself.
      """)

  @Argument(help: ArgumentHelp("Training sets, pooled: boxes of one size and depth.", valueName: "set.scnt"))
  package var sets: [String]

  @Option(
    name: [.short, .long], help: ArgumentHelp("A folder, or the model file to write (.scnm).", valueName: "path"))
  package var output: String

  @Option(
    help: ArgumentHelp(
      "The feature that the network finds; becomes part of file names. Without it, what the sets or the model say.",
      valueName: "title"))
  package var name: String?

  @OptionGroup(title: "The network")
  package var network: TrainedNetworkArguments

  @OptionGroup(title: "How it learns")
  package var learning: LearningArguments

  @OptionGroup(title: "What it sees")
  package var boxes: TrainingBoxArguments

  @Flag(help: "Go on with the training whose checkpoint lies beside the output, if there is one.")
  package var resume = false

  @Flag(help: "Keep the checkpoint when the training has ended, to add epochs later with '--resume'.")
  package var keepCheckpoint = false

  @Option(
    help: ArgumentHelp(
      "Give the model a picture of what it finds in this slice, counted from 0; without a number the middle one.",
      valueName: "tomogram[:slice]"))
  package var preview: String?

  @Option(
    help: ArgumentHelp(
      "Also write the half-trained network here while the training runs, each time whole.", valueName: "file.scnm"))
  package var live: String?

  @Option(help: ArgumentHelp("Seconds between two of '--live', at least.", valueName: "seconds"))
  package var liveEvery = 10.0

  @Flag(help: "Begin anew and replace what is there.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "What to compute on")
  package var devices: TrainingDeviceArguments

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if resume && force { throw ValidationError("--resume and --force contradict each other") }
    do { try request(threads: 1, memoryLimit: 1 << 30).validate() } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("train")
    let resources = MachineResources.current()
    let cancellation = Cancellation()
    let plan = try TrainPlan.make(
      request(
        threads: machine.threads ?? resources.threads, memoryLimit: machine.memory?.bytes ?? resources.memoryBytes),
      cancellation: cancellation)
    let reporter = TrainReporter(plan, verbosity: verbosity)
    reporter.announce()
    if dryRun { return }
    // A batch of a large network takes its time, and then the model is written: the first Ctrl-C waits for both.
    let signals = StopSignals(cancellation: cancellation, patience: 3600) {}
    defer { withExtendedLifetime(signals) {} }
    let outcome = try TrainRun(plan, cancellation: cancellation, logger: logger).run(report: reporter.report)
    reporter.summarise(outcome)
    if outcome.ending == .stopped { throw ExitCode(StopSignals.exitCode) }
  }

  func request(threads: Int, memoryLimit: Int) throws(AisError) -> TrainRequest {
    var request = TrainRequest(sets: sets, output: output, threads: threads, memoryLimit: memoryLimit)
    request.title = name
    network.fill(&request)
    learning.fill(&request)
    boxes.fill(&request)
    request.device = devices.device.training
    request.resumes = resume
    request.preview = try preview.map { text throws(AisError) in try ModelPreview(text) }
    request.livePath = live
    request.liveSeconds = liveEvery
    request.keepsCheckpoint = keepCheckpoint
    request.replacesOutputs = force
    return request
  }
}
