import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais batch status`: how far a batch is.
package struct BatchStatusCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell how far a batch is, who works on it, and what failed.",
    discussion: """
        ais batch status seg
        ais batch status seg --watch

      Reads the batch's folder, so that it works from any machine; of workers in Slurm it also tells what Slurm says. The exit code is 1 when tasks failed.
      """)

  @Argument(help: ArgumentHelp("The output folder of the batch.", valueName: "folder"))
  package var folder: String

  @Flag(name: [.short, .long], help: "Stay, and tell what happens until the batch has ended.")
  package var watch = false

  @Flag(help: "Print one JSON object instead of text, for programs.")
  package var json = false

  package init() {}

  package func run() throws {
    let batch = try BatchFolder(opening: folder)
    if watch {
      try follow(batch)
      return
    }
    var observer = BatchObserver(batch)
    try observer.refresh(now: .zero, isThorough: true)
    var summary = BatchSummary(observer)
    let history = try batch.slurmHistory()
    var slurm: (summary: SlurmSummary, picture: SlurmPicture)?
    if !history.isEmpty {
      let picture = SlurmPicture(of: history.jobs, ProcessSlurmShell(patience: 15))
      summary.learn(picture)
      slurm = (SlurmSummary(history, picture), picture)
    }
    if json {
      Terminal.standardOutput.print(text: try Self.text(Status(summary: summary, slurm: slurm?.summary)))
    } else {
      var lines = BatchStatusText.lines(summary)
      if let slurm {
        lines += SlurmText.lines(slurm.summary, slurm.picture, hasWork: !summary.hasEnded, folder: batch.output)
      }
      Terminal.standardOutput.print(lines: lines)
    }
    if summary.failed + summary.blocked > 0 { throw ExitCode.failure }
  }

  private func follow(_ batch: BatchFolder) throws {
    let verbosity = try VerbosityArguments.parse(json ? ["--json"] : [])
    var watch = try BatchWatch(batch, verbosity: verbosity)
    if !json { Terminal.standardOutput.print(lines: BatchStatusText.lines(watch.summary)) }
    while !watch.summary.hasEnded {
      Thread.sleep(forTimeInterval: 0.5)
      try watch.look()
    }
    Terminal.standardError.draw(nil)
    try BatchConclusion(watch.summary, folder: folder).tell(verbosity)
  }

  /// The summary, and Slurm's part beside it where there is one.
  private struct Status: Encodable {
    var summary: BatchSummary
    var slurm: SlurmSummary?

    private enum Keys: CodingKey { case slurm }

    func encode(to encoder: any Encoder) throws {
      try summary.encode(to: encoder)
      var values = encoder.container(keyedBy: Keys.self)
      try values.encodeIfPresent(slurm, forKey: .slurm)
    }
  }

  private static func text(_ summary: Status) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(summary), as: UTF8.self)
  }
}

/// The state of a batch in words.
enum BatchStatusText {
  static func lines(_ summary: BatchSummary) -> [String] {
    var counts = ["\(summary.done) done"]
    func note(_ number: Int, _ word: String) { if number > 0 { counts.append("\(number) \(word)") } }
    note(summary.running.count, "running")
    note(summary.open, "to do")
    note(summary.failed, "failed")
    note(summary.blocked, "waiting for what failed")
    var lines = ["\(summary.folder): \(counts.joined(separator: ", ")) of \(counted(summary.all, "task"))"]
    for running in summary.running {
      let part = running.fraction.map { "  \(Int($0 * 100)) %" } ?? ""
      let silent =
        !running.isAlive
        ? "  its worker is gone\(running.goneBecause.map { " (\($0))" } ?? ""): the next one takes it over"
        : running.silentSeconds > 10 ? "  no sign of life for \(running.silentSeconds) s" : ""
      lines.append("  \(running.command) \(running.name)\(part)  on \(running.host ?? running.worker)\(silent)")
    }
    for failure in summary.failures { lines.append("  failed: \(failure.command) \(failure.name): \(failure.message)") }
    return lines
  }
}
