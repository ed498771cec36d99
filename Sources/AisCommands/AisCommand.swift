import AisCore
import ArgumentParser

/// `ais`: the root command.
package struct AisCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ais",
    abstract: "Segment cryo-electron tomograms.",
    version: AisVersion.current,
    subcommands: [
      SegmentCommand.self,
      InfoCommand.self,
      HeaderCommand.self,
      PreviewCommand.self,
      EvaluateCommand.self,
      ModelsCommand.self,
    ])

  package init() {}
}
