/// A command of Slurm as data: what is run can be shown, recorded and tested without running it.
package struct SlurmCommand: Sendable, Hashable {
  package var program: String
  package var arguments: [String]

  package init(_ program: String, _ arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  /// As it would be typed.
  package var line: String { ([program] + arguments).joined(separator: " ") }

  /// Submits a script; answers with the job's number (`12`, or `12;cluster`).
  package static func submit(_ script: String) -> SlurmCommand { SlurmCommand("sbatch", ["--parsable", script]) }

  /// Whether Slurm is there at all.
  package static let version = SlurmCommand("sbatch", ["--version"])

  /// Limits of this cluster, `MaxArraySize` among them.
  package static let configuration = SlurmCommand("scontrol", ["show", "config"])

  /// The names of the partitions that this user can see.
  package static let partitions = SlurmCommand("sinfo", ["--noheader", "--format=%R"])

  /// What the controller knows of jobs: one line for each array task, also for those that have ended a short while ago.
  ///
  /// Fields are named and not read from `--json`, which Slurm has only where it was built with that library, in a form that
  /// changes with its version.
  package static func queue(_ jobs: [Int]) -> SlurmCommand {
    SlurmCommand(
      "squeue", ["--noheader", "--array", "--states=all", "--jobs=\(list(jobs))", "--format=%F|%K|%T|%r|%N"])
  }

  /// What the accounting knows of jobs, where a cluster has one.
  package static func accounting(_ jobs: [Int]) -> SlurmCommand {
    SlurmCommand(
      "sacct", ["--noheader", "--parsable2", "--allocations", "--jobs=\(list(jobs))", "--format=JobID,State,NodeList"])
  }

  package static func cancel(_ jobs: [Int]) -> SlurmCommand { SlurmCommand("scancel", jobs.map(String.init)) }

  /// Puts a running array task back into the queue: `12_3`, or `12` for a job without an array.
  package static func requeue(_ element: String) -> SlurmCommand { SlurmCommand("scontrol", ["requeue", element]) }

  private static func list(_ jobs: [Int]) -> String { jobs.map(String.init).joined(separator: ",") }
}

/// What came of a command of Slurm.
package enum SlurmReply: Sendable, Hashable {
  case answered(status: Int32, output: String, error: String)
  /// No such program in `PATH`.
  case notInstalled
  /// Nothing within the time that it was given.
  case silent(seconds: Int)

  /// The output of a command that succeeded.
  package var output: String? {
    guard case .answered(0, let output, _) = self else { return nil }
    return output
  }

  /// What it complained of, in one line, for people.
  package var complaint: String {
    switch self {
    case .answered(let status, let output, let error):
      let lines = (error.isEmpty ? output : error).split(whereSeparator: \.isNewline).map { line in
        String(line.drop { $0 == " " })
      }
      return lines.isEmpty ? "it ended with exit code \(status) and said nothing" : lines.joined(separator: "; ")
    case .notInstalled: return "it is not installed, or not in PATH"
    case .silent(let seconds): return "it gave no answer within \(seconds) s"
    }
  }
}

/// Where commands of Slurm are run: a cluster, or a test's idea of one.
package protocol SlurmShell: Sendable {
  func run(_ command: SlurmCommand) -> SlurmReply
}
