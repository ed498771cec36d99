import ArgumentParser
import Foundation
import Logging

/// How much a command says, the same everywhere.
package struct VerbosityArguments: ParsableArguments {
  @Flag(help: "Print one JSON object a line instead of text, for programs.")
  package var json = false

  @Flag(name: [.short, .long], help: "Print errors only.")
  package var quiet = false

  @Flag(name: [.short, .long], help: "Say more: what was decided and why, with times.")
  package var verbose = false

  package init() {}

  package func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose contradict each other") }
  }

  /// A log on standard error. Every run has its own id, so that lines of several runs in one file can be told apart.
  package func makeLogger(_ command: String) -> Logger {
    let level: Logger.Level = quiet ? .error : verbose ? .debug : .warning
    let id = String(UInt32.random(in: .min ... .max), radix: 16)
    var logger = Logger(label: command) { _ in StandardErrorLog(isDetailed: verbose) }
    logger.logLevel = level
    logger[metadataKey: "run"] = "\(String(repeating: "0", count: 8 - id.count))\(id)"
    return logger
  }
}

/// Log lines for people: `ais: warning: …`, and with details the time and the run.
struct StandardErrorLog: LogHandler {
  var isDetailed: Bool
  var logLevel = Logger.Level.warning
  var metadata: Logger.Metadata = [:]

  init(isDetailed: Bool) { self.isDetailed = isDetailed }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = "ais: "
    if isDetailed { line = "\(Date().ISO8601Format()) ais \(metadata["run"].map { "\($0) " } ?? "")" }
    Terminal.standardError.print("\(line)\(event.level): \(event.message)")
  }
}
