import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Logging

/// Threads and memory: the options that mean the same in every command that computes without a network.
package struct MachineArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Threads to compute with. Without it, as many as this process may use (affinity mask, control group, Slurm).",
      valueName: "count"))
  package var threads: Int?

  @Option(
    help: ArgumentHelp(
      "The memory that may be used, such as 4GiB. Without it, what this process may have (free memory, control group, Slurm).",
      valueName: "amount"),
    transform: Quantity.byteCount)
  package var memory: ByteCount?

  package init() {}

  package func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): expected 1 to 1024")
    }
  }

  /// What may be used, by the options or by what the machine grants; and freed memory goes back at once.
  package func settled(_ logger: Logger) -> (threads: Int, memory: ByteCount) {
    FreedMemory.goesBackAtOnce()
    let resources = MachineResources.current()
    let limit = memory ?? ByteCount(resources.memoryBytes)
    let count = threads ?? resources.threads
    logger.debug(
      "\(count) threads (\(threads == nil ? resources.threadsReason : "--threads")), \(limit) of memory (\(memory == nil ? resources.memoryReason : "--memory"))"
    )
    return (count, limit)
  }
}
