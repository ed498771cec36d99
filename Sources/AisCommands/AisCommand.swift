import AisCore
import ArgumentParser

/// `ais`: the root command.
package struct AisCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ais",
    abstract: "Segment cryo-electron tomograms.",
    discussion: """
      In the order of a day's work:

        ais tomograms/                                       look through them and annotate, in the browser
        ais info --check TS_03.mrc                           is the header right?
        ais segment -m Membrane.scnm -o seg TS_03.mrc        find membranes
        ais preview TS_03.mrc -s seg -m Membrane.scnm        look at them
        ais pick -o picks seg --feature Ribosome             find particles
        ais mesh -o meshes seg --feature Membrane            make surfaces
      """,
    version: AisVersion.current,
    subcommands: [
      AppCommand.self,
      OpenCommand.self,
      SegmentCommand.self,
      GroupCommand.self,
      BatchCommand.self,
      InfoCommand.self,
      HeaderCommand.self,
      PreviewCommand.self,
      PickCommand.self,
      CoordinatesCommand.self,
      ExtractCommand.self,
      ExtractParticlesCommand.self,
      MeshCommand.self,
      EvaluateCommand.self,
      MeasureCommand.self,
      ModelsCommand.self,
      ProjectCommand.self,
      TrainCommand.self,
      CompareCommand.self,
      ArchitecturesCommand.self,
      DoctorCommand.self,
      EngineCommand.self,
    ], defaultSubcommand: AppCommand.self)

  package init() {}
}
