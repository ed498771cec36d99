import AisCore
import AisJobs
import AisWorkflows
import ArgumentParser

/// `ais batch retry`: what failed, once more.
package struct BatchRetryCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Try failed tasks of a batch again.",
    discussion: """
        ais batch retry seg                    all of them
        ais batch retry seg TS_03.mrc          those whose input ends so

      Workers that are still at work take them up; without any, they are started here as 'ais batch run' does. With \
      '--no-start' the tasks are only marked.
      """)

  @Argument(help: ArgumentHelp("The output folder of the batch.", valueName: "folder"))
  package var folder: String

  @Argument(help: ArgumentHelp("Only tasks with an input whose path ends so.", valueName: "input"))
  package var inputs: [String] = []

  @Flag(inversion: .prefixedNo, help: "Start workers here.")
  package var start = true

  @Option(help: ArgumentHelp("Processes that work at the same time on this machine.", valueName: "count"))
  package var workers = 1

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    let batch = try BatchFolder(opening: folder)
    var observer = BatchObserver(batch)
    try observer.refresh(now: .zero, isThorough: true)
    let failed = observer.tasks.entries.filter { observer.schedule.state(of: $0.id) == .failed }
    let wanted = failed.filter { entry in
      inputs.isEmpty || entry.task.inputs.contains { path in inputs.contains { path.hasSuffix($0) } }
    }
    guard !wanted.isEmpty else {
      let names = failed.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ")
      let what =
        failed.isEmpty
        ? "no task of the batch in '\(folder)' failed" : "no failed task has such an input; failed are \(names)"
      Terminal.standardError.print("ais: \(what)")
      if !failed.isEmpty { throw ExitCode.failure }
      return
    }
    var count = 0
    for entry in wanted where try observer.reopen(entry.id, reason: "asked for again") { count += 1 }
    if !verbosity.quiet, !verbosity.json {
      Terminal.standardOutput.print("\(counted(count, "task")) to be tried again")
    }
    guard start else { return }
    var next = try BatchRunCommand.parse(["--workers", "\(workers)", folder])
    next.machine = machine
    next.verbosity = verbosity
    try next.run()
  }
}
