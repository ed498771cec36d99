import ArgumentParser

/// `ais architectures`: the layouts that networks are made of.
package struct ArchitecturesCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "architectures",
    abstract: "List what networks can be made of, and bring your own.",
    subcommands: [ArchitecturesListCommand.self, ArchitecturesAddCommand.self, ArchitecturesRemoveCommand.self],
    defaultSubcommand: ArchitecturesListCommand.self)

  package init() {}
}
