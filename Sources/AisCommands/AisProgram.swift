import ArgumentParser

/// The whole program behind `main`, so that tests and the executable share it.
package enum AisProgram {
  /// Parses the command line, runs the command and leaves the process with its exit code.
  package static func main() async {
    await AisCommand.main()
  }
}
