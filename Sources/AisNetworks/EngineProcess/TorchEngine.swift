import AisCore
import Synchronization

/// Runs networks with libtorch in a process of its own: on NVIDIA cards, and on the processor for comparison.
package struct TorchEngine: Engine {
  /// What networks are computed with.
  package enum Precision: Sendable, Hashable {
    case fixed(TorchTensor.Element)
    /// 16 bits for the networks that stand it, found out at their first work; 32 bits until then.
    case automatic
  }

  private let process: EngineProcess
  private let settings: EngineProcessSettings
  private let precision: Precision
  private let memory: DeviceMemory
  private let batch: Int?
  private let version: String

  /// Starts the process, so that what is missing is said before any work.
  ///
  /// - Parameters:
  ///   - deviceBytes: what one request may take of the device's memory; without it, 80 % of what is free on a card, and as much as
  ///     its tensors may hold on the processor.
  ///   - batch: inputs that the device is given at once; without it, as many as make up `usualBatchPositions` on a card, and one on
  ///     the processor.
  package init(
    _ settings: EngineProcessSettings, precision: Precision, deviceBytes: Int? = nil, batch: Int? = nil, program: String
  ) throws(AisError) {
    self.settings = settings
    self.precision = precision
    self.batch = batch
    let process = EngineProcess(settings, program: program)
    self.process = process
    version = try repeating { () throws(AisError) in try process.version() }
    let free = try repeating { () throws(AisError) in try process.freeBytes() }
    memory = DeviceMemory(limit: deviceBytes ?? free.map { $0 / 5 * 4 })
  }

  package var name: String { "torch" }

  package var details: [String: String] {
    ["libtorch": version, "device": String(describing: settings.device), "threads": String(settings.threads)]
  }

  /// From here on tensors on the processor may hold at most so many bytes; work under way goes on with smaller pieces.
  package func setMemoryBudget(_ bytes: Int?) throws(AisError) { try process.setMemoryBudget(bytes) }

  /// The number of the process that computes, while one runs.
  package var processIdentifier: Int32? { process.identifier }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    try graph.validate()
    return try TorchLoadedNetwork(
      graph: graph, process: process, settings: settings, precision: precision, memory: memory, batch: batch)
  }
}

/// What a request may take of a device's memory. Lowered when a request shows that less is there: other programs use a card, too.
final class DeviceMemory: Sendable {
  private let bytes: Mutex<Int>

  init(limit: Int?) { bytes = Mutex(limit ?? .max) }

  var limit: Int { bytes.withLock { $0 } }

  /// A request of so many bytes did not fit: from here on half as much.
  func halve(from needed: Int) { bytes.withLock { $0 = min($0, needed / 2) } }
}

/// A network that an engine process holds, for as long as this lives.
final class TorchLoadedNetwork: LoadedNetwork {
  let graph: NetworkGraph
  let process: EngineProcess
  let settings: EngineProcessSettings
  let memory: DeviceMemory
  let batch: Int?
  let state: Mutex<State>

  struct State {
    /// What the process knows it by.
    var number: Int
    var element: TorchTensor.Element
    /// Whether what it is computed with is still to be found out.
    var isOpen: Bool
    var choice: PrecisionChoice?
  }

  init(
    graph: NetworkGraph, process: EngineProcess, settings: EngineProcessSettings, precision: TorchEngine.Precision,
    memory: DeviceMemory, batch: Int?
  ) throws(AisError) {
    self.graph = graph
    self.process = process
    self.settings = settings
    self.memory = memory
    self.batch = batch
    let element: TorchTensor.Element = if case .fixed(let element) = precision { element } else { .float32 }
    let number = try repeating { () throws(AisError) in try process.load(graph, element: element) }
    state = Mutex(State(number: number, element: element, isOpen: precision == .automatic))
  }

  deinit { process.unload(number) }

  var number: Int { state.withLock { $0.number } }

  var details: [String: String] {
    let state = state.withLock { $0 }
    var details = ["precision": state.element.rawValue]
    if let choice = state.choice { details["precisionTrial"] = choice.sentence }
    return details
  }

  var weightBytes: Int { graph.parameterCount * MemoryLayout<Float>.size }

  /// A process that has opened libtorch and computed its first convolution: 134 MB were measured; the weights also pass through
  /// the shared memory.
  var engineBytes: Int { (160 << 20) + weightBytes }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan { try TorchPlan(self, input: input) }
}

/// A lost process is replaced and the request repeated; a request that ends one process after another is given up.
func repeating<Result>(_ request: () throws(AisError) -> Result) throws(AisError) -> Result {
  for _ in 1..<5 {
    do throws(AisError) { return try request() } catch {
      guard error.code == .engineLost else { throw error }
    }
  }
  return try request()
}
