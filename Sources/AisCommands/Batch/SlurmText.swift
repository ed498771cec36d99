import AisCore
import AisJobs
import AisWorkflows
import Foundation

/// Slurm's part of a batch in words.
enum SlurmText {
  /// What is about to be submitted.
  static func announce(_ part: SlurmSubmitter.Part, _ settings: SlurmSettings, limit: Int) {
    let atOnce = part.array.atOnce.map { ", at most \($0) at a time" } ?? ""
    let cards = part.hasCards ? ", graphics cards \(settings.gpus ?? "")" : ""
    Terminal.standardOutput.print(
      "\(part.commands.joined(separator: ", ")): \(counted(part.tasks, "task")), an array of \(counted(part.array.workers, "worker"))\(atOnce); "
        + "each \(counted(settings.cpus, "processor")), \(ByteCount.mebibytes(settings.memoryMebibytes))\(cards), \(settings.time)"
    )
    if let wanted = settings.workers, min(wanted, part.tasks) > limit {
      Terminal.standardOutput.print(
        "this cluster allows arrays of \(limit): \(part.array.workers) workers instead of \(wanted); each takes tasks until none is left"
      )
    }
  }

  /// What was submitted.
  static func tell(_ entry: SlurmEntry, _ folder: BatchFolder, _ verbosity: VerbosityArguments) throws {
    if verbosity.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Terminal.standardOutput.print(text: String(decoding: try encoder.encode(entry), as: UTF8.self))
      return
    }
    if verbosity.quiet { return }
    for job in entry.jobs {
      Terminal.standardOutput.print(
        "submitted \(name(job))\(job.purpose == .close ? ", which submits again what is left when they have ended" : "")"
      )
    }
    Terminal.standardOutput.print(
      "scripts and logs are in '\(folder.slurmPath)'; see how it goes with  ais batch status \(shellWord(folder.output))"
    )
  }

  /// `array 12 (segment)`, `job 14`
  static func name(_ job: SlurmEntry.Job) -> String {
    job.array == nil ? "job \(job.number)" : "array \(job.number) (\(job.commands.joined(separator: ", ")))"
  }

  /// `array 12 (segment): 3 running, 1 waiting (Resources), 1 ended (COMPLETED) of 5 workers`
  static func state(_ job: SlurmPicture.Job) -> String {
    let count = SlurmSummary.Job(job)
    var parts: [String] = []
    if count.running > 0 { parts.append(job.job.array == nil ? "running" : "\(count.running) running") }
    for (word, numbers) in [("waiting", count.waiting), ("ended", count.ended)] where !numbers.isEmpty {
      let number = numbers.values.reduce(0, +)
      let kinds = numbers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let why = kinds.map { kinds.count > 1 ? "\($0.value) \($0.key)" : $0.key }.joined(separator: ", ")
      parts.append("\(job.job.array == nil ? "" : "\(number) ")\(word) (\(why))")
    }
    let all = job.job.array.map { " of \(counted($0.workers, "worker"))" } ?? ""
    return "\(name(job.job)): \(parts.joined(separator: ", "))\(all)"
  }

  /// For `ais batch status`.
  static func lines(_ summary: SlurmSummary, _ picture: SlurmPicture, hasWork: Bool, folder: String) -> [String] {
    // Of what has ended, the last round tells enough.
    let shown = picture.jobs.filter { $0.mayLive || summary.lastRound.contains($0.job.number) }
    var lines = shown.filter { $0.mayLive || $0.job.purpose == .work }.map { "  Slurm: \(state($0))" }
    if let doubt = picture.doubt { lines.append("  Slurm: not sure: \(doubt). What is not known counts as waiting") }
    if let reason = summary.stopReason { lines.append("  Slurm: no further round: \(reason)") }
    if hasWork, !picture.mayLive {
      lines.append("  Slurm: no worker is left there; go on with  ais batch submit --slurm \(shellWord(folder))")
    }
    return lines
  }
}

/// Slurm's part of a batch in numbers.
struct SlurmSummary: Encodable {
  struct Job: Encodable {
    var number: Int
    var commands: [String]
    var workers: Int
    var running = 0
    /// By reason.
    var waiting: [String: Int] = [:]
    /// By Slurm's word.
    var ended: [String: Int] = [:]

    init(_ job: SlurmPicture.Job) {
      number = job.job.number
      commands = job.job.commands
      workers = job.states.count
      for state in job.states {
        switch state {
        case .running: running += 1
        case .waiting(let reason): waiting[reason, default: 0] += 1
        case .unknown: waiting["not known", default: 0] += 1
        case .ended(let word): ended[word, default: 0] += 1
        }
      }
    }
  }

  var round: Int?
  var jobs: [Job]
  var doubt: String?
  var stopReason: String?
  var lastRound: Set<Int> = []

  private enum CodingKeys: CodingKey { case round, jobs, doubt, stopReason }

  init(_ history: SlurmHistory, _ picture: SlurmPicture) {
    round = history.lastRound?.round
    jobs = picture.jobs.map(Job.init)
    doubt = picture.doubt
    stopReason = history.stopReason
    lastRound = Set(history.lastRound?.jobs.map(\.number) ?? [])
  }
}
