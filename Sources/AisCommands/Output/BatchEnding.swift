import AisCore
import AisWorkflows
import ArgumentParser

/// How a run over many inputs ends, the same in every command.
enum BatchEnding {
  /// Carries out a run and sums it up: exit code 1 when one of the inputs failed, 130 when it was stopped.
  ///
  /// - Parameters:
  ///   - abandon: removes what is not finished; called from any thread when the process is about to be ended.
  static func follow(
    _ cancellation: Cancellation, run: () throws(AisError) -> [BatchOutcome], summarise: ([BatchOutcome]) -> Void,
    abandon: @escaping @Sendable () -> Void = {}
  ) throws {
    let signals = StopSignals(cancellation: cancellation, abandon: abandon)
    defer { withExtendedLifetime(signals) {} }
    let outcomes: [BatchOutcome]
    do {
      outcomes = try run()
    } catch {
      guard error.code == .cancelled else { throw error }
      Terminal.standardError.draw(nil)
      Terminal.standardError.print("ais: stopped; unfinished outputs were removed")
      throw ExitCode(StopSignals.exitCode)
    }
    summarise(outcomes)
    if outcomes.contains(where: { !$0.failures.isEmpty }) { throw ExitCode.failure }
  }

  /// Names what would be refused; exit code 1 when there is something.
  static func foretell(_ refusals: [AisError]) throws {
    for refusal in refusals { Terminal.standardError.print("ais: \(refusal)") }
    if !refusals.isEmpty { throw ExitCode.failure }
  }
}
