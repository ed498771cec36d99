import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation
import Logging

/// `ais batch run`: plans a batch and works on it, or joins one that is there.
package struct BatchRunCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Plan a batch and work on it, or go on with one.",
    discussion: """
      Behind the options stands a command with its own options, as it would run without a batch, or several with --then \
      between them: segment first, then what works on its segmentations. Or the output folder of a batch that is there.

        ais batch run segment -m Membrane.scnm -o seg tomograms/
        ais batch run --workers 2 segment -m Ribosome.scnm -o seg tomograms/ --then pick --spacing 20nm -o picks
        ais batch run pick -o picks seg/ --feature Ribosome --spacing 20nm
        ais batch run seg

      The same line again goes on where it stopped, with tomograms that were added meanwhile, and may be typed on several \
      machines at once. Threads and memory given with the command are those of all workers of this machine together.
      """)

  @Option(
    help: ArgumentHelp(
      "Processes that work at the same time on this machine; threads and memory are divided among them.",
      valueName: "count"))
  package var workers = 1

  @Flag(
    inversion: .prefixedNo, help: "Start workers here. Without them the batch is only planned, for workers elsewhere.")
  package var start = true

  @OptionGroup(title: "How workers watch each other")
  package var watching: BatchLeaseArguments

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done and what it needs, and do nothing.")
  package var dryRun = false

  @Flag(
    help:
      "Segment three slices of every tomogram only, and draw them onto one sheet, OUT/preview.png, the most suspicious first: inverted, empty, wrongly scaled."
  )
  package var preview = false

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  @OptionGroup
  package var typed: BatchWords

  package init() {}

  package func validate() throws {
    try typed.validate(for: Self.self, example: "ais batch run segment -m Membrane.scnm -o seg tomograms/")
    if !(1...256).contains(workers) { throw ValidationError("--workers \(workers): expected 1 to 256") }
  }

  package func run() throws {
    if let folder = typed.folder {
      try work(BatchFolder(opening: AbsolutePath.of(folder)), grant(for: nil), verbosity)
      return
    }
    let line = try BatchLine(typed.words)
    let first = try BatchLine.command(line.stages[0])
    let grant = grant(for: first)
    if preview {
      try BatchPreviewSheet(first, threads: grant.threads, memory: grant.memory, verbosity: verbosity).make()
      return
    }
    let verbosity = verbosity.json || verbosity.quiet || verbosity.verbose ? verbosity : first.verbosity
    let planner = BatchPlanner(
      workers: workers, threads: grant.threads, memory: grant.memory, logger: verbosity.makeLogger("batch"),
      cancellation: Cancellation())
    let outcome = try planner.plan(line)
    BatchForecast(outcome, workers: workers, memoryLimit: grant.memory).announce(verbosity)
    if dryRun || outcome.commands.contains(where: \.dryRun) {
      for refusal in outcome.refusals { Terminal.standardError.print("ais: \(refusal)") }
      if !outcome.refusals.isEmpty { throw ExitCode.failure }
      return
    }
    let folder = try BatchFolder(making: AbsolutePath.of(outcome.output))
    try BatchEnrolment(folder).enrol(outcome, verbosity: verbosity)
    if start {
      try work(folder, grant, verbosity)
    } else if !verbosity.quiet, !verbosity.json {
      Terminal.standardOutput.print(
        "planned. To work on it, here or elsewhere:  ais batch work \(shellWord(outcome.output))")
    }
  }

  /// What one worker may use.
  private struct Grant {
    var threads: Int
    var memory: ByteCount
    /// The same, for its command line.
    var words: [String]
  }

  private func grant(for command: (any BatchableCommand)?) -> Grant {
    let resources = MachineResources.current()
    let threads = machine.threads ?? command?.typedThreads ?? resources.threads
    let memory = machine.memory ?? command?.typedMemory ?? ByteCount(resources.memoryBytes)
    let (each, mebibytes) = (max(1, threads / workers), (memory.bytes / workers) >> 20)
    return Grant(
      threads: each, memory: .mebibytes(mebibytes), words: ["--threads", "\(each)", "--memory", "\(mebibytes)MiB"])
  }

  /// Starts workers and watches until they have done what can be done.
  private func work(_ folder: BatchFolder, _ grant: Grant, _ verbosity: VerbosityArguments) throws {
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero, isThorough: true)
    try observer.checkVersion()
    let crew = BatchCrew(
      folder, count: workers, arguments: grant.words + ["--lease", "\(watching.lease)", "--quiet"])
    var watch = try BatchWatch(folder, verbosity: verbosity)
    let stop = Cancellation()
    let signals = StopSignals(cancellation: stop, patience: 10) {}
    defer { withExtendedLifetime(signals) {} }
    if !watch.summary.hasEnded { try crew.start() }
    defer { crew.stop() }
    var ended = watch.summary.done + watch.summary.failed
    while crew.isWorking {
      if stop.isCancelled {
        crew.stop()
        try? watch.look()
        Terminal.standardError.draw(nil)
        Terminal.standardError.print(
          "ais: stopped; unfinished tasks were given back. Go on with:  ais batch run \(shellWord(folder.output))")
        throw ExitCode(StopSignals.exitCode)
      }
      Thread.sleep(forTimeInterval: 0.1)
      // What a worker wrote last may not be listed yet.
      try watch.look(isThorough: crew.hasNews)
      let summary = watch.summary
      try crew.tend(hasWork: !summary.hasEnded, hasAdvanced: summary.done + summary.failed > ended)
      ended = summary.done + summary.failed
    }
    try watch.look(isThorough: true)
    Terminal.standardError.draw(nil)
    try BatchConclusion(watch.summary, folder: typed.folder ?? folder.output).tell(verbosity)
  }
}
