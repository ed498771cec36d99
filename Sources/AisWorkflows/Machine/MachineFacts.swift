import Foundation

/// Where facts about the machine come from: the environment and small text files of the kernel.
///
/// A value, so that tests can describe any machine: a Slurm node, a container with half a processor, a laptop.
package struct MachineFacts: Sendable {
  /// Environment variables.
  package var environment: [String: String]
  /// The text of a file under `/proc` or `/sys`, or `nil` when it is not there or cannot be read.
  package var text: @Sendable (_ path: String) -> String?
  /// Processors that the operating system counts, for systems without `/proc`.
  package var processorCount: Int
  /// Bytes of memory that the operating system counts, for systems without `/proc`.
  package var physicalMemoryBytes: Int

  package init(
    environment: [String: String], processorCount: Int, physicalMemoryBytes: Int,
    text: @escaping @Sendable (_ path: String) -> String?
  ) {
    self.environment = environment
    self.processorCount = processorCount
    self.physicalMemoryBytes = physicalMemoryBytes
    self.text = text
  }

  /// This machine, as it is now.
  package static var current: MachineFacts {
    MachineFacts(
      environment: ProcessInfo.processInfo.environment,
      processorCount: ProcessInfo.processInfo.activeProcessorCount,
      physicalMemoryBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory)
    ) { path in
      try? String(contentsOfFile: path, encoding: .utf8)
    }
  }
}
