import AisCore

/// How far a batch is, in numbers and names.
package struct BatchSummary: Sendable, Encodable {
  /// A task in somebody's hands.
  package struct Running: Sendable, Encodable {
    package var name: String
    package var command: String
    package var worker: String
    package var host: String?
    /// 0 to 1.
    package var fraction: Double?
    /// Seconds that the observer has watched without a sign of life.
    package var silentSeconds: Int
    /// Whether the worker may be alive.
    package var isAlive: Bool
    /// What a scheduler says of a worker that is no more.
    package var goneBecause: String?
    /// Which job of a scheduler the worker is part of.
    package var job: String?
    /// Why the task was taken from another worker.
    package var takenOver: String?
  }

  /// A task that failed.
  package struct Failure: Sendable, Encodable {
    package var name: String
    package var command: String
    package var code: String
    package var message: String
  }

  package private(set) var schema = "ais.batch-status/1"
  package var folder: String
  package var all: Int
  package var done: Int
  package var failed: Int
  /// Tasks that wait for one that failed.
  package var blocked: Int
  package var open: Int
  package var running: [Running]
  package var failures: [Failure]
  /// Of all work: of the forecasts where there are some, otherwise of the tasks.
  package var fraction: Double

  package init(_ observer: BatchObserver) {
    let schedule = observer.schedule
    let entries = observer.tasks.entries
    folder = observer.folder.output
    all = entries.count
    (done, failed, blocked, open, running, failures) = (0, 0, 0, 0, [], [])
    var (work, finished) = (0.0, 0.0)
    for entry in entries {
      let weight = max(entry.task.forecast.seconds ?? 0, 0.1)
      work += weight
      switch schedule.state(of: entry.id) {
      case .done:
        done += 1
        finished += weight
      case .failed:
        failed += 1
        finished += weight
        let last = schedule.log(of: entry.id).last
        failures.append(
          Failure(
            name: entry.name, command: entry.stage.command, code: last?.code ?? "", message: last?.reason ?? ""))
      case .open:
        if schedule.obstacle(of: entry) == nil { open += 1 } else { blocked += 1 }
      case .claimed(let worker):
        let sign = observer.signs[worker]
        let fraction = sign?.task == entry.id ? sign?.fraction : nil
        finished += weight * (fraction ?? 0)
        running.append(
          Running(
            name: entry.name, command: entry.stage.command, worker: worker, host: observer.workers[worker]?.host,
            fraction: fraction, silentSeconds: Int(observer.silence(of: worker).components.seconds),
            isAlive: observer.mayLive(worker), job: observer.workers[worker]?.job,
            takenOver: schedule.log(of: entry.id).claim?.reason))
      }
    }
    fraction = work > 0 ? min(1, finished / work) : 1
  }

  /// Whether nothing more will happen without a person.
  package var hasEnded: Bool { open == 0 && running.isEmpty }
}
