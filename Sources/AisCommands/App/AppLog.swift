import AisCore
import Foundation
import Logging
import Synchronization

/// The server's log: one JSON object a line, in a file of its own for every start.
enum AppLog {
  /// Files of earlier starts that are kept.
  private static let kept = 20

  /// - Parameters:
  ///   - path: where the user wants it, appended to; an error when it cannot be written.
  ///   - folder: where it goes otherwise; the program runs without one when that cannot be written.
  static func make(_ verbosity: VerbosityArguments, path: String?, folder: String) throws -> Logger {
    let onScreen = verbosity.makeLogger("app")
    let run = onScreen[metadataKey: "run"].map { "\($0)" } ?? ""
    let file: LogFile?
    if let path {
      guard let opened = LogFile(path) else {
        throw AisError(.fileSystem, "the log '\(path)' cannot be written. Choose another with '--log'")
      }
      file = opened
    } else {
      try? FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      prune(folder)
      let date = Date().ISO8601Format().replacing(":", with: "")
      file = LogFile("\(folder)/app-\(date)-\(getpid()).jsonl")
    }
    var logger = Logger(label: "app") { _ in
      AppLogHandler(file: file, screen: StandardErrorLog(isDetailed: verbosity.verbose), screenLevel: onScreen.logLevel)
    }
    logger.logLevel = verbosity.verbose ? .debug : .info
    logger[metadataKey: "run"] = "\(run)"
    return logger
  }

  private static func prune(_ folder: String) {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      $0.hasPrefix("app-") && $0.hasSuffix(".jsonl")
    }.sorted()
    for name in names.dropLast(kept - 1) { try? FileManager.default.removeItem(atPath: folder + "/" + name) }
  }
}

/// A file to which whole lines are appended, by any thread.
final class LogFile: Sendable {
  private let descriptor: Int32

  init?(_ path: String) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  func append(_ line: String) {
    var bytes = Array(line.utf8)
    bytes.append(0x0A)
    // One write, one line, also when two processes share the file. A log that cannot be written stops nothing.
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }
}

/// Everything into the file, and warnings on the screen too.
struct AppLogHandler: LogHandler {
  let file: LogFile?
  var screen: StandardErrorLog
  let screenLevel: Logger.Level
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(file: LogFile?, screen: StandardErrorLog, screenLevel: Logger.Level) {
    self.file = file
    self.screen = screen
    self.screenLevel = screenLevel
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var members = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
    let text = members["message"] ?? members["error"]
    members["event"] = "\(event.message)"
    members["level"] = "\(event.level)"
    members["time"] = Date().ISO8601Format(.init(includingFractionalSeconds: true))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let data = try? encoder.encode(members) { file?.append(String(decoding: data, as: UTF8.self)) }
    if event.level >= screenLevel {
      Terminal.standardError.print("ais: \(event.level): \(event.message)\(text.map { ": \($0)" } ?? "")")
    }
  }
}
