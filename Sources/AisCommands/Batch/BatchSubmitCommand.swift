import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais batch submit`: the workers of a batch as jobs of a cluster.
package struct BatchSubmitCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Plan a batch and hand its work to Slurm, or hand over what is left of one.",
    discussion: """
      As 'ais batch run', but the workers are the tasks of job arrays, and nothing is computed on this machine.

        ais batch submit --slurm --partition gpu --gpus 1 --time 4h segment -m Membrane.scnm -o seg tomograms/
        ais batch submit --slurm --print segment -m Membrane.scnm -o seg tomograms/     show the scripts, submit nothing
        ais batch submit --slurm seg                                                    what is left, once more
        ais batch status seg ; ais batch cancel seg

      One array segments; what follows with --then runs in a second one, without graphics cards, when the first has ended. \
      Workers stop before their time limit and are put back into the queue; a small job at the end submits again what is \
      left, as long as that brings the batch forward.
      """)

  @Flag(help: "Submit to Slurm, the one scheduler that there is.")
  package var slurm = false

  @OptionGroup(title: "What each worker asks for")
  package var request: SlurmArguments

  @Flag(help: "Print the scripts, and submit and write nothing.")
  package var print = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done and what it needs, and do nothing.")
  package var dryRun = false

  @Flag(help: "Submit also while workers of the batch wait or run in Slurm.")
  package var force = false

  /// Typed by the job that looks after a round.
  @Option(help: .hidden)
  package var afterRound: Int?

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  @OptionGroup
  package var typed: BatchWords

  package init() {}

  package func validate() throws {
    try typed.validate(for: Self.self, example: "ais batch submit --slurm segment -m Membrane.scnm -o seg tomograms/")
    if !slurm { throw ValidationError("which scheduler? '--slurm' is the one that there is") }
  }

  package func run() throws {
    if let output = typed.folder {
      let folder = try BatchFolder(opening: AbsolutePath.of(output))
      if let afterRound {
        try SlurmSuccession(folder, shell: ProcessSlurmShell(), verbosity: verbosity).run(after: afterRound)
        return
      }
      let settings = try request.settled(after: folder.slurmHistory().lastRound?.settings)
      var observer = BatchObserver(folder)
      try observer.refresh(now: .zero, isThorough: true)
      try handOver(observer.schedule, folder, settings)
      return
    }
    let line = try BatchLine(typed.words)
    let first = try BatchLine.command(line.stages[0])
    let settings = try request.settled(after: nil)
    // Planned for the machines that do the work, not for this one. Only headers are read.
    let memory = ByteCount.mebibytes(settings.memoryMebibytes)
    let verbosity = verbosity.json || verbosity.quiet || verbosity.verbose ? verbosity : first.verbosity
    let planner = BatchPlanner(
      workers: 1, threads: settings.cpus, memory: memory, logger: verbosity.makeLogger("batch"),
      cancellation: Cancellation())
    let outcome = try planner.plan(line)
    let isTrial = dryRun || outcome.commands.contains(where: \.dryRun)
    if !print { BatchForecast(outcome, workers: 1, memoryLimit: memory).announce(verbosity) }
    if isTrial || print {
      for refusal in outcome.refusals { Terminal.standardError.print("ais: \(refusal)") }
      if print { try show(outcome, settings) }
      if !outcome.refusals.isEmpty { throw ExitCode.failure }
      return
    }
    // Before anything is written.
    guard ProcessSlurmShell().run(.version) != .notInstalled else { throw AisError.noSlurm("sbatch") }
    let folder = try BatchFolder(making: AbsolutePath.of(outcome.output))
    try BatchEnrolment(folder).enrol(outcome, verbosity: verbosity)
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero, isThorough: true)
    try handOver(observer.schedule, folder, settings)
  }

  /// The scripts of a batch that need not be there yet.
  private func show(_ outcome: BatchPlanner.Outcome, _ settings: SlurmSettings) throws {
    let folder = BatchFolder(planned: AbsolutePath.of(outcome.output))
    let schedule = BatchSchedule(BatchTasks([outcome.plan]))
    try show(schedule, folder, settings, round: 1)
  }

  private func show(_ schedule: BatchSchedule, _ folder: BatchFolder, _ settings: SlurmSettings, round: Int) throws {
    let submitter = SlurmSubmitter(settings, folder: folder, limit: largestArray() ?? SlurmArray.standardLimit)
    for script in try submitter.scripts(submitter.parts(schedule), round: round) {
      Terminal.standardOutput.print("### \(script.name)")
      Terminal.standardOutput.print(
        lines: script.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
  }

  private func largestArray() -> Int? {
    ProcessSlurmShell().run(.configuration).output.flatMap(SlurmAnswers.largestArray)
  }

  private func handOver(_ schedule: BatchSchedule, _ folder: BatchFolder, _ settings: SlurmSettings) throws {
    let shell = ProcessSlurmShell()
    let history = try folder.slurmHistory()
    let round = (history.lastRound?.round ?? 0) + 1
    if print {
      try show(schedule, folder, settings, round: round)
      return
    }
    if shell.run(.version) == .notInstalled { throw AisError.noSlurm("sbatch") }
    let limit = largestArray() ?? SlurmArray.standardLimit
    let submitter = SlurmSubmitter(settings, folder: folder, limit: limit)
    let parts = submitter.parts(schedule)
    if parts.isEmpty {
      if !verbosity.quiet, !verbosity.json {
        Terminal.standardOutput.print("nothing is left to do in '\(folder.output)'")
      }
      return
    }
    if dryRun {
      for part in parts { SlurmText.announce(part, settings, limit: limit) }
      return
    }
    if !force {
      let picture = SlurmPicture(of: history.jobs, shell)
      if picture.mayLive {
        let words = picture.jobs.filter(\.mayLive).map { SlurmText.state($0) }.joined(separator: "; ")
        throw AisError.stillInSlurm(folder.output, words, doubt: picture.doubt)
      }
    }
    if !verbosity.json, !verbosity.quiet { for part in parts { SlurmText.announce(part, settings, limit: limit) } }
    let entry = try submitter.submit(parts, round: round, endedBefore: schedule.ended, shell) {
      warning in
      Terminal.standardError.print("ais: warning: \(warning)")
    }
    try SlurmText.tell(entry, folder, verbosity)
  }
}
