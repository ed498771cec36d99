import AisCore
import AisJobs
import AisWorkflows
import ArgumentParser

/// `ais batch cancel`: takes a batch's workers out of Slurm.
package struct BatchCancelCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "End the workers that a batch has in Slurm, waiting and running ones.",
    discussion: """
      Workers that run give their task back at once. What is done is kept: 'ais batch submit --slurm OUT' goes on, or 'ais \
      batch run OUT' on this machine. Workers that 'ais batch run' has started are ended by Ctrl-C where they were started.
      """)

  @Argument(help: ArgumentHelp("The output folder of the batch.", valueName: "folder"))
  package var folder: String

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    let batch = try BatchFolder(opening: folder)
    let shell = ProcessSlurmShell()
    let history = try batch.slurmHistory()
    let picture = SlurmPicture(of: history.jobs, shell)
    // What is not known may live, and to cancel what has ended does no harm.
    let living = picture.jobs.filter(\.mayLive).map(\.job)
    guard !living.isEmpty else {
      if !verbosity.quiet { Terminal.standardOutput.print("no worker of the batch in '\(batch.output)' is in Slurm") }
      return
    }
    // Those that look after a round go first: they would take the end of the others for the moment to submit again.
    for purpose in [SlurmEntry.Purpose.close, .work] {
      let numbers = living.filter { $0.purpose == purpose }.map(\.number)
      if numbers.isEmpty { continue }
      switch shell.run(.cancel(numbers)) {
      case .answered(0, _, _): break
      case .notInstalled: throw AisError.noSlurm("scancel")
      case let reply:
        throw AisError(
          .schedulerUnavailable,
          "'\(SlurmCommand.cancel(numbers).line)' did not succeed: \(reply.complaint). Try again; what runs meanwhile does no harm."
        )
      }
    }
    try batch.add(SlurmEntry(kind: .cancelled, round: history.lastRound?.round ?? 0, jobs: living))
    var observer = BatchObserver(batch)
    try observer.refresh(now: .zero, isThorough: true)
    let summary = BatchSummary(observer)
    if verbosity.quiet { return }
    Terminal.standardOutput.print(
      "cancelled \(living.map(SlurmText.name).joined(separator: ", ")); \(summary.done) of \(counted(summary.all, "task")) are done. Go on with  "
        + "ais batch submit --slurm \(shellWord(batch.output))")
  }
}
