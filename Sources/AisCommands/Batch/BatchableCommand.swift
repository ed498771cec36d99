import AisCore
import AisWorkflows
import ArgumentParser
import Logging

/// A command that makes outputs from each of many inputs, and that a batch can therefore carry out input by input.
protocol BatchableCommand: ParsableCommand {
  /// Files, folders and patterns as typed; of one task, its own inputs.
  var batchInputs: [String] { get set }
  var output: String { get }
  /// Whether outputs are made again that are there.
  var force: Bool { get set }
  var verbosity: VerbosityArguments { get }
  /// What was typed of the machine and of trying: these belong to the one who types and not to the work.
  var typedThreads: Int? { get }
  var typedMemory: ByteCount? { get }
  var dryRun: Bool { get }
  /// Of segmentations that an earlier stage makes, only those of this feature.
  var wantedFeature: String? { get }

  /// Plans the work on inputs that are there.
  func work(
    threads: Int, memory: ByteCount, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork

  /// The settings and the outputs for inputs that need not be there yet; `nil` for commands that come first.
  func outline() throws(AisError) -> CommandOutline?
}

/// One over what other commands have made. Its options of the machine are those of all.
protocol LaterCommand: BatchableCommand {
  var machine: MachineArguments { get }
}

extension LaterCommand {
  var typedThreads: Int? { machine.threads }
  var typedMemory: ByteCount? { machine.memory }
}

extension SegmentCommand: BatchableCommand {
  var batchInputs: [String] {
    get { tomograms }
    set { tomograms = newValue }
  }
  var typedThreads: Int? { engine.threads }
  var typedMemory: ByteCount? { memory }
  var wantedFeature: String? { nil }

  func work(
    threads: Int, memory: ByteCount, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    var engine = engine
    engine.threads = threads
    return try SegmentRun.work(
      request(memoryLimit: memory.bytes, threads: threads), engine: engine.makeEngine(memoryLimit: memory.bytes),
      logger: logger,
      cancellation: cancellation)
  }

  func outline() throws(AisError) -> CommandOutline? { nil }
}

extension PickCommand: LaterCommand {
  var batchInputs: [String] {
    get { segmentations }
    set { segmentations = newValue }
  }
  var wantedFeature: String? { feature }

  func work(
    threads: Int, memory: ByteCount, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    try PickRun.work(
      request(memoryLimit: memory.bytes, threads: threads), logger: logger, cancellation: cancellation)
  }

  func outline() throws(AisError) -> CommandOutline? {
    try PickRun.outline(request(memoryLimit: 1 << 30, threads: 1))
  }
}

extension MeshCommand: LaterCommand {
  var batchInputs: [String] {
    get { segmentations }
    set { segmentations = newValue }
  }
  var wantedFeature: String? { feature }

  func work(
    threads: Int, memory: ByteCount, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    try MeshRun.work(
      request(memoryLimit: memory.bytes, threads: threads), logger: logger, cancellation: cancellation)
  }

  func outline() throws(AisError) -> CommandOutline? {
    try MeshRun.outline(request(memoryLimit: 1 << 30, threads: 1))
  }
}

extension MeasureCommand: LaterCommand {
  var batchInputs: [String] {
    get { inputs }
    set { inputs = newValue }
  }
  var wantedFeature: String? { nil }

  /// Only a task over several inputs writes the summary of all.
  func work(
    threads: Int, memory: ByteCount, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    var request = try request(memoryLimit: memory.bytes, threads: threads)
    request.writesSummary = inputs.count > 1
    return try MeasureRun(request, logger: logger, cancellation: cancellation).work()
  }

  func outline() throws(AisError) -> CommandOutline? {
    try MeasureRun.outline(request(memoryLimit: 1 << 30, threads: 1))
  }
}
