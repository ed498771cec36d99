import AisCore

/// What the program asks its engine process, one at a time. Numbers of values and weights lie in the shared memory; offsets
/// count bytes from its start.
enum EngineRequest: Codable, Sendable {
  /// Sent first. Says what the process is to keep to.
  case begin(EngineProcessSettings)
  /// Takes over a network under a number of the program's choice, to be computed with such numbers.
  case load(network: Int, graph: GraphDescription, element: TorchTensor.Element)
  /// Runs it on `count` inputs of float32 values (z, y, x, channel) that lie one after another from `input` on; the answers go to
  /// `output`, in the same order.
  case run(network: Int, count: Int, shape: TensorShape, input: Int, output: Int)
  case unload(network: Int)
  case memory
  /// From here on tensors on the processor may hold at most so many bytes.
  case budget(bytes: Int?)
  /// CUDA devices that libtorch can use.
  case countDevices
}

enum EngineReply: Codable, Sendable {
  /// With the bytes of the device's memory that no program holds, if it is a card.
  case ready(version: String, freeBytes: Int?)
  case done
  case memory(TorchLibrary.Memory)
  case devices(count: Int)
  case failed(code: String, message: String)
}

/// What an engine process computes on and what it keeps to.
package struct EngineProcessSettings: Codable, Sendable, Hashable {
  package var installation: TorchInstallation
  package var device: TorchDevice
  package var threads: Int
  /// Bytes that tensors on the processor may hold; `nil`: no bound.
  package var memoryBudget: Int?

  package init(
    installation: TorchInstallation, device: TorchDevice, threads: Int, memoryBudget: Int? = nil
  ) {
    self.installation = installation
    self.device = device
    self.threads = threads
    self.memoryBudget = memoryBudget
  }
}

/// A graph without the values of its weights, which lie in the shared memory.
struct GraphDescription: Codable, Sendable {
  struct Weight: Codable, Sendable {
    var key: WeightKey
    var shape: [Int]
    /// Bytes from the start of the shared memory.
    var offset: Int

    var count: Int { shape.reduce(1, *) }
  }

  var name: String
  var dimensionality: NetworkGraph.Dimensionality
  var nodes: [NetworkGraph.Node]
  var output: NetworkGraph.NodeID
  var weights: [Weight]

  /// Lays the weights of `graph` out one after another from `start`.
  init(_ graph: NetworkGraph, from start: Int = 0) {
    name = graph.name
    dimensionality = graph.dimensionality
    nodes = graph.nodes
    output = graph.output
    weights = []
    var offset = start
    for key in graph.weights.keys.sorted(by: { ($0.node, $0.role.rawValue) < ($1.node, $1.role.rawValue) }) {
      let shape = graph.weights[key]?.shape ?? []
      weights.append(Weight(key: key, shape: shape, offset: offset))
      offset += shape.reduce(1, *) * MemoryLayout<Float>.size
    }
  }

  /// Bytes of all weights.
  var weightBytes: Int { weights.reduce(0) { $0 + $1.count * MemoryLayout<Float>.size } }

  func write(_ graph: NetworkGraph, into memory: SharedMemory) {
    for weight in weights {
      guard let values = graph.weights[weight.key]?.values else { continue }
      _ = memory.floats(at: weight.offset, count: weight.count).update(fromContentsOf: values)
    }
  }

  func graph(reading memory: SharedMemory) -> NetworkGraph {
    var values: [WeightKey: Tensor] = [:]
    for weight in weights {
      values[weight.key] = Tensor(
        shape: weight.shape, values: Array(memory.floats(at: weight.offset, count: weight.count)))
    }
    return NetworkGraph(name: name, dimensionality: dimensionality, nodes: nodes, output: output, weights: values)
  }
}
