import AisCore
import AisFormats
import Foundation
import Logging
import Synchronization

/// The server's log: one JSON object a line, in a file of its own for every start.
struct AppLog {
  let logger: Logger
  /// The file; `nil` where it cannot be written.
  let path: String?

  /// Files of earlier starts that are kept.
  private static let kept = 20

  /// - Parameters:
  ///   - path: where the user wants it, appended to; an error when it cannot be written.
  ///   - folder: where it goes otherwise; the program runs without one when that cannot be written.
  static func make(_ verbosity: VerbosityArguments, path: String?, folder: String) throws -> AppLog {
    let onScreen = verbosity.makeLogger("app")
    let run = onScreen[metadataKey: "run"].map { "\($0)" } ?? ""
    var place = path.map { URL(filePath: $0).standardizedFileURL.path }
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
      let path = "\(folder)/app-\(date)-\(getpid()).jsonl"
      file = LogFile(path)
      if file != nil { place = path }
    }
    var logger = Logger(label: "app") { _ in
      AppLogHandler(file: file, screen: StandardErrorLog(isDetailed: verbosity.verbose), screenLevel: onScreen.logLevel)
    }
    logger.logLevel = verbosity.verbose ? .debug : .info
    logger[metadataKey: "run"] = "\(run)"
    return AppLog(logger: logger, path: place)
  }

  /// Most bytes of a log that are searched for a project.
  private static let mostSearched = 16 << 20

  /// The log of the last start that had a project open; `nil` when none of those kept had.
  static func last(of project: String, folder: String) -> String? {
    names(folder).reversed().map { folder + "/" + $0 }.first { path in
      guard let bytes = try? RandomAccessFile(path).contents(limit: mostSearched) else { return false }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
        guard line.contains("\"opened\""), let event = try? JSONValue(parsing: Array(line.utf8), name: path) else {
          return false
        }
        return event["event"]?.string == "opened" && event["project"]?.string == project
      }
    }
  }

  /// Files of earlier starts, the oldest first.
  private static func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      $0.hasPrefix("app-") && $0.hasSuffix(".jsonl")
    }.sorted()
  }

  private static func prune(_ folder: String) {
    for name in names(folder).dropLast(kept - 1) { try? FileManager.default.removeItem(atPath: folder + "/" + name) }
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
