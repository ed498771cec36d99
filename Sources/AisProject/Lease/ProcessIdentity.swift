import Foundation

/// A process as others can recognise it: a number alone may belong to another process tomorrow.
package struct ProcessIdentity: Codable, Hashable, Sendable {
  package var host: String
  package var process: Int32
  /// The start of the machine's kernel, so that numbers from before a restart mean nothing.
  var boot: String
  /// Containers number their processes each for itself.
  var namespace: String
  /// When the process started, in ticks since the start of the kernel.
  var started: String

  static func current() -> ProcessIdentity { ProcessIdentity(process: getpid()) }

  /// A process of this machine that runs now.
  package init(process: Int32) {
    self.process = process
    host = ProcessInfo.processInfo.hostName
    boot = Self.bootIdentifier()
    namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    started = Self.startTime(of: process) ?? ""
  }

  /// Whether the process runs on this machine.
  package var runsHere: Bool { sharesMachine(with: .current()) && isRunning }

  /// Whether it can be looked from here whether the process runs.
  package var isOfThisMachine: Bool { sharesMachine(with: .current()) }

  /// Whether one of both can look whether the other runs. Of two machines that happen to have one name only one has this boot.
  func sharesMachine(with other: ProcessIdentity) -> Bool {
    host == other.host && boot == other.boot && namespace == other.namespace
  }

  /// Whether the process still runs. Asked only where `sharesMachine`.
  var isRunning: Bool {
    guard let now = Self.startTime(of: process) else {
      // Without /proc only the number is known. EPERM means that there is one of somebody else's.
      return kill(process, 0) == 0 || errno == EPERM
    }
    return now == started
  }

  private static func bootIdentifier() -> String {
    let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }

  /// Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets.
  private static func startTime(of process: Int32) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // A process that ended and was not waited for is dead.
    guard fields.count > 19, fields[0] != "Z" else { return nil }
    return String(fields[19])
  }
}
