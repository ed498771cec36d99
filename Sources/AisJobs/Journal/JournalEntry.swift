import AisCore
import Foundation

/// One line in the life of a task (schema `ais.batch-entry/1`): a small file that is written once and never changed.
///
/// The entries of a task are numbered from 1 without gaps, and each number is given away exactly once (`AtomicFile.create`).
/// Whoever writes the next number has seen all before it; that alone decides who owns a task.
package struct JournalEntry: Codable, Sendable, Hashable {
  package static let schemaName = "ais.batch-entry/1"

  package enum Kind: String, Codable, Sendable {
    /// A worker takes the task: a free one, or one whose worker is gone (`takenFrom`).
    case claimed
    /// The owner was still for long, and makes sure that nobody took the task.
    case renewed
    /// The owner gives the task back unfinished: it was asked to stop, or memory ran out.
    case released
    /// The outputs are in place.
    case done
    /// It cannot be done, for a reason that somebody has to look at.
    case failed
    /// A person asked for another try.
    case reopened
  }

  package struct Output: Codable, Sendable, Hashable {
    package var path: String
    package var bytes: Int
    package var sha256: String

    package init(path: String, bytes: Int, sha256: String) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }
  }

  package private(set) var schema = JournalEntry.schemaName
  package var task: String
  /// Counted from 1.
  package var number: Int
  package var kind: Kind
  /// The worker that wrote it; a command of a person has none.
  package var worker: String?
  package var host: String
  package var date: String
  /// Why, for people.
  package var reason: String?
  /// Claimed: the worker from which it was taken.
  package var takenFrom: String?
  /// Claimed: the share of the worker's memory that the task may use; below 1 after memory ran out.
  package var memoryShare: Double?
  /// Failed, and released for want of memory or time: a code of the program's errors, or `time-limit`.
  package var code: String?
  /// Done, failed: seconds since it was claimed.
  package var seconds: Double?
  /// Reopened: whether outputs that are there are to be made again all the same.
  package var isForced: Bool?
  /// Done: all outputs, with those that were there before.
  package var outputs: [Output]?
  /// Done: whether everything was there already, made with the same settings.
  package var wasThere: Bool?
  package var warnings: [String]?
  /// Done: what was found, for people.
  package var lines: [String]?

  package init(task: String, number: Int, kind: Kind, worker: String?, host: String, date: Date = Date()) {
    self.task = task
    self.number = number
    self.kind = kind
    self.worker = worker
    self.host = host
    self.date = date.ISO8601Format()
  }
}
