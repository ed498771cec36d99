import AisCore
import Foundation

/// What a worker says about itself when it starts (schema `ais.batch-worker/1`); never changed.
package struct WorkerRecord: Codable, Sendable, Hashable {
  package static let schemaName = "ais.batch-worker/1"
  /// A minute: longer than network file systems keep what they know of a file.
  package static let standardLeaseSeconds = 60.0

  package private(set) var schema = WorkerRecord.schemaName
  /// Part of file names.
  package var id: String
  package var host: String
  package var process: ProcessIdentity
  package var version = AisVersion.current
  package var date: String
  /// Seconds between two signs of life.
  package var signSeconds: Double
  /// After so many seconds without one, others may take what it works on.
  package var leaseSeconds: Double
  package var threads: Int
  package var memoryBytes: Int
  /// What it was told to compute on.
  package var device: String?
  /// Which job of a scheduler it is part of, if any.
  package var job: String?

  package init(
    host: String, process: ProcessIdentity, leaseSeconds: Double, threads: Int, memoryBytes: Int, date: Date = Date()
  ) {
    let random = String(UInt32.random(in: .min ... .max), radix: 16)
    id = "\(host)-\(process.number)-\(String(repeating: "0", count: 8 - random.count))\(random)"
    self.host = host
    self.process = process
    self.date = date.ISO8601Format()
    self.leaseSeconds = leaseSeconds
    signSeconds = min(5, leaseSeconds / 6)
    self.threads = threads
    self.memoryBytes = memoryBytes
  }

  package var lease: Duration { .seconds(leaseSeconds) }

  /// This machine's name, its first label.
  package static var hostName: String {
    let name = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "host"
    return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}

/// A process as the kernel tells it from all others that ever were: its number alone is used again and again, and means
/// something else in every container.
package struct ProcessIdentity: Codable, Sendable, Hashable {
  package var number: Int32
  /// When it started, in the kernel's ticks since boot.
  package var start: String?
  /// Which start of the machine.
  package var boot: String?
  /// Which family of process numbers (`pid:[4026531836]`).
  package var namespace: String?

  /// This process.
  package static var current: ProcessIdentity {
    let number = getpid()
    return ProcessIdentity(
      number: number, start: startTime(of: number),
      boot: (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines),
      namespace: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
  }

  /// Whether the process is certainly no more: it was one of this boot of this machine, in this family of numbers, and its
  /// number is free or somebody else's. `false` whenever that cannot be told from here.
  package func isGone(seenFrom observer: ProcessIdentity) -> Bool {
    guard let boot, let namespace, let start, observer.boot == boot, observer.namespace == namespace else {
      return false
    }
    if kill(number, 0) != 0, errno == ESRCH { return true }
    guard let now = Self.startTime(of: number) else { return false }
    return now != start || Self.isZombie(number)
  }

  private static func statistics(of number: Int32) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
      // The name in parentheses may hold spaces and parentheses of its own.
      let end = text.lastIndex(of: ")")
    else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func startTime(of number: Int32) -> String? {
    // Field 22 of the line; the state behind the name is field 3.
    statistics(of: number).flatMap { $0.count > 19 ? String($0[19]) : nil }
  }

  /// Whether it has ended and only waits for its parent to take notice.
  private static func isZombie(_ number: Int32) -> Bool { statistics(of: number)?.first == "Z" }
}

/// A worker's sign of life: a count that grows, and what it is doing.
package struct LifeSign: Codable, Sendable, Hashable {
  package var count: Int
  /// The task in hand.
  package var task: String?
  /// How much of it is done, 0 to 1.
  package var fraction: Double?
  /// Whether the worker has ended of its own will.
  package var hasEnded: Bool?

  package init(count: Int) { self.count = count }
}
