import AisCore
import ArgumentParser

/// What was typed behind `ais batch run`: one command, or several with `--then` between them.
struct BatchLine {
  /// The word between commands.
  static let separator = "--then"
  static let commands = ["segment", "pick", "mesh", "measure"]

  /// What belongs to the batch and not to one of its commands.
  private static let ownOptions: Set<String> = [
    "--workers", "--preview", "--lease", "--slurm", "--print", "--partition", "--time", "--gpus", "--cpus", "--at-once",
  ]

  /// The words of each command, its name first.
  let stages: [[String]]

  init(_ words: [String]) throws {
    stages = words.split(separator: Self.separator, omittingEmptySubsequences: false).map(Array.init)
    for stage in stages {
      guard let name = stage.first else {
        throw ValidationError("'\(Self.separator)' stands between two commands, as in: segment … --then pick …")
      }
      guard Self.commands.contains(name) else {
        throw ValidationError(
          "'\(name)' does not run in batches: expected \(Self.commands.dropLast().joined(separator: ", ")) or "
            + "\(Self.commands.last!), or the output folder of a batch")
      }
      // They would be taken for options of the command, and refused without saying where they belong.
      if let own = stage.first(where: { Self.ownOptions.contains(String($0.prefix { $0 != "=" })) }) {
        throw ValidationError("'\(own)' belongs in front of the command: ais batch … \(own) … \(name) …")
      }
    }
  }

  /// The command that words stand for, with its inputs replaced.
  static func command(_ words: [String], inputs: [String]? = nil) throws -> any BatchableCommand {
    // Without a word for the inputs the parser would miss them.
    var parsed = try AisCommand.parseAsRoot(words + (inputs ?? []))
    guard var command = parsed as? any BatchableCommand else {
      // The parser's own answer to '--help'.
      if !Set(words).isDisjoint(with: ["--help", "-h"]) { try parsed.run() }
      throw ValidationError("'\(words.joined(separator: " "))' is not a command that runs in batches")
    }
    if let inputs { command.batchInputs = inputs }
    return command
  }
}
