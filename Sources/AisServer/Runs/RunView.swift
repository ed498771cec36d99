import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import Foundation

/// A run at one look: what its journal and its process say, and nothing that is kept anywhere else.
struct RunView: Sendable {
  enum State: String, Sendable {
    /// Other runs on this machine come first.
    case waiting
    /// Models and tomograms are looked at.
    case planning
    case running
    /// A person wants it to stop; unfinished tomograms are being given back.
    case stopping
    case paused
    case cancelled
    /// Its process is gone, and nobody wanted that.
    case interrupted
    case done
    /// Tomograms failed, or the run as a whole.
    case failed

    /// Whether something may happen without a person.
    var isLive: Bool { [.waiting, .planning, .running, .stopping].contains(self) }
  }

  /// One tomogram of the run.
  struct Row: Sendable {
    enum State: String, Sendable { case waiting, running, done, failed }

    var tomogram: RunRecipe.Tomogram
    var task: String?
    var state = State.waiting
    /// 0…1 while it runs.
    var fraction: Double?
    var seconds: Double?
    /// Seconds since its worker began with it.
    var elapsed: Double?
    var forecastSeconds: Double?
    var worker: String?
    var host: String?
    var code: String?
    var reason: String?
    var wasThere = false
    var attempts = 0
    var warnings: [String] = []
    var outputs: [JournalEntry.Output] = []
  }

  let number: Int
  let recipe: RunRecipe
  var state: State
  /// For people; empty when there is nothing to say.
  var reason = ""
  var rows: [Row]
  /// Milliseconds since 1970; `nil` while it goes on.
  var ended: Double?
  /// What Slurm says.
  var slurm: String?

  func count(_ state: Row.State) -> Int { rows.count { $0.state == state } }

  /// Of all work, 0…1, by the forecasts where there are some.
  var fraction: Double {
    let weights = rows.map { max($0.forecastSeconds ?? 0, 0.1) }
    let done = zip(rows, weights).reduce(0) { sum, pair in
      switch pair.0.state {
      case .done, .failed: sum + pair.1
      case .running: sum + pair.1 * (pair.0.fraction ?? 0)
      case .waiting: sum
      }
    }
    let all = weights.reduce(0, +)
    return all > 0 ? min(1, done / all) : 0
  }

  /// Seconds that its tomograms took, and those at work took until now: waiting is not work.
  var secondsOfWork: Double { rows.reduce(0) { $0 + ($1.seconds ?? $1.elapsed ?? 0) } }

  /// Seconds that are left: forecasts, scaled by what the tomograms before, and those at work, took of theirs, the first slices
  /// included. `nil` without forecasts.
  var secondsLeft: Double? {
    guard state == .running else { return nil }
    var pace = WorkPace(trustedSeconds: 10)
    for row in rows where !row.wasThere {
      guard let forecast = row.forecastSeconds, forecast > 0 else { continue }
      if row.state == .done {
        pace.learn(forecast: forecast, taken: row.seconds ?? 0)
      } else if row.state == .running, let share = row.fraction, share > 0, let elapsed = row.elapsed {
        pace.learn(forecast: share * forecast, taken: elapsed)
      }
    }
    let left = rows.reduce(0) { sum, row in
      switch row.state {
      case .waiting: sum + (row.forecastSeconds ?? 0)
      case .running: sum + (row.forecastSeconds ?? 0) * (1 - (row.fraction ?? 0))
      case .done, .failed: sum
      }
    }
    let workers = Double(max(1, min(recipe.place.workers, count(.waiting) + count(.running))))
    return left > 0 ? left * pace.factor / workers : nil
  }

  // MARK: What the journal says

  /// The tasks of a batch that are this run's: another run may have written into the same folder.
  static func rows(_ recipe: RunRecipe, _ observer: BatchObserver?) -> [Row] {
    var tasks: [String: BatchTasks.Entry] = [:]
    for entry in observer?.tasks.entries ?? [] where entry.task.inputs.count == 1 {
      tasks[key(entry.absolute(entry.task.inputs[0]), entry.task.outputs.map(entry.absolute))] = entry
    }
    return recipe.tomograms.map { tomogram in
      var row = Row(tomogram: tomogram)
      guard let observer, let entry = tasks[key(tomogram.path, recipe.outputs(of: tomogram))] else { return row }
      row.task = entry.id
      row.forecastSeconds = entry.task.forecast.seconds
      let log = observer.schedule.log(of: entry.id)
      row.attempts = log.entries.count { $0.kind == .claimed }
      switch log.state {
      case .open: break
      case .claimed(let worker):
        // Of a worker that is gone, or has been silent for longer than it may, the task waits for the next one.
        let lease = observer.workers[worker]?.lease ?? .seconds(WorkerRecord.standardLeaseSeconds)
        guard observer.mayLive(worker), observer.silence(of: worker) <= lease else { break }
        row.state = .running
        row.worker = worker
        row.host = observer.workers[worker]?.host
        row.fraction = observer.signs[worker].flatMap { $0.task == entry.id ? $0.fraction : nil }
        let begun = log.last.flatMap { try? Date($0.date, strategy: .iso8601) }
        row.elapsed = begun.map { max(0, Date().timeIntervalSince($0)) }
      case .done:
        row.state = .done
        row.outputs = (log.last?.outputs ?? []).map { output in
          var output = output
          output.path = entry.absolute(output.path)
          return output
        }
        row.wasThere = log.last?.wasThere ?? false
        row.warnings = log.last?.warnings ?? []
        fill(&row, log)
      case .failed:
        row.state = .failed
        row.code = log.last?.code
        row.reason = log.last?.reason
        fill(&row, log)
      }
      return row
    }
  }

  private static func fill(_ row: inout Row, _ log: TaskLog) {
    row.seconds = log.last?.seconds
    row.worker = log.last?.worker
    row.host = log.last?.host
  }

  private static func key(_ input: String, _ outputs: [String]) -> String {
    ([input] + outputs.sorted()).joined(separator: "\u{0}")
  }

  /// When the last of the tasks ended.
  static func end(of rows: [Row], _ observer: BatchObserver?) -> Double? {
    let dates = rows.compactMap { row in
      row.task.flatMap { observer?.schedule.log(of: $0).last?.date }.flatMap { try? Date($0, strategy: .iso8601) }
    }
    return dates.max().map { ($0.timeIntervalSince1970 * 1000).rounded() }
  }
}
