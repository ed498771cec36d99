import AisCore
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The engine process's side: answers requests, one after another, on one thread. That thread owns everything of libtorch's.
package struct EngineService {
  /// Where a child finds its end of the line and the shared memory.
  package static let channelDescriptor: Int32 = 3
  package static let memoryDescriptor: Int32 = 4

  private let channel: EngineChannel
  private let memory: SharedMemory
  private var settings: EngineProcessSettings?
  private var library: TorchLibrary?
  private var networks: [Int: (network: TorchNetwork, element: TorchTensor.Element)] = [:]

  /// Whether this process was started with a line to another, as `run` needs.
  package static var canServe: Bool {
    var facts = stat()
    return fstat(channelDescriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFSOCK
      && fstat(memoryDescriptor, &facts) == 0
  }

  /// Serves the program that started this process until it is gone.
  package static func run() {
    let channel = EngineChannel(descriptor: channelDescriptor)
    // The program may die while a long request is computed; nobody wants the answer then, and nothing may stay behind.
    let watch = Thread {
      channel.waitForHangUp()
      _exit(0)
    }
    watch.stackSize = 1 << 16
    watch.start()
    var service = EngineService(channel: channel, memory: SharedMemory(inherited: memoryDescriptor))
    while let request = channel.receive(EngineRequest.self) {
      guard channel.send(service.answer(request)) else { break }
    }
  }

  private init(channel: EngineChannel, memory: SharedMemory) {
    self.channel = channel
    self.memory = memory
  }

  private mutating func answer(_ request: EngineRequest) -> EngineReply {
    do throws(AisError) {
      return try perform(request)
    } catch {
      // What was held for the failed request must not stand in the way of a smaller one.
      if let library, let settings { try? library.releaseCached(on: settings.device) }
      return .failed(code: error.code.rawValue, message: error.message)
    }
  }

  private mutating func perform(_ request: EngineRequest) throws(AisError) -> EngineReply {
    switch request {
    case .begin(let settings):
      let library = try TorchLibrary(settings.installation)
      try library.setThreads(settings.threads)
      try library.setBudget(settings.memoryBudget)
      // Who wants less than 32 bits says so: float32 stays what it says.
      try library.setGPUMath(roundsFactors: false, triesAlgorithms: true)
      self.settings = settings
      self.library = library
      let free = settings.device == .processor ? nil : try library.deviceMemory(settings.device).free
      return .ready(version: library.version, freeBytes: free)
    case .load(let number, let description, let element):
      let (library, settings) = try begun()
      try memory.follow(to: (description.weights.first?.offset ?? 0) + description.weightBytes)
      let network = try TorchNetwork(
        description.graph(reading: memory), library: library, device: settings.device, element: element)
      networks[number] = (network, element)
      return .done
    case .run(let number, let count, let shape, let input, let output):
      try run(number, count: count, shape: shape, input: input, output: output)
      return .done
    case .unload(let number):
      networks[number] = nil
      return .done
    case .memory:
      let (library, settings) = try begun()
      return .memory(try library.memory(on: settings.device))
    case .budget(let bytes):
      self.settings?.memoryBudget = bytes
      try begun().0.setBudget(bytes)
      return .done
    case .countDevices: return .devices(count: try begun().0.deviceCount())
    }
  }

  private func begun() throws(AisError) -> (TorchLibrary, EngineProcessSettings) {
    guard let library, let settings else {
      throw AisError(.engineFailed, "the engine process was not told what to run on")
    }
    return (library, settings)
  }

  private func run(_ number: Int, count: Int, shape: TensorShape, input: Int, output: Int) throws(AisError) {
    let (library, settings) = try begun()
    guard let (network, element) = networks[number] else {
      throw AisError(.engineFailed, "there is no network \(number)")
    }
    let answerCount = try count * network.graph.outputShape(for: shape).count
    let bytes = MemoryLayout<Float>.size
    try memory.follow(to: max(input + count * shape.count * bytes, output + answerCount * bytes))

    let is3D = network.graph.dimensionality == .three
    let axes =
      is3D
      ? [count, shape.z, shape.y, shape.x, shape.channels] : [count * shape.z, shape.y, shape.x, shape.channels]
    // Seen where they lie; the program leaves them alone until it has the answer.
    let values = try library.borrowed(memory.floats(at: input, count: count * shape.count), shape: axes)
    // (…, y, x, channel) seen as (…, channel, y, x): channels-last in memory, which needs no copy.
    let seen = try values.permuted(is3D ? [0, 4, 1, 2, 3] : [0, 3, 1, 2]).converted(to: element, on: settings.device)
    // The last sigmoid in 32 bits: near 1 half precision has few digits left, and it costs one channel only.
    let ended = try network.answer(to: seen, asLogits: true).converted(to: .float32, on: settings.device)
    let answer = try network.graph.endsInSigmoid ? ended.activated(.sigmoid) : ended
    try answer.permuted(is3D ? [0, 2, 3, 4, 1] : [0, 2, 3, 1])
      .read(into: UnsafeMutableRawBufferPointer(memory.floats(at: output, count: answerCount)))
  }
}
