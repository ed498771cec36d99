import AisCore
import Foundation

/// One line in the account of a batch's life in Slurm (schema `ais.slurm-round/1`): a small file that is written once and never
/// changed.
package struct SlurmEntry: Codable, Sendable, Hashable {
  package static let schemaName = "ais.slurm-round/1"

  package enum Kind: String, Codable, Sendable {
    /// Jobs were submitted.
    case submitted
    /// No further round was submitted, for this reason.
    case stopped
    /// A person took the jobs out of the queue.
    case cancelled
  }

  package enum Purpose: String, Codable, Sendable {
    case work
    /// Submits the next round when it is needed.
    case close
  }

  package struct Job: Codable, Sendable, Hashable {
    /// As Slurm counts them.
    package var number: Int
    package var purpose: Purpose
    /// Which commands' tasks its workers take.
    package var commands: [String]
    /// `nil` for a job without an array.
    package var array: SlurmArray?
    package var script: String

    package init(number: Int, purpose: Purpose, commands: [String], array: SlurmArray?, script: String) {
      self.number = number
      self.purpose = purpose
      self.commands = commands
      self.array = array
      self.script = script
    }

    /// What Slurm calls its array tasks: `12_0`, `12_1`, ….
    package var elements: [String] { array.map { (0..<$0.workers).map { "\(number)_\($0)" } } ?? ["\(number)"] }
  }

  package private(set) var schema = SlurmEntry.schemaName
  package var kind: Kind
  /// Counted from 1.
  package var round: Int
  package var date: String
  package var host: String
  package var user: String
  package var jobs: [Job]
  /// Tasks that had ended, done or failed, when the round began.
  package var endedBefore: Int?
  package var settings: SlurmSettings?
  /// Stopped: why, for people.
  package var reason: String?

  package init(kind: Kind, round: Int, jobs: [Job] = []) {
    self.kind = kind
    self.round = round
    self.jobs = jobs
    date = Date().ISO8601Format()
    host = WorkerRecord.hostName
    user = NSUserName()
  }
}

/// All that happened to a batch in Slurm, in its order.
package struct SlurmHistory: Sendable {
  package let entries: [SlurmEntry]

  package init(_ entries: [SlurmEntry]) { self.entries = entries }

  package var isEmpty: Bool { entries.isEmpty }

  /// The last that was submitted.
  package var lastRound: SlurmEntry? { entries.last { $0.kind == .submitted } }

  /// Why no further round was submitted, when that is the last that is known.
  package var stopReason: String? { entries.last.flatMap { $0.kind == .stopped ? $0.reason : nil } }

  /// Jobs that may still live, as far as the account goes: of everything that was submitted since a person cancelled.
  package var jobs: [SlurmEntry.Job] {
    let start = entries.lastIndex { $0.kind == .cancelled }.map { $0 + 1 } ?? 0
    return entries[start...].filter { $0.kind == .submitted }.flatMap(\.jobs)
  }
}

extension BatchFolder {
  /// Scripts, logs and the account of what was submitted.
  package var slurmPath: String { path + "/slurm" }

  package func slurmHistory() throws(AisError) -> SlurmHistory {
    guard FileManager.default.fileExists(atPath: slurmPath) else { return SlurmHistory([]) }
    let names = try list(slurmPath).filter { $0.hasPrefix("entry-") && $0.hasSuffix(".json") }
    var entries: [SlurmEntry] = []
    for name in names {
      entries.append(try read(SlurmEntry.self, slurmPath + "/" + name, schema: SlurmEntry.schemaName))
    }
    return SlurmHistory(entries)
  }

  package func add(_ entry: SlurmEntry) throws(AisError) {
    try makeSlurmFolder()
    let bytes = Self.bytes(entry, isPretty: true)
    do throws(AisError) {
      var number =
        (try list(slurmPath).compactMap { Int($0.dropFirst("entry-".count).prefix { $0 != "." }) }.max() ?? 0) + 1
      while try !create(bytes, at: "\(slurmPath)/entry-\(Self.digits(number, 6)).json") { number += 1 }
    } catch {
      throw .unwritable(output, error)
    }
  }

  package func makeSlurmFolder() throws(AisError) {
    do {
      try FileManager.default.createDirectory(atPath: slurmPath, withIntermediateDirectories: true)
    } catch {
      throw AisError(
        .fileSystem, "the folder '\(slurmPath)' of the batch cannot be made: \(error.localizedDescription)")
    }
  }
}
