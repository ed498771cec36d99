import AisCore
import AisJobs
import AisWorkflows
import Foundation

/// The workers of this machine: processes of their own, so that one that dies takes nobody with it.
final class BatchCrew {
  private struct Member {
    var process: Process
    var log: String
  }

  private let arguments: [String]
  private let folder: BatchFolder
  private var members: [Int: Member] = [:]
  private let count: Int
  /// Ends without a word in a row, without a task having ended between them.
  private var losses = 0
  private static let mostLosses = 8

  /// - Parameter arguments: behind `ais batch work`.
  init(_ folder: BatchFolder, count: Int, arguments: [String]) {
    self.folder = folder
    self.count = count
    self.arguments = arguments
  }

  var isWorking: Bool { !members.isEmpty }
  /// Whether somebody has ended since the last look.
  var hasNews: Bool { members.values.contains { !$0.process.isRunning } }

  func start() throws(AisError) {
    for place in 0..<count { try start(place) }
  }

  private func start(_ place: Int) throws(AisError) {
    let process = Process()
    process.executableURL = URL(filePath: ProgramPath.current)
    process.arguments = ["batch", "work", folder.output, "--parent", "\(getpid())"] + arguments
    process.environment = Self.environment(of: place, in: ProcessInfo.processInfo.environment)
    process.standardInput = FileHandle.nullDevice
    let log = folder.logPath(of: "\(WorkerRecord.hostName)-\(getpid())-\(place + 1)")
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let output = FileHandle(forWritingAtPath: log) ?? .nullDevice
    process.standardOutput = output
    process.standardError = output
    do { try process.run() } catch {
      throw AisError(.fileSystem, "a worker could not be started: \(error.localizedDescription)")
    }
    members[place] = Member(process: process, log: log)
  }

  /// Takes notice of workers that ended, and starts others for those that were lost while there is work. Throws when workers
  /// end without a word again and again, or say why they cannot work.
  func tend(hasWork: Bool, hasAdvanced: Bool) throws(AisError) {
    if hasAdvanced { losses = 0 }
    for (place, member) in members where !member.process.isRunning {
      members[place] = nil
      let status = member.process.terminationStatus
      if member.process.terminationReason == .uncaughtSignal {
        losses += 1
        Terminal.standardError.print(
          "ais: a worker was ended by signal \(status)\(status == SIGKILL ? ", perhaps for want of memory" : ""); its log is '\(member.log)'"
        )
        guard losses <= Self.mostLosses else {
          throw AisError(
            .workerLost,
            "\(losses) workers in a row ended without a word and without finishing a task. Look at '\(member.log)', and try "
              + "fewer workers or less '--memory'")
        }
        if hasWork { try start(place) }
      } else if status != 0, status != 1, status != StopSignals.exitCode {
        throw AisError(.workerLost, "a worker could not work (exit code \(status)): \(Self.lastLine(of: member.log))")
      } else if status == 1, hasWork, members.isEmpty {
        // Exit code 1 also says that tasks failed, which the journal tells better.
        throw AisError(.workerLost, Self.lastLine(of: member.log))
      }
    }
  }

  /// Asks all workers to give their tasks back, and waits until they have.
  func stop() {
    for member in members.values where member.process.isRunning { member.process.terminate() }
    let deadline = ContinuousClock.now + .seconds(5)
    for member in members.values {
      while member.process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.02) }
      if member.process.isRunning { kill(member.process.processIdentifier, SIGKILL) }
    }
    members = [:]
  }

  /// What a worker inherits. Of the devices that this process may use each worker sees one, in turn.
  static func environment(of place: Int, in environment: [String: String]) -> [String: String] {
    var environment = environment
    for name in ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"] {
      let devices = environment[name]?.split(separator: ",").map(String.init) ?? []
      if !devices.isEmpty { environment[name] = devices[place % devices.count] }
    }
    return environment
  }

  private static func lastLine(of log: String) -> String {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    // An error of ours may be followed by a hint on how the command is used.
    let line = lines.last { $0.hasPrefix("ais: ") || $0.hasPrefix("Error: ") } ?? lines.last
    guard let line else { return "it said nothing; its log is '\(log)'" }
    return line.hasPrefix("ais: ") ? String(line.dropFirst(5)) : line
  }
}
