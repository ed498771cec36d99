import AisCore
import CTorch
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A process that runs networks with libtorch, and its supervision.
///
/// libtorch aborts, a driver's fault or the kernel's out-of-memory killer end that process and not this one. The request in hand
/// then fails with `engineLost`; the next one gets a fresh process with the same networks. Requests take turns.
package final class EngineProcess: @unchecked Sendable {
  private let settings: EngineProcessSettings
  private let program: String
  private let lock = NSLock()
  private var child: Child?
  private var networks: [Int: NetworkGraph] = [:]
  private var nextNumber = 1
  /// How many processes were started so far.
  package private(set) var starts = 0

  /// One process from its start to its end.
  private struct Child {
    var identifier: pid_t
    var channel: EngineChannel
    var memory: SharedMemory
    /// What it said on its standard error.
    var messages: FileHandle
    var version: String
  }

  /// - Parameter program: the executable of Ais, whose command `engine` serves.
  package init(_ settings: EngineProcessSettings, program: String) {
    self.settings = settings
    self.program = program
  }

  deinit {
    guard let child else { return }
    // It sees the line closed and leaves; it holds nothing that would be lost.
    child.channel.close()
    kill(child.identifier, SIGKILL)
    var status: Int32 = 0
    waitpid(child.identifier, &status, 0)
  }

  /// The process's number, while it runs.
  package var identifier: pid_t? { lock.withLock { child?.identifier } }

  /// The version of libtorch; starts the process if need be.
  package func version() throws(AisError) -> String { try locked { () throws(AisError) in try started().version } }

  /// Hands over a network and gives the number that `run` knows it by.
  package func load(_ graph: NetworkGraph) throws(AisError) -> Int {
    try locked { () throws(AisError) in
      let number = nextNumber
      try send(graph, as: number, to: started())
      nextNumber += 1
      networks[number] = graph
      return number
    }
  }

  package func unload(_ number: Int) {
    lock.withLock {
      networks[number] = nil
      guard let child else { return }
      _ = child.channel.send(EngineRequest.unload(network: number)) && child.channel.receive(EngineReply.self) != nil
    }
  }

  /// Runs a network on values (z, y, x, channel).
  package func run(
    _ number: Int, on shape: TensorShape, _ source: UnsafeBufferPointer<Float>,
    into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) {
    try locked { () throws(AisError) in
      let child = try started()
      let inputBytes = source.count * MemoryLayout<Float>.size
      let output = inputBytes.roundedUp(to: 4096)
      try child.memory.grow(to: output + destination.count * MemoryLayout<Float>.size)
      _ = child.memory.floats(at: 0, count: source.count).update(fromContentsOf: source)
      _ = try ask(.run(network: number, shape: shape, input: 0, output: output), of: child)
      _ = destination.update(fromContentsOf: child.memory.floats(at: output, count: destination.count))
    }
  }

  /// What its tensors hold.
  package func memory() throws(AisError) -> TorchLibrary.Memory {
    try locked { () throws(AisError) in
      guard case .memory(let memory) = try ask(.memory, of: started()) else {
        throw AisError(.engineFailed, "the engine process answered something else than was asked")
      }
      return memory
    }
  }

  /// How many CUDA devices libtorch can use.
  package func deviceCount() throws(AisError) -> Int {
    try locked { () throws(AisError) in
      guard case .devices(let count) = try ask(.countDevices, of: started()) else {
        throw AisError(.engineFailed, "the engine process answered something else than was asked")
      }
      return count
    }
  }

  private func locked<Result>(_ body: () throws(AisError) -> Result) throws(AisError) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  // MARK: - With the lock held

  private func started() throws(AisError) -> Child {
    if let child { return child }
    var new = try spawn()
    child = new
    starts += 1
    guard case .ready(let version) = try ask(.begin(settings), of: new) else {
      throw AisError(.engineFailed, "the engine process answered something else than was asked")
    }
    new.version = version
    child = new
    for (number, graph) in networks.sorted(by: { $0.key < $1.key }) { try send(graph, as: number, to: new) }
    return new
  }

  private func send(_ graph: NetworkGraph, as number: Int, to child: Child) throws(AisError) {
    let description = GraphDescription(graph)
    try child.memory.grow(to: max(1, description.weightBytes))
    description.write(graph, into: child.memory)
    _ = try ask(.load(network: number, graph: description), of: child)
  }

  private func ask(_ request: EngineRequest, of child: Child) throws(AisError) -> EngineReply {
    guard child.channel.send(request), let reply = child.channel.receive(EngineReply.self) else {
      throw buried(child)
    }
    guard case .failed(let code, let message) = reply else { return reply }
    throw AisError(AisError.Code(rawValue: code), message)
  }

  private func spawn() throws(AisError) -> Child {
    let (near, far) = try EngineChannel.pair()
    defer { far.close() }
    let memory = try SharedMemory()
    let messages = ctorch_memory_file("ais-engine-messages")
    defer { if messages >= 0 { close(messages) } }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Copies first to numbers that nothing here has: an end of the line could itself be number 3 or 4.
    let copies: [(from: Int32, to: Int32)] = [
      (far.descriptor, EngineService.channelDescriptor), (memory.descriptor, EngineService.memoryDescriptor),
      (messages, 2),
    ]
    for (index, copy) in copies.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, copy.from, Int32(900 + index))
    }
    for (index, copy) in copies.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, Int32(900 + index), copy.to)
    }
    _ = ctorch_spawn_close_from(&actions, 5)

    var environment = ProcessInfo.processInfo.environment
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] { environment[name] = String(settings.threads) }
    environment["SWIFT_BACKTRACE"] = "enable=no"
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("engine"), nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }

    var identifier: pid_t = 0
    let status = posix_spawn(&identifier, program, &actions, nil, &arguments, &variables)
    guard status == 0 else {
      near.close()
      throw AisError(
        .engineUnavailable,
        "the engine process '\(program) engine' could not be started: \(String(cString: strerror(status)))")
    }
    return Child(
      identifier: identifier, channel: near, memory: memory,
      messages: FileHandle(fileDescriptor: dup(messages), closeOnDealloc: true), version: "")
  }

  /// The error that tells how a process ended; the next request starts another.
  private func buried(_ child: Child) -> AisError {
    self.child = nil
    child.channel.close()
    kill(child.identifier, SIGKILL)
    var status: Int32 = 0
    while waitpid(child.identifier, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7f
    let cause =
      switch signal {
      case 0: "ended by itself with status \((status >> 8) & 0xff)"
      case SIGKILL: "was killed, perhaps because the machine's memory was used up"
      default: "was ended by '\(String(cString: strsignal(signal)))'"
      }
    try? child.messages.seek(toOffset: 0)
    let said = (try? child.messages.readToEnd()).flatMap { String(data: $0.suffix(2000), encoding: .utf8) } ?? ""
    let lastLine = said.split(separator: "\n").last.map { ": \($0.prefix(300))" } ?? ""
    return AisError(.engineLost, "the engine process for \(settings.device) \(cause)\(lastLine)")
  }
}
