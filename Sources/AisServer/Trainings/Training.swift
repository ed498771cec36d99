import AisCore
import AisFormats
import AisProject
import AisTraining
import AisWorkflows
import Foundation
import Synchronization

/// One training of a project, as far as this process knows.
final class Training: Sendable {
  enum State: String, Sendable {
    /// Others come first.
    case waiting
    case extracting, starting, running, stopping
    case done, stopped, failed
    /// Neither ended nor alive: it was killed, or the machine went down.
    case interrupted

    var isOver: Bool { [.done, .stopped, .failed, .interrupted].contains(self) }
  }

  struct Status: Sendable {
    var order: TrainingOrder
    var state: State
    var reason = ""
    var log = TrainingProgressLog()
    /// Of cutting the boxes.
    var extracted = 0.0
    var cancellation = Cancellation()
    var ended: Double?
    /// Of a stop that was asked for: whether what was learnt is kept.
    var keeps = true
    var setChanged = false
    /// What tells the half-trained network from the one before.
    var live: String?
    /// The other machine on which it is trained.
    var host: String?
  }

  let folder: TrainingFolder
  private let status: Mutex<Status>

  init(_ folder: TrainingFolder, _ order: TrainingOrder, state: State) {
    self.folder = folder
    status = Mutex(Status(order: order, state: state))
  }

  var now: Status { status.withLock { $0 } }
  var id: String { now.order.id }

  @discardableResult
  func change<Value: Sendable>(_ body: (inout Status) -> Value) -> Value { status.withLock { body(&$0) } }

  /// - Parameter history: with a line for every epoch.
  func json(history: Bool) -> JSONValue {
    let now = now
    let (order, log) = (now.order, now.log)
    var members: [String: JSONValue] = [
      "id": .string(order.id), "title": .string(order.title), "model": .number(order.model),
      "set": order.setFile == nil ? .number(order.set) : .null, "file": .optional(order.setFile),
      "architecture": .optional(order.architecture ?? log.architecture), "from": .optional(order.fromTitle),
      "state": .string(now.state.rawValue),
      "reason": .string(now.reason), "host": .optional(now.state.isOver ? nil : now.host),
      "isGivenUp": .bool(order.givesUp), "epochs": .number(order.epochs), "epoch": .number(log.history.count),
      "fraction": .number(now.state == .extracting ? now.extracted : now.state == .done ? 1 : log.fraction),
      "secondsLeft": now.state == .running ? .optional(log.secondsLeft) : .null, "loss": .optional(log.loss),
      "last": log.history.last.map(Self.json) ?? .null, "best": log.history.best.map(Self.json) ?? .null,
      "started": .number(order.started), "ended": .optional(now.ended),
      "settings": .object([
        "batch": .number(order.batch), "copies": .number(order.copies), "validation": .number(order.validation),
        "negativesPerPositive": .optional(order.negativesPerPositive),
        "learningRate": .optional(order.learningRate), "patience": .optional(order.patience),
        "seed": .number(Double(order.seed)), "boxSize": .number(order.boxSize), "depth": .number(order.depth),
        "pixelSizeAngstrom": .optional(order.pixelSizeAngstrom), "positives": .number(order.positives),
        "negatives": .number(order.negatives),
      ]), "parameters": .optional(log.parameters), "setDigest": .string(order.setDigest),
      "setChanged": .bool(now.setChanged),
    ]
    if history { members["history"] = .array(log.history.map(Self.json)) }
    return .object(members)
  }

  /// What is no number is null: JSON has none.
  private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }

  private static func json(_ record: EpochRecord) -> JSONValue {
    func scores(_ scores: Scores) -> [String: JSONValue] {
      [
        "loss": number(scores.loss), "precision": number(scores.precision), "recall": number(scores.recall),
        "dice": number(scores.dice),
      ]
    }
    let own: [String: JSONValue] = [
      "epoch": .number(record.epoch), "learningRate": number(record.learningRate), "seconds": number(record.seconds),
      "isBest": .bool(record.isBest), "heldOut": record.validation.map { .object(scores($0)) } ?? .null,
    ]
    return .object(own.merging(scores(record.training)) { $1 })
  }
}
