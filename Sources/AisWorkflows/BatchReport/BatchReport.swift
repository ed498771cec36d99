import AisCore
import AisFormats
import AisJobs
import Foundation

/// Everything that is to be known of a batch after the night: what was asked, what became of each task, how long it took
/// (schema `ais.batch-report/1`).
package struct BatchReport: Sendable, Encodable {
  /// A command and its settings.
  package struct Stage: Sendable, Encodable {
    /// As it was typed.
    package var commandLine: String
    /// In JSON.
    package var settings: String
    package var version: String
    package var date: String
  }

  /// One task.
  package struct Row: Sendable, Encodable {
    package enum State: String, Sendable, Encodable, CaseIterable {
      case done, failed, running, waiting
      /// What it needs failed.
      case blocked
    }

    package var task: String
    package var command: String
    package var input: String
    package var state: State
    /// The last attempt's.
    package var seconds: Double?
    package var worker: String?
    package var host: String?
    /// How often a worker took it.
    package var attempts: Int
    package var outputs: [JournalEntry.Output]
    /// Whether all outputs were there before the batch.
    package var wasThere: Bool
    package var code: String?
    /// Why it failed, or what it waits for.
    package var reason: String?
    /// Why it was taken from workers or given back, one for each time.
    package var interruptions: [String]
    package var warnings: [String]
    /// What was found.
    package var lines: [String]
    package var date: String?
  }

  package private(set) var schema = "ais.batch-report/1"
  package private(set) var program = "ais \(AisVersion.current)"
  package var folder: String
  package var date: String
  package var stages: [Stage]
  package var rows: [Row]

  package init(_ observer: BatchObserver) {
    folder = observer.folder.output
    date = Date().ISO8601Format()
    stages = observer.plans.flatMap { plan in
      plan.stages.map { stage in
        Stage(
          commandLine: "ais " + stage.words.map(shellWord).joined(separator: " "), settings: stage.settings,
          version: plan.program.version, date: plan.date)
      }
    }
    rows = observer.tasks.entries.map { Self.row($0, observer.schedule) }
  }

  private static func row(_ entry: BatchTasks.Entry, _ schedule: BatchSchedule) -> Row {
    let log = schedule.log(of: entry.id)
    let last = log.last
    let state: Row.State
    var reason: String?
    switch schedule.state(of: entry.id) {
    case .done: state = .done
    case .failed: (state, reason) = (.failed, last?.reason)
    case .claimed: state = .running
    case .open:
      let obstacle = schedule.obstacle(of: entry)
      state = obstacle == nil ? .waiting : .blocked
      reason = obstacle.map { "needs what '\($0.stage.command)' makes of '\($0.name)', which failed" }
    }
    let isOver = state == .done || state == .failed
    return Row(
      task: entry.id, command: entry.stage.command,
      input: entry.task.inputs.count > 1 ? "\(entry.task.inputs.count) inputs together" : entry.name, state: state,
      seconds: isOver ? last?.seconds : nil, worker: last?.worker, host: last?.worker == nil ? nil : last?.host,
      attempts: log.entries.count { $0.kind == .claimed }, outputs: state == .done ? last?.outputs ?? [] : [],
      wasThere: last?.wasThere ?? false, code: state == .failed ? last?.code : nil, reason: reason,
      interruptions: log.entries.compactMap { entry in
        entry.kind == .released || entry.kind == .renewed || entry.takenFrom != nil ? entry.reason : nil
      }, warnings: last?.warnings ?? [], lines: last?.lines ?? [], date: last?.date)
  }

  /// Tasks in a state.
  package func count(_ state: Row.State) -> Int { rows.count { $0.state == state } }

  /// Seconds that all tasks took together.
  package var seconds: Double { rows.reduce(0) { $0 + ($1.seconds ?? 0) } }

  /// `38 done, 2 failed of 40 tasks`
  package var headline: String {
    let counts = Row.State.allCases.map { ($0, count($0)) }.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }
    return "\(counts.joined(separator: ", ")) of \(rows.count) task\(rows.count == 1 ? "" : "s")"
  }
}

extension BatchReport {
  /// One line for each task.
  package var table: CSVTable {
    var table = CSVTable([
      "command", "input", "state", "seconds", "attempts", "host", "worker", "date", "outputs", "bytes", "code",
      "reason", "interruptions", "warnings", "found",
    ])
    for row in rows {
      table.append([
        .text(row.command), .text(row.input), .text(row.state.rawValue), .optional(row.seconds, digits: 3),
        .count(row.attempts), .text(row.host ?? ""), .text(row.worker ?? ""), .text(row.date ?? ""),
        .text(row.outputs.map(\.path).joined(separator: " ")), .count(row.outputs.reduce(0) { $0 + $1.bytes }),
        .text(row.code ?? ""), .text(row.reason ?? ""), .text(row.interruptions.joined(separator: "; ")),
        .text(row.warnings.joined(separator: "; ")), .text(row.lines.joined(separator: "; ")),
      ])
    }
    return table
  }

  package func json() throws(AisError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do { return Array(try encoder.encode(self)) + [0x0A] } catch {
      throw AisError(.malformed, "the report cannot be written as JSON", cause: error)
    }
  }

  /// For a terminal: aligned columns, reasons below.
  package var lines: [String] {
    var lines = ["\(folder): \(headline), \(DurationText.text(seconds)) of work"]
    let width = min(60, rows.map { $0.input.count }.max() ?? 0)
    for row in rows {
      let input = row.input.padding(toLength: max(width, row.input.count), withPad: " ", startingAt: 0)
      let time = row.wasThere ? "was there" : row.seconds.map(DurationText.text) ?? ""
      var line =
        "  \(row.state.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0))  "
        + "\(row.command.padding(toLength: 7, withPad: " ", startingAt: 0))  \(input)  \(time)"
      if row.attempts > 1 { line += "  (\(row.attempts) attempts)" }
      lines.append(line)
      if let reason = row.reason { lines.append("           \(reason)") }
    }
    return lines
  }
}
