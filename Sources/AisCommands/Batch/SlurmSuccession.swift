import AisCore
import AisJobs
import AisWorkflows
import ArgumentParser

/// What happens in Slurm when all workers of a round have ended.
struct SlurmSuccession {
  private let folder: BatchFolder
  private let shell: any SlurmShell
  private let verbosity: VerbosityArguments

  init(_ folder: BatchFolder, shell: any SlurmShell, verbosity: VerbosityArguments) {
    self.folder = folder
    self.shell = shell
    self.verbosity = verbosity
  }

  /// Submits the next round, if that is of any use. Throws, and notes it in the batch, when it is not or cannot be done.
  func run(after number: Int) throws {
    let history = try folder.slurmHistory()
    guard let round = history.lastRound, round.round == number, let settings = round.settings,
      history.entries.last?.kind != .cancelled
    else {
      Terminal.standardOutput.print("round \(number) was followed by something else already; nothing to do here")
      return
    }
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero, isThorough: true)
    let limit = shell.run(.configuration).output.flatMap(SlurmAnswers.largestArray) ?? SlurmArray.standardLimit
    let submitter = SlurmSubmitter(settings, folder: folder, limit: limit)
    let parts = submitter.parts(observer.schedule)
    let outlook = SlurmOutlook(
      after: round, ended: observer.schedule.ended, left: parts.reduce(0) { $0 + $1.tasks },
      timeLimits: timeLimits(observer.schedule, since: round.date), picture: SlurmPicture(of: round.jobs, shell),
      logs: folder.slurmPath)
    switch outlook {
    case .finished:
      let summary = BatchSummary(observer)
      Terminal.standardOutput.print("\(summary.done) of \(counted(summary.all, "task")) done, \(summary.failed) failed")
    case .another(let next):
      do {
        let entry = try submitter.submit(parts, round: next, endedBefore: observer.schedule.ended, shell) { warning in
          note(warning.description, round: next)
        }
        try SlurmText.tell(entry, folder, verbosity)
      } catch {
        note("round \(next) could not be submitted: \(error)", round: next)
        throw error
      }
    case .stop(let reason):
      note(reason, round: number)
      throw ExitCode.failure
    }
  }

  private func note(_ reason: String, round: Int) {
    var entry = SlurmEntry(kind: .stopped, round: round)
    entry.reason = reason
    Terminal.standardError.print("ais: \(reason)")
    do throws(AisError) { try folder.add(entry) } catch { Terminal.standardError.print("ais: \(error)") }
  }

  /// How often a worker had to give a task back because its time was up.
  private func timeLimits(_ schedule: BatchSchedule, since date: String) -> Int {
    schedule.tasks.entries.reduce(0) { count, entry in
      let log = schedule.log(of: entry.id)
      return count + log.entries.count { $0.code == BatchWorker.timeLimitCode && $0.date >= date }
    }
  }
}
