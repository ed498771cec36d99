import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser

/// What networks run on: the options that mean the same in every command that runs them.
package struct EngineArguments: ParsableArguments {
  /// Where the arithmetic is done.
  package enum Device: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// The fastest there is.
    case auto
    case cpu
  }

  /// The numbers that the arithmetic is done with.
  package enum Precision: String, CaseIterable, ExpressibleByArgument, Sendable { case float32 }

  @Option(help: "What to compute on; auto is the fastest there is.")
  package var device: Device = .auto

  @Option(help: "The numbers to compute with.")
  package var precision: Precision = .float32

  @Option(
    help: ArgumentHelp(
      "Threads to compute with. Without it, as many as this process may use (affinity mask, control group, Slurm).",
      valueName: "count"))
  package var threads: Int?

  package init() {}

  package func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): expected 1 to 1024")
    }
  }

  /// The engine that these options ask for.
  package func makeEngine() throws(AisError) -> any Engine {
    switch device {
    case .auto, .cpu: try CPUEngine(threads: threads ?? MachineResources.current().threads)
    }
  }
}
