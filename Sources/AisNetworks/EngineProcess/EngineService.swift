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
  private var networks: [Int: TorchNetwork] = [:]

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
      try library.setGPUMath(roundsFactors: settings.element != .float32, triesAlgorithms: true)
      self.settings = settings
      self.library = library
      return .ready(version: library.version)
    case .load(let number, let description):
      let (library, settings) = try begun()
      try memory.follow(to: (description.weights.first?.offset ?? 0) + description.weightBytes)
      networks[number] = try TorchNetwork(
        description.graph(reading: memory), library: library, device: settings.device, element: settings.element)
      return .done
    case .run(let number, let shape, let input, let output):
      try run(number, shape: shape, input: input, output: output)
      return .done
    case .unload(let number):
      networks[number] = nil
      return .done
    case .memory:
      let (library, settings) = try begun()
      return .memory(try library.memory(on: settings.device))
    case .countDevices: return .devices(count: try begun().0.deviceCount())
    }
  }

  private func begun() throws(AisError) -> (TorchLibrary, EngineProcessSettings) {
    guard let library, let settings else {
      throw AisError(.engineFailed, "the engine process was not told what to run on")
    }
    return (library, settings)
  }

  private func run(_ number: Int, shape: TensorShape, input: Int, output: Int) throws(AisError) {
    let (library, settings) = try begun()
    guard let network = networks[number] else { throw AisError(.engineFailed, "there is no network \(number)") }
    let answerShape = try network.graph.outputShape(for: shape)
    let bytes = MemoryLayout<Float>.size
    try memory.follow(to: max(input + shape.count * bytes, output + answerShape.count * bytes))

    let is3D = network.graph.dimensionality == .three
    let axes = is3D ? [1, shape.z, shape.y, shape.x, shape.channels] : [shape.z, shape.y, shape.x, shape.channels]
    let values = try library.empty(shape: axes, element: .float32, on: .processor)
    try values.write(UnsafeRawBufferPointer(memory.floats(at: input, count: shape.count)))
    // (…, y, x, channel) seen as (…, channel, y, x): channels-last in memory, which needs no copy.
    let seen = try values.permuted(is3D ? [0, 4, 1, 2, 3] : [0, 3, 1, 2])
      .converted(to: settings.element, on: settings.device)
    let answer = try network.answer(to: seen).converted(to: .float32).permuted(is3D ? [0, 2, 3, 4, 1] : [0, 2, 3, 1])
    try answer.read(into: UnsafeMutableRawBufferPointer(memory.floats(at: output, count: answerShape.count)))
  }
}
