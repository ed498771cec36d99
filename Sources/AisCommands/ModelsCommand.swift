import ArgumentParser

/// `ais models`: trained networks as files.
package struct ModelsCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Look at trained networks, run them bare, and convert their files.",
    subcommands: [ModelsInfoCommand.self, ModelsRunCommand.self, ModelsConvertCommand.self])

  package init() {}
}
