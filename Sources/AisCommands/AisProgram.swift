import AisCore
import ArgumentParser
import Foundation

/// The whole program behind `main`, so that tests and the executable share it.
package enum AisProgram {
  /// Parses the command line, runs the command and leaves the process with its exit code.
  ///
  /// 0: everything went well; 1: something failed and was named on standard error; 2: the command line is wrong.
  package static func main() async {
    armCrashPoint()
    // A file that outgrows the shell's limit ('ulimit -f') is then an error of the write and not a death without words.
    signal(SIGXFSZ, SIG_IGN)
    do {
      let command = try AisCommand.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        var synchronous = command
        try synchronous.run()
      }
    } catch {
      leave(with: error)
    }
  }

  /// Prints what `error` says, help and version (which are errors to the parser) on standard output, and exits.
  private static func leave(with error: any Error) -> Never {
    let code = AisCommand.exitCode(for: error)
    if let error = error as? AisError {
      // The parser would write 'Error: '; a line among those of other programs should say whose it is.
      Terminal.standardError.print("ais: \(error)")
      Foundation.exit(code.rawValue)
    }
    var text = AisCommand.fullMessage(for: error)
    if !text.isEmpty {
      if code.isSuccess {
        Terminal.standardOutput.print(text: text)
      } else {
        // The parser's text has line breaks of its own, around a message that quotes arguments and files.
        let message = AisCommand.message(for: error)
        text = text.replacingOccurrences(of: message, with: PrintableText.line(message))
        Terminal.standardError.print(text: text)
      }
    }
    // The parser's own code for a wrong command line is BSD's EX_USAGE, 64; shells and scripts know 2.
    Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
  }
}
