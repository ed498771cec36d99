import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais batch work`: one worker, in this process.
package struct BatchWorkCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "work",
    abstract: "Be one worker of a batch: what schedulers start.",
    discussion: """
      Takes tasks of the batch, one after the other, until none is left. 'ais batch run OUT' starts workers itself and shows \
      how they are doing; this is for schedulers and scripts, which start processes of their own.

        srun ais batch work seg --when-idle leave
        ais batch work seg --time 4h

      With a time limit, no task is begun that would probably not end within it (but the first), and the exit code is 75 when \
      there is more to do: start it again.
      """)

  /// What to do while all that is left is in the hands of others.
  package enum WhenIdle: String, CaseIterable, ExpressibleByArgument, Sendable { case wait, leave }

  @Argument(help: ArgumentHelp("The output folder of the batch.", valueName: "folder"))
  package var folder: String

  @Option(
    help: ArgumentHelp(
      "While all that is left is in the hands of others: wait (one of them may be lost), or leave.",
      valueName: "wait|leave"))
  package var whenIdle: WhenIdle = .wait

  @Option(
    help: ArgumentHelp("Only tasks of these commands, such as pick,mesh.", valueName: "commands"),
    transform: { text in text.split(separator: ",").map(String.init) })
  package var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Work so long at most, such as 90min or 4h; then give back the task in hand.", valueName: "time"),
    transform: { try SlurmTime($0) })
  package var time: SlurmTime?

  @Option(help: ArgumentHelp("Stop so many seconds before the end of the time.", valueName: "seconds"))
  package var notice = 0

  @OptionGroup(title: "How workers watch each other")
  package var watching: BatchLeaseArguments

  /// Ends when this process is no longer the one that started it.
  @Option(help: .hidden)
  package var parent: Int32?

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if let time, !(0..<time.minutes * 60).contains(notice) {
      throw ValidationError("--notice \(notice): expected 0 to \(time.minutes * 60 - 1) seconds, less than '--time'")
    }
  }

  package func run() throws {
    let limit = time.map { Duration.seconds($0.minutes * 60 - notice) }
    let logger = verbosity.makeLogger("batch work")
    let (threads, memory) = machine.settled(logger)
    let batch = try BatchFolder(opening: AbsolutePath.of(folder))
    var record = WorkerRecord(
      host: WorkerRecord.hostName, process: .current, leaseSeconds: watching.lease, threads: threads,
      memoryBytes: memory.bytes)
    record.device = ProcessInfo.processInfo.environment["CUDA_VISIBLE_DEVICES"]
    record.job = SchedulerJob.current
    let executor = CommandTaskExecutor(threads: threads, memory: memory, logger: logger)
    let worker = try BatchWorker(
      record, folder: batch, executor: executor, whenIdle: whenIdle == .wait ? .wait : .leave,
      only: only.isEmpty ? nil : Set(only), time: WorkingTime(limit: limit))
    let stop = Self.stop(without: parent)
    let signals = StopSignals(cancellation: stop) { worker.abandon() }
    let timeLimit = TimeLimitSignal(stop, limit: limit) { worker.noteTimeIsUp() }
    defer { withExtendedLifetime((signals, timeLimit)) {} }
    let reporter = WorkerReporter(verbosity)
    let ending: BatchWorker.Ending
    do throws(AisError) {
      ending = try worker.run(stop: stop, watch: reporter.report)
    } catch {
      guard error.code == .cancelled else { throw error }
      if timeLimit.hasCome { throw ExitCode(try timeLimit.requeue(hasAdvanced: reporter.ends > 0, hadTask: true)) }
      Terminal.standardError.print("ais: stopped; the task in hand was given back")
      throw ExitCode(StopSignals.exitCode)
    }
    if ending == .timeIsShort { throw ExitCode(try timeLimit.requeue(hasAdvanced: true, hadTask: false)) }
    if reporter.failures > 0 { throw ExitCode.failure }
  }
}

extension BatchWorkCommand {
  /// Stops the work when the process of this number is no longer the one that started us.
  private static func stop(without parent: Int32?) -> Cancellation {
    guard let parent else { return Cancellation() }
    return Cancellation { getppid() != parent }
  }
}

/// When workers give each other up.
package struct BatchLeaseArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "After so many seconds without a sign of life from this worker, others take over what it works on. On the same machine they notice at once.",
      valueName: "seconds"))
  package var lease = WorkerRecord.standardLeaseSeconds

  package init() {}

  package func validate() throws {
    if !(1...86400).contains(lease) { throw ValidationError("--lease \(lease): expected 1 to 86400 seconds") }
  }
}

/// Paths that stay true when the process changes its folder.
enum AbsolutePath {
  static func of(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}

/// The job of a scheduler that this process is part of.
enum SchedulerJob {
  /// `slurm 1234_7`
  static var current: String? { element(ProcessInfo.processInfo.environment).map { "slurm \($0)" } }

  /// Slurm's name of the array task, `1234_7`, or of a job without an array, `1234`.
  static func element(_ environment: [String: String]) -> String? {
    if let array = environment["SLURM_ARRAY_JOB_ID"], let task = environment["SLURM_ARRAY_TASK_ID"] {
      return "\(array)_\(task)"
    }
    return environment["SLURM_JOB_ID"]
  }
}
