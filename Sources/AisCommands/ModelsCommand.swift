import ArgumentParser

/// `ais models`: trained networks as files.
package struct ModelsCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Look at trained networks and run them bare.",
    subcommands: [ModelsInfoCommand.self, ModelsRunCommand.self])

  package init() {}
}
