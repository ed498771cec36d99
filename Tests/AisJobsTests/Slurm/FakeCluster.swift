import AisJobs
import Synchronization

/// A cluster that gives the answers it was told to give, and remembers what it was asked.
final class FakeCluster: SlurmShell {
  private let answers: [String: SlurmReply]
  private let numbers = Mutex(11)
  private let asked = Mutex<[SlurmCommand]>([])

  /// - Parameter answers: by program. Without one, `sbatch` gives the numbers 12, 13, … and the others say nothing.
  init(_ answers: [String: SlurmReply] = [:]) { self.answers = answers }

  var commands: [String] { asked.withLock { $0.map(\.line) } }

  func run(_ command: SlurmCommand) -> SlurmReply {
    asked.withLock { $0.append(command) }
    if let answer = answers[command.program] { return answer }
    guard command.program == "sbatch" else { return .answered(status: 0, output: "", error: "") }
    let number = numbers.withLock { number in
      number += 1
      return number
    }
    return .answered(status: 0, output: "\(number)\n", error: "")
  }

  static func failed(_ error: String, status: Int32 = 1) -> SlurmReply {
    .answered(status: status, output: "", error: error)
  }
}

extension SlurmReply {
  static func says(_ output: String) -> SlurmReply { .answered(status: 0, output: output, error: "") }
}
