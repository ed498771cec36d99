import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser

/// `ais models run`: the bare network on a volume.
package struct ModelsRunCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Apply the bare network of a model to a volume, for checking.",
    discussion: """
      Nothing is normalised, rescaled or padded; to segment a tomogram use 'ais segment'. A 2D network takes all slices of \
      the volume as its channels and gives one slice; a 3D network takes a slab and gives a slab. The output is float32.

        ais models run Membrane.scnm input.mrc -o output.mrc
      """)

  /// Which implementation of the operations.
  enum EngineName: String, CaseIterable, ExpressibleByArgument { case fast, reference }

  @Argument(help: "A model: .scnm, or a Keras .h5 file.")
  package var model: String

  @Argument(help: "The volume to give to the network.")
  package var input: String

  @Option(name: [.short, .long], help: ArgumentHelp("The MRC file to write.", valueName: "file"))
  package var output: String

  @Option(help: "fast: the engine that --device names. reference: plain loops that define every operation; slow.")
  var engine: EngineName = .fast

  @Flag(help: "Replace the output if it exists.")
  package var force = false

  @Flag(name: [.short, .long], help: "Print nothing.")
  package var quiet = false

  @OptionGroup(title: "What to compute on")
  package var arguments: EngineArguments

  package init() {}

  package func run() throws {
    let engine: any Engine = engine == .reference ? ReferenceEngine() : try arguments.makeEngine()
    let run = BareNetworkRun(model: model, input: input, output: output, replacesOutput: force)
    let result = try run.run(on: engine)
    if !quiet { Terminal.standardOutput.print("\(output): \(result.outputShape) voxels (x × y × z), float32") }
  }
}
