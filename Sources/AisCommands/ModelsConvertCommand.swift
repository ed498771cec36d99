import AisCore
import AisFormats
import AisNetworks
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais models convert`: a model in today's form.
package struct ModelsConvertCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a model as a .scnm of today, which all programs that know such files read.",
    discussion: """
      From every form that is read here: .scnm of any age, Keras .h5 files, those of Keras 3 too. The network computes the same.

        ais models convert old.scnm -o Membrane.scnm
        ais models convert network.h5 -o Membrane.scnm --name Membrane --voxel-size 10A
        ais models convert Membrane.scnm -o shown.scnm --preview TS_03.mrc:120
      """)

  @Argument(help: ArgumentHelp("A .scnm, or a Keras .h5 file.", valueName: "model"))
  package var model: String

  @Option(name: [.short, .long], help: ArgumentHelp("The file to write (.scnm).", valueName: "file"))
  package var output: String

  @Option(
    help: ArgumentHelp("The feature that the network finds. Without it, what the model says.", valueName: "title"))
  package var name: String?

  @Option(
    help: ArgumentHelp(
      "The size of a pixel that the network was trained with. Without it, what the model says.", valueName: "length"),
    transform: Quantity.length)
  package var voxelSize: Length?

  @Option(
    help: ArgumentHelp(
      "Give the model a picture of what it finds in this slice, counted from 0; without a number the middle one. Without it, the one that it has.",
      valueName: "tomogram[:slice]"))
  package var preview: String?

  @OptionGroup(title: "What to compute on")
  package var engine: EngineArguments

  @Flag(help: "Replace a file that is there.")
  package var force = false

  package init() {}

  package func run() throws {
    let file = try ModelFile.read(model)
    guard force || !FileManager.default.fileExists(atPath: output) else {
      throw AisError(.needsDecision, "'\(output)' is there already: use '--force' to replace it, or another '-o'")
    }
    var metadata = file.metadata
    if let name { metadata.title = name }
    if let voxelSize { metadata.apix = voxelSize.angstrom }
    metadata.parameterCount = file.graph.parameterCount
    let architecture = metadata.architecture.flatMap { try? Architecture.named($0) }
    let stem = ((output as NSString).lastPathComponent as NSString).deletingPathExtension
    var extras = ModelFile.Extras(preview: file.preview, slice: file.slice)
    if let preview {
      let resources = MachineResources.current()
      let parts = try ModelPreview(preview).make(
        file.graph, metadata, engine: engine.makeEngine(), memoryLimit: resources.memoryBytes,
        threads: engine.threads ?? resources.threads)
      (extras.preview, extras.slice) = (parts.picture, parts.slice)
    }
    let bytes = try ModelFile.bytes(
      of: file.graph, metadata, stem: stem, batchMomentum: architecture?.batchMomentum ?? 0.99, extras: extras)
    try AtomicFile.write(bytes, to: output)
  }
}
