import AisCore

/// What a command is going to do with its inputs, in the terms that all commands have in common: what a batch is planned
/// from, and carried out by.
package struct CommandWork {
  /// One input and what becomes of it.
  package struct Item: Sendable {
    package var input: String
    package var outputs: [String]
    /// Whether all outputs are there already, made with the same settings and input.
    package var isFinished = false
    package var refusals: [AisError] = []
    /// What changes its outputs besides the settings of all.
    package var settings: String?
    /// Forecasts, where the command makes them.
    package var seconds: Double?
    package var memoryBytes: Int?
    package var diskBytes: Int?

    init(input: String, outputs: [String]) {
      self.input = input
      self.outputs = outputs
    }
  }

  package var items: [Item]
  /// Everything that changes the outputs besides the inputs, in JSON.
  package var settings: String
  /// Does all items, one after the other.
  package var run: (_ watch: @escaping (BatchEvent) -> Void) throws(AisError) -> [BatchOutcome]
  /// Removes what is not finished; from any thread.
  package var abandon: @Sendable () -> Void
}

/// What a command would make of inputs that are not there yet: an earlier stage of a batch is going to make them.
package struct CommandOutline: Sendable {
  /// As `CommandWork.settings`.
  package var settings: String
  /// The outputs of each input.
  package var outputs: [[String]]
}
