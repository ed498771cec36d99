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
/// libtorch aborts, a driver's fault or the kernel's out-of-memory killer end that process and not this one. Requests that have no
/// answer yet then fail with `engineLost`; the next one gets a fresh process with the same networks. Requests are answered in their
/// order; runs can be asked for while earlier ones are computed.
package final class EngineProcess: @unchecked Sendable {
  // Invariant: everything mutable is read and written with `lock` held.
  private var settings: EngineProcessSettings
  private let program: String
  private let lock = NSLock()
  private var child: Child?
  private var networks: [Int: (graph: NetworkGraph, element: TorchTensor.Element)] = [:]
  /// Runs that were asked for and not answered, in their order.
  private var unanswered: [Ticket] = []
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
    var freeBytes: Int?
  }

  /// A run that was asked for. Its process keeps a place for it until `collect` or `discard`.
  package final class Ticket {
    fileprivate let memory: SharedMemory
    fileprivate let place: Range<Int>
    /// Where the answers begin, and how many values they are.
    fileprivate let output: Int
    fileprivate let outputCount: Int
    fileprivate var outcome: Result<Void, AisError>?

    fileprivate init(memory: SharedMemory, place: Range<Int>, output: Int, outputCount: Int) {
      self.memory = memory
      self.place = place
      self.output = output
      self.outputCount = outputCount
    }
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

  /// Bytes of its card's memory that no program held when the process was started; `nil` on the processor.
  package func freeBytes() throws(AisError) -> Int? { try locked { () throws(AisError) in try started().freeBytes } }

  /// Hands over a network, to be computed with such numbers, and gives the number that `run` knows it by.
  package func load(_ graph: NetworkGraph, element: TorchTensor.Element) throws(AisError) -> Int {
    try locked { () throws(AisError) in
      let number = nextNumber
      try send(graph, element, as: number, to: started())
      nextNumber += 1
      networks[number] = (graph, element)
      return number
    }
  }

  package func unload(_ number: Int) {
    lock.withLock {
      networks[number] = nil
      settleUnanswered()
      guard let child else { return }
      _ = child.channel.send(EngineRequest.unload(network: number)) && child.channel.receive(EngineReply.self) != nil
    }
  }

  /// From here on its tensors on the processor may hold at most so many bytes, also those of a process that takes its place.
  package func setMemoryBudget(_ bytes: Int?) throws(AisError) {
    try locked { () throws(AisError) in
      settings.memoryBudget = bytes
      guard let child else { return }
      _ = try ask(.budget(bytes: bytes), of: child)
    }
  }

  /// Asks for a run of a network on `count` inputs of values (z, y, x, channel) and does not wait for it.
  ///
  /// - Parameters:
  ///   - outputCount: values of all answers together.
  ///   - write: fills in all inputs, one after another.
  package func submit(
    _ number: Int, count: Int = 1, on shape: TensorShape, outputCount: Int,
    write: (UnsafeMutableBufferPointer<Float>) -> Void
  ) throws(AisError) -> Ticket {
    try locked { () throws(AisError) in
      let child = try started()
      let bytes = MemoryLayout<Float>.size
      let inputBytes = (count * shape.count * bytes).roundedUp(to: 4096)
      let place = try child.memory.reserve(inputBytes + outputCount * bytes)
      let ticket = Ticket(
        memory: child.memory, place: place, output: place.lowerBound + inputBytes, outputCount: outputCount)
      write(child.memory.floats(at: place.lowerBound, count: count * shape.count))
      let request = EngineRequest.run(
        network: number, count: count, shape: shape, input: place.lowerBound, output: ticket.output)
      guard child.channel.send(request) else {
        child.memory.release(place)
        throw buried(child)
      }
      unanswered.append(ticket)
      return ticket
    }
  }

  /// Waits for a run, and has its answers read, one after another, if it succeeded.
  package func collect(_ ticket: Ticket, read: (UnsafeBufferPointer<Float>) -> Void) throws(AisError) {
    try locked { () throws(AisError) in
      defer { ticket.memory.release(ticket.place) }
      let outcome = outcome(of: ticket)
      if case .failure(let error) = outcome { throw error }
      read(UnsafeBufferPointer(ticket.memory.floats(at: ticket.output, count: ticket.outputCount)))
    }
  }

  /// Gives up a run whose answer nobody wants; waits until it is over.
  package func discard(_ ticket: Ticket) {
    lock.withLock {
      _ = outcome(of: ticket)
      ticket.memory.release(ticket.place)
    }
  }

  /// Runs a network on values (z, y, x, channel).
  package func run(
    _ number: Int, on shape: TensorShape, outputCount: Int, write: (UnsafeMutableBufferPointer<Float>) -> Void,
    read: (UnsafeBufferPointer<Float>) -> Void
  ) throws(AisError) {
    try collect(submit(number, on: shape, outputCount: outputCount, write: write), read: read)
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
    guard case .ready(let version, let freeBytes) = try ask(.begin(settings), of: new) else {
      throw AisError(.engineFailed, "the engine process answered something else than was asked")
    }
    new.version = version
    new.freeBytes = freeBytes
    child = new
    for (number, network) in networks.sorted(by: { $0.key < $1.key }) {
      try send(network.graph, network.element, as: number, to: new)
    }
    return new
  }

  private func send(
    _ graph: NetworkGraph, _ element: TorchTensor.Element, as number: Int, to child: Child
  ) throws(AisError) {
    let place = try child.memory.reserve(GraphDescription(graph).weightBytes)
    defer { child.memory.release(place) }
    let description = GraphDescription(graph, from: place.lowerBound)
    description.write(graph, into: child.memory)
    _ = try ask(.load(network: number, graph: description, element: element), of: child)
  }

  /// How a run ended; waits for it.
  private func outcome(of ticket: Ticket) -> Result<Void, AisError> {
    while true {
      if let outcome = ticket.outcome { return outcome }
      receiveAnswer()
    }
  }

  /// Answers come in the order of the requests: those of runs first.
  private func settleUnanswered() {
    while !unanswered.isEmpty { receiveAnswer() }
  }

  /// Takes in the answer to the run that was asked for first.
  private func receiveAnswer() {
    // Whoever buries a process settles all of its runs.
    guard let child, let ticket = unanswered.first else { preconditionFailure("a run without a process") }
    guard let reply = child.channel.receive(EngineReply.self) else {
      _ = buried(child)
      return
    }
    unanswered.removeFirst()
    if case .failed(let code, let message) = reply {
      ticket.outcome = .failure(AisError(AisError.Code(rawValue: code), message))
    } else {
      ticket.outcome = .success(())
    }
  }

  private func ask(_ request: EngineRequest, of child: Child) throws(AisError) -> EngineReply {
    settleUnanswered()
    guard self.child != nil else { throw AisError(.engineLost, "the engine process for \(settings.device) is gone") }
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
    let error = AisError(.engineLost, "the engine process for \(settings.device) \(cause)\(lastLine)")
    for ticket in unanswered { ticket.outcome = .failure(error) }
    unanswered = []
    return error
  }
}
