import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais architectures add`: a user's own layout.
package struct ArchitecturesAddCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Bring your own layout of networks.",
    discussion: """
      FILE.json is the description of a Keras functional model, as its model.to_json() gives it. FILE.py is a program with a \
      function create(input_shape) that returns such a model, and perhaps a title; it is run now, once, with '--python', which needs \
      Keras with any backend. Afterwards the layout is one of the list, and neither the file nor Python is needed any more.

        ais architectures add my_unet.json
        ais architectures add vggnet.py --python ~/venv/bin/python
        ais train -a "My VGGNet" --name Membrane -o models sets/*.scnt

      Only add programs that you trust: they may do whatever you may.
      """)

  @Argument(
    help: ArgumentHelp("The description of a network (.json), or a program that creates one (.py).", valueName: "file"))
  package var file: String

  @Option(help: ArgumentHelp("The Python that a program is run with.", valueName: "program"))
  package var python = "python3"

  @Flag(help: "Replace the one of the same title.")
  package var force = false

  @Flag(help: "Print JSON, schema ais.architecture-added/1.")
  package var json = false

  package init() {}

  private struct Document: Encodable {
    var schema = "ais.architecture-added/1"
    var title: String
    var file: String
    var parameters: Int
    var sideMultiple: Int
  }

  package func run() throws {
    var work = ArchitectureImport(folder: UserFolders.current.architectures)
    work.python = python
    work.replaces = force
    let added = try work.add(file)
    let document = Document(
      title: added.architecture.name, file: added.path, parameters: added.architecture.parameterCount(),
      sideMultiple: added.architecture.sideMultiple)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Terminal.standardOutput.print(String(decoding: try encoder.encode(document), as: UTF8.self))
      return
    }
    Terminal.standardOutput.print(
      "'\(document.title)', \(document.parameters) weights, boxes in multiples of \(document.sideMultiple): kept as \(document.file)"
    )
  }
}

/// `ais architectures remove`: forgets a user's own layout.
package struct ArchitecturesRemoveCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Forget a layout that you brought along. Networks made of it stay as they are.")

  @Argument(help: "The layout's title.")
  package var title: String

  package init() {}

  package func run() throws {
    let forgotten = try ArchitectureFolder(UserFolders.current.architectures).remove(title)
    Terminal.standardOutput.print("'\(forgotten)' is forgotten")
  }
}
