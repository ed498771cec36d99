import AisCore

/// Runs networks with libtorch in a process of its own: on NVIDIA cards, and on the processor for comparison.
package struct TorchEngine: Engine {
  private let process: EngineProcess
  private let settings: EngineProcessSettings
  private let version: String

  /// Starts the process, so that what is missing is said before any work.
  package init(_ settings: EngineProcessSettings, program: String) throws(AisError) {
    self.settings = settings
    process = EngineProcess(settings, program: program)
    version = try repeating { [process] () throws(AisError) in try process.version() }
  }

  package var name: String { "torch" }

  package var details: [String: String] {
    [
      "libtorch": version, "device": String(describing: settings.device), "precision": settings.element.rawValue,
      "threads": String(settings.threads),
    ]
  }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    try graph.validate()
    return TorchLoadedNetwork(
      graph: graph, number: try repeating { () throws(AisError) in try process.load(graph) }, process: process,
      settings: settings)
  }
}

/// A network that an engine process holds, for as long as this lives.
private final class TorchLoadedNetwork: LoadedNetwork {
  let graph: NetworkGraph
  let number: Int
  let process: EngineProcess
  let settings: EngineProcessSettings

  init(graph: NetworkGraph, number: Int, process: EngineProcess, settings: EngineProcessSettings) {
    self.graph = graph
    self.number = number
    self.process = process
    self.settings = settings
  }

  deinit { process.unload(number) }

  var weightBytes: Int { graph.parameterCount * MemoryLayout<Float>.size }

  /// A process that has opened libtorch and computed its first convolution: 134 MB were measured; the weights also pass through
  /// the shared memory.
  var engineBytes: Int { (160 << 20) + weightBytes }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
    TorchPlan(network: self, input: input, shapes: try graph.shapes(for: input))
  }
}

private final class TorchPlan: InferencePlan {
  private let network: TorchLoadedNetwork
  let input: TensorShape
  private let shapes: [TensorShape]

  init(network: TorchLoadedNetwork, input: TensorShape, shapes: [TensorShape]) {
    self.network = network
    self.input = input
    self.shapes = shapes
  }

  var output: TensorShape { shapes[network.graph.output.index] }

  /// An upper bound: what is alive at the hungriest layer, with the copies that a convolution of libtorch may make of what it
  /// reads and writes, and the values on their way between the processes.
  var memoryBytes: Int {
    let graph = network.graph
    var lastReader = Array(graph.nodes.indices)
    for (index, node) in graph.nodes.enumerated() { for source in node.inputs { lastReader[source.index] = index } }
    lastReader[graph.output.index] = graph.nodes.count
    var peak = 0
    for (index, node) in graph.nodes.enumerated() {
      let alive = (0...index).reduce(0) { $0 + (lastReader[$1] >= index ? shapes[$1].count : 0) }
      let touched = node.inputs.reduce(shapes[index].count) { $0 + shapes[$1.index].count }
      peak = max(peak, alive + 2 * touched)
    }
    return (peak + 2 * (input.count + output.count)) * MemoryLayout<Float>.size
  }

  var predictedSeconds: Double {
    let perSecond =
      switch network.settings.device {
      case .processor: 4e10 * Double(network.settings.threads)
      case .gpu: 1e13
      }
    return network.graph.multiplications(shapes: shapes) / perSecond
  }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    precondition(source.count == input.count, "the plan is for \(input.count) input values, got \(source.count)")
    precondition(
      destination.count == output.count, "the plan gives \(output.count) values, room is for \(destination.count)")
    try repeating { () throws(AisError) in
      try network.process.run(network.number, on: input, source, into: destination)
    }
  }

  // The memory is the engine process's, which keeps it for the next request.
  func releaseMemory() {}
  func share(_ workspace: InferenceWorkspace) {}
}

/// A lost process is replaced and the request repeated; a request that ends one process after another is given up.
private func repeating<Result>(_ request: () throws(AisError) -> Result) throws(AisError) -> Result {
  for _ in 1..<5 {
    do throws(AisError) { return try request() } catch {
      guard error.code == .engineLost else { throw error }
    }
  }
  return try request()
}
