import AisCore
import AisFormats

/// Writes and submits the jobs of one round: an array of workers for segmentations, another for what is made of them, and a
/// small job that looks, when all have ended, whether something is left.
package struct SlurmSubmitter: Sendable {
  private let settings: SlurmSettings
  private let folder: BatchFolder
  private let limit: Int

  /// - Parameter limit: the largest array that the cluster allows.
  package init(_ settings: SlurmSettings, folder: BatchFolder, limit: Int) {
    self.settings = settings
    self.folder = folder
    self.limit = limit
  }

  /// One array of a round.
  package struct Part: Sendable, Hashable {
    package var commands: [String]
    package var tasks: Int
    package var array: SlurmArray
    package var hasCards: Bool

    package init(commands: [String], tasks: Int, array: SlurmArray, hasCards: Bool) {
      self.commands = commands
      self.tasks = tasks
      self.array = array
      self.hasCards = hasCards
    }
  }

  /// What is left to do as arrays, in the order in which they follow each other. Tasks that wait for one that failed do not
  /// count.
  package func parts(_ schedule: BatchSchedule) -> [Part] {
    let left = schedule.tasks.entries.filter { entry in
      switch schedule.state(of: entry.id) {
      case .done, .failed: false
      case .claimed: true
      case .open: schedule.obstacle(of: entry) == nil
      }
    }
    // Only networks gain from cards, and nobody should hold one while particles are picked.
    let groups = [left.filter { $0.stage.command == Self.first }, left.filter { $0.stage.command != Self.first }]
    return groups.filter { !$0.isEmpty }.map { entries in
      let times = entries.compactMap(\.task.forecast.seconds)
      let array = SlurmArray(
        tasks: entries.count, seconds: times.count == entries.count ? times.reduce(0, +) : nil,
        wanted: settings.workers,
        atOnce: settings.atOnce, limit: limit)
      let commands = Array(Set(entries.map(\.stage.command))).sorted()
      return Part(
        commands: commands, tasks: entries.count, array: array,
        hasCards: settings.gpus != nil && entries[0].stage.command == Self.first)
    }
  }

  private static let first = "segment"

  /// The scripts of a round as they would be submitted, with `JOB` for numbers that only Slurm can give.
  package func scripts(_ parts: [Part], round: Int) throws(AisError) -> [(name: String, text: String)] {
    var scripts: [(name: String, text: String)] = []
    for (number, part) in parts.enumerated() {
      scripts.append((scriptName(round, part), try script(part, after: number > 0 ? [0] : [])))
    }
    scripts.append((closingName(round), try closingScript(round, after: parts.isEmpty ? [] : [0])))
    return scripts.map { ($0.name, $0.text.replacing("afterany:0", with: "afterany:JOB")) }
  }

  /// Submits a round and keeps account of it. When a job is refused, those before it are taken back.
  package func submit(
    _ parts: [Part], round: Int, endedBefore: Int, _ shell: any SlurmShell, warn: (AisError) -> Void
  ) throws(AisError) -> SlurmEntry {
    try folder.makeSlurmFolder()
    var entry = SlurmEntry(kind: .submitted, round: round)
    entry.endedBefore = endedBefore
    entry.settings = settings
    for part in parts {
      let path = "\(folder.slurmPath)/\(scriptName(round, part))"
      do throws(AisError) {
        let number = try submit(script(part, after: entry.jobs.suffix(1).map(\.number)), at: path, part, shell)
        entry.jobs.append(
          .init(number: number, purpose: .work, commands: part.commands, array: part.array, script: path))
      } catch {
        if !entry.jobs.isEmpty { _ = shell.run(.cancel(entry.jobs.map(\.number))) }
        throw error
      }
    }
    // Workers do their part without it; it is only that somebody has to look after them.
    let path = "\(folder.slurmPath)/\(closingName(round))"
    do throws(AisError) {
      let number = try submit(closingScript(round, after: entry.jobs.map(\.number)), at: path, nil, shell)
      entry.jobs.append(.init(number: number, purpose: .close, commands: [], array: nil, script: path))
    } catch {
      warn(.noClosingJob(folder.output, error))
    }
    try folder.add(entry)
    return entry
  }

  private func script(_ part: Part, after jobs: [Int]) throws(AisError) -> String {
    try SlurmScript(settings, folder: folder).text(
      .work(part.array, commands: part.commands, hasCards: part.hasCards), after: jobs)
  }

  private func closingScript(_ round: Int, after jobs: [Int]) throws(AisError) -> String {
    try SlurmScript(settings, folder: folder).text(.close(round: round), after: jobs)
  }

  private func scriptName(_ round: Int, _ part: Part) -> String {
    "round-\(round)-\(part.commands.joined(separator: "-")).sh"
  }

  private func closingName(_ round: Int) -> String { "round-\(round)-next.sh" }

  private func submit(
    _ text: String, at path: String, _ part: Part?, _ shell: any SlurmShell
  ) throws(AisError) -> Int {
    do throws(AisError) { try AtomicFile.write(Array(text.utf8), to: path) } catch {
      throw .unwritable(folder.output, error)
    }
    let reply = shell.run(.submit(path))
    if let number = reply.output.flatMap(SlurmAnswers.jobNumber) { return number }
    throw .refused(reply, script: path, settings: settings, part: part, limit: limit) {
      shell.run(.partitions).output.map(SlurmAnswers.partitions) ?? []
    }
  }
}
