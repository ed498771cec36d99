import Dispatch
import Foundation
import Synchronization

/// Runs commands of Slurm as processes, with an end to its patience: a busy controller may not answer for minutes.
package struct ProcessSlurmShell: SlurmShell {
  private let environment: [String: String]
  private let patience: Int

  /// - Parameter patience: seconds to wait for an answer.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment, patience: Int = 60) {
    self.environment = environment
    self.patience = patience
  }

  package func run(_ command: SlurmCommand) -> SlurmReply {
    guard let program = path(of: command.program) else { return .notInstalled }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = command.arguments
    process.environment = Self.inherited(environment)
    process.standardInput = FileHandle.nullDevice
    let (output, error) = (Collected(), Collected())
    process.standardOutput = output.pipe
    process.standardError = error.pipe
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do { try process.run() } catch {
      return .answered(status: 126, output: "", error: "'\(program)' cannot be run: \(error.localizedDescription)")
    }
    // Both at once: a process that fills one pipe while the other is read would wait forever.
    output.collect()
    error.collect()
    if ended.wait(timeout: .now() + .seconds(patience)) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
      return .silent(seconds: patience)
    }
    return .answered(status: process.terminationStatus, output: output.text, error: error.text)
  }

  private func path(of program: String) -> String? {
    for folder in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
      let path = "\(folder)/\(program)"
      if access(path, X_OK) == 0 { return path }
    }
    return nil
  }

  /// The environment without what a job has inherited from its own scheduler: new jobs must not take it for theirs.
  static func inherited(_ environment: [String: String]) -> [String: String] {
    environment.filter { name, _ in
      name == "SLURM_CONF"
        || !(name.hasPrefix("SLURM_") || name.hasPrefix("SLURMD_") || name == "CUDA_VISIBLE_DEVICES"
          || name == "ROCR_VISIBLE_DEVICES" || name == "GPU_DEVICE_ORDINAL")
    }
  }
}

/// What a process writes into one of its pipes.
private final class Collected: Sendable {
  let pipe = Pipe()
  private let bytes = Mutex<[UInt8]>([])
  private let ended = DispatchSemaphore(value: 0)

  /// Reads in a thread of its own: one borrowed from a pool may come late where others of the pool wait, and what is not read before the
  /// process has ended would count as not said.
  func collect() {
    let thread = Thread { [self] in
      let descriptor = pipe.fileHandleForReading.fileDescriptor
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        bytes.withLock { $0 += buffer[..<count] }
      }
      ended.signal()
    }
    thread.name = "ais-slurm"
    thread.start()
  }

  /// All that came. A second after the end of the process nothing more is waited for: a child of it may hold the pipe open.
  var text: String {
    _ = ended.wait(timeout: .now() + .seconds(1))
    return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
  }
}
