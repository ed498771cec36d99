import AisCore
import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs networks on our own kernels: Winograd for 3×3 and 3×3×3 convolutions, an indirect matrix product for the others.
///
///     let engine = try CPUEngine(threads: MachineResources.current().threads)
///     let plan = try engine.load(graph).plan(for: shape)
///
/// All plans of one engine share its threads; runs that overlap take turns. Results do not depend on the number of
/// threads. They depend, in the last bits, on the instruction set, which is why `details` names it.
package struct CPUEngine: Engine {
  package let instructionSet: InstructionSet
  let team: ThreadTeam
  let costs: CostModel

  /// - Parameters:
  ///   - threads: how many threads share the work on one slice, at least 1.
  ///   - instructionSet: must be in `InstructionSet.available`. By default the fastest, but no faster than the environment
  ///     variable `AIS_INSTRUCTION_SET` (`avx512`, `avx2`, `baseline`) says.
  package init(threads: Int, instructionSet: InstructionSet? = nil) throws(AisError) {
    let cap = getenv("AIS_INSTRUCTION_SET").map { String(cString: $0) }
    let set = instructionSet ?? .best(cappedBy: cap)
    guard set <= .best else {
      throw AisError(
        .engineUnavailable,
        "this processor cannot run '\(set.rawValue)' instructions, the fastest that it can is '\(InstructionSet.best.rawValue)'"
      )
    }
    self.instructionSet = set
    team = try ThreadTeam(threads: threads)
    costs = CostModel(instructionSet: set, threads: team.size)
  }

  package var name: String { "cpu" }

  /// Threads that share the work.
  package var threads: Int { team.size }

  package var details: [String: String] {
    ["instructionSet": instructionSet.rawValue, "precision": "float32", "threads": String(team.size)]
  }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    try CPUNetwork(graph: graph, engine: self)
  }
}
