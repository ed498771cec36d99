import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser

/// `ais compare`: several architectures on the same boxes.
package struct CompareCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Train several architectures on the same boxes and put them side by side.",
    discussion: """
      Gives a table (weights, training time, time for a slice of 511 × 720 pixels, loss, Dice, precision, recall) as text, as \
      OUT/comparison.csv and, in the account beside it, as JSON; with '--tomogram' also OUT/comparison.png, one slice as every \
      network sees it. The networks lie in OUT/<architecture>/<feature>.scnm.

        ais compare membranes.scnt -a "UNet S" -a "VGGNet S" -a "VGGNet M" -o comparison --validation 0.2
        ais compare membranes.scnt ribosomes.scnt -o comparison --protocol paper --tomogram TS_01.mrc \
      --labels TS_01_labels.mrc --label Membrane=1 --label Ribosome=3

      Each feature is trained by itself; sets that show the same feature are pooled. With '--labels' the networks segment all of \
      the tomogram and are judged by it, which should be one that no box was cut from. '--protocol paper' repeats the settings of \
      Last et al. 2024: boxes of 64 × 64 pixels, 50 epochs, batches of 32, 10 copies of each box turned by any angle, 1.3 boxes \
      without the feature for each with it, nothing held out; and, without '-a', its six architectures.

      After Ctrl-C, or a power cut, the same command goes on where it was: what is finished is not trained again.
      """)

  @Argument(
    help: ArgumentHelp("Training sets, of one or several features; boxes of one size and depth.", valueName: "set.scnt")
  )
  package var sets: [String]

  @Option(
    name: [.short, .customLong("architecture")], parsing: .singleValue,
    help: ArgumentHelp("An architecture; give two or more. 'ais architectures' lists them.", valueName: "name"))
  package var architectures: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @OptionGroup(title: "How all of them are trained")
  package var training: CompareTrainingArguments

  @OptionGroup(title: "What they are shown at work on")
  package var work: CompareWorkArguments

  @Flag(help: "Train anew what is there already, and replace it.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done and how long it may take, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "What to compute on")
  package var devices: TrainingDeviceArguments

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    do { try request(threads: 1, memoryLimit: 1 << 30).validate() } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("compare")
    let cancellation = Cancellation()
    let (threads, memory) = machine.settled(logger)
    let plan = try ComparePlan.make(
      request(threads: threads, memoryLimit: memory.bytes),
      library: ArchitectureLibrary(folder: UserFolders.current.architectures), cancellation: cancellation)
    let run = try CompareRun(plan, cancellation: cancellation, logger: logger)
    let reporter = CompareReporter(plan, verbosity: verbosity)
    reporter.announce(isDryRun: dryRun)
    if dryRun { return }
    // A batch of a large network takes its time, and then the model is written: the first Ctrl-C waits for both.
    let signals = StopSignals(cancellation: cancellation, patience: 3600) {}
    defer { withExtendedLifetime(signals) {} }
    do throws(AisError) { reporter.summarise(try run.run(reporter.report)) } catch {
      Terminal.standardError.draw(nil)
      guard error.code == .cancelled else { throw error }
      Terminal.standardError.print("ais: stopped; the same command goes on from here")
      throw ExitCode(StopSignals.exitCode)
    }
  }

  func request(threads: Int, memoryLimit: Int) throws(AisError) -> CompareRequest {
    var single = TrainRequest(sets: sets, output: output, threads: threads, memoryLimit: memoryLimit)
    training.fill(&single)
    single.device = devices.device.training
    single.architectureFolder = UserFolders.current.architectures
    let named = architectures.isEmpty ? training.standard?.architectures ?? [] : architectures
    var request = CompareRequest(sets: sets, architectures: named, outputFolder: output, training: single)
    request.standard = training.standard
    request.tomogram = work.tomogram
    request.slice = work.slice
    request.labels = work.labels
    request.labelNumbers = work.label
    request.replacesOutputs = force
    return request
  }
}
