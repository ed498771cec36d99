import AisCore

/// What happens while inputs are worked on, for those who watch.
package enum BatchEvent: Sendable {
  /// The input of this index begins.
  case started(index: Int)
  /// The fraction of it that is done, 0…1.
  case progress(index: Int, fraction: Double)
  case finished(index: Int, BatchOutcome)
}

/// How one input ended.
package struct BatchOutcome: Sendable {
  package var input: String
  /// Files written.
  package var written: [String] = []
  /// Files that were there already.
  package var skipped: [String] = []
  package var failures: [AisError] = []
  /// Things worth knowing that are no failures.
  package var warnings: [String] = []
  /// What was found, for people.
  package var lines: [String] = []
  /// What was found, for programs: the member `results` of the JSON line.
  package var results: (any Encodable & Sendable)?
  package var seconds = 0.0

  package init(input: String, skipped: [String] = [], failures: [AisError] = []) {
    self.input = input
    self.skipped = skipped
    self.failures = failures.map { $0.naming(input) }
  }
}

/// Works on many inputs, one after the other.
package enum Batch {
  /// Does every input, whatever becomes of the others, and tells how each ended.
  ///
  /// - Parameters:
  ///   - outcomes: one for each input, with what the plan already knows: outputs that are there, refusals.
  ///   - body: does the input of an index and fills its outcome; an error of it ends this input only.
  /// - Throws: `cancelled` when asked to stop.
  package static func run(
    _ outcomes: [BatchOutcome], cancellation: Cancellation, watch: @escaping (BatchEvent) -> Void,
    _ body: (_ index: Int, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void) throws(AisError) -> Void
  ) throws(AisError) -> [BatchOutcome] {
    var outcomes = outcomes
    for index in outcomes.indices {
      try cancellation.check()
      watch(.started(index: index))
      let start = ContinuousClock.now
      do throws(AisError) {
        try body(index, &outcomes[index]) { watch(.progress(index: index, fraction: $0)) }
      } catch {
        if error.code == .cancelled { throw error }
        outcomes[index].fail(error)
      }
      let elapsed = (ContinuousClock.now - start).components
      outcomes[index].seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      watch(.finished(index: index, outcomes[index]))
    }
    return outcomes
  }
}

extension BatchOutcome {
  /// Notes a failure; its message names the input.
  package mutating func fail(_ error: AisError) { failures.append(error.naming(input)) }
}

extension AisError {
  /// The same, with a message that names the input, if it does not already.
  package func naming(_ input: String) -> AisError {
    if message.contains("'\(input)'") { return self }
    var named = self
    named.message = "'\(input)': \(message)"
    return named
  }
}
