import ArgumentParser

/// `ais batch`: much work, by any number of workers, that survives anything.
package struct BatchCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Run a command over many tomograms, with several workers, on several machines, and survive anything.",
    discussion: """
      A batch is the work of one line, divided into tasks: one tomogram each. Its plan and its journal lie in the output \
      folder (OUT/ais-batch), so that any number of workers on any machines that see the folder share the work, and whatever \
      is killed, full or lost costs at most the task in hand.

        ais batch run segment -m Ribosome.scnm -o seg tomograms/ --then pick --feature Ribosome --spacing 20nm -o picks
        ais batch status seg --watch        how far is it? from any machine
        ais batch run seg                   go on, or help: on another machine, too
        ais batch retry seg                 what failed, once more
        ais batch report seg                a page and a table of everything
        ais batch submit --slurm seg        workers on a cluster instead of this machine
      """,
    subcommands: [
      BatchRunCommand.self,
      BatchStatusCommand.self,
      BatchRetryCommand.self,
      BatchReportCommand.self,
      BatchSubmitCommand.self,
      BatchCancelCommand.self,
      BatchWorkCommand.self,
      BatchRecipeCommand.self,
    ])

  package init() {}
}
