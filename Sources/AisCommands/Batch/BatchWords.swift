import ArgumentParser

/// What stands behind the options of `ais batch run` and `ais batch submit`: commands as typed, or the folder of a batch.
package struct BatchWords: ParsableArguments {
  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("A command and its options and inputs, or the output folder of a batch.", valueName: "command"))
  package var words: [String] = []

  package init() {}

  /// The folder of a batch that is there. One called 'segment' is still meant as the command.
  var folder: String? {
    guard words.count == 1, !BatchLine.commands.contains(words[0]), !words[0].hasPrefix("-") else { return nil }
    return words[0]
  }

  /// Refuses an empty line, and answers a question for help, which the words have swallowed.
  func validate(for command: (some ParsableCommand).Type, example: String) throws {
    switch words.first {
    case nil: throw ValidationError("what should be run? For example: \(example)")
    case "--help", "-h": throw CleanExit.helpRequest(command)
    default: return
    }
  }
}
