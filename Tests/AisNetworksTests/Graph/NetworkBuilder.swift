import AisCore
import AisNetworks

/// Builds small graphs for tests, one node a call; weights are filled with seeded numbers or the ones given.
struct NetworkBuilder {
  private(set) var nodes: [NetworkGraph.Node] = []
  private var weights: [WeightKey: Tensor] = [:]
  private var channels: [Int] = []
  private var generator: SeededGenerator
  private let dimensionality: NetworkGraph.Dimensionality

  init(_ dimensionality: NetworkGraph.Dimensionality = .two, channels: Int = 1, seed: UInt64 = 1) {
    self.dimensionality = dimensionality
    generator = SeededGenerator(seed: seed)
    add("input", .input(.init(channels: channels)), [])
  }

  var last: NetworkGraph.NodeID { .init(nodes.count - 1) }

  /// Adds a node behind `inputs` (the last node when not given) and returns it.
  @discardableResult
  mutating func add(
    _ name: String, _ operation: Operation, _ inputs: [NetworkGraph.NodeID]? = nil
  ) -> NetworkGraph.NodeID {
    let inputs = inputs ?? [last]
    let node = NetworkGraph.Node(name: name, operation: operation, inputs: inputs)
    let graph = NetworkGraph(
      name: "test", dimensionality: dimensionality, nodes: nodes + [node], output: .init(nodes.count), weights: [:])
    for (role, shape, _) in graph.weightShapes(of: node, inputChannels: inputs.first.map { channels[$0.index] } ?? 0) {
      let values = (0..<shape.reduce(1, *)).map { _ in
        role == .movingVariance
          ? Float.random(in: 0.5...2, using: &generator) : Float.random(in: -1...1, using: &generator)
      }
      weights[WeightKey(name, role)] = Tensor(shape: shape, values: values)
    }
    nodes.append(node)
    channels = graph.channels()
    return .init(nodes.count - 1)
  }

  /// Replaces weights by given values.
  mutating func set(_ name: String, _ role: WeightRole, _ values: [Float]) {
    weights[WeightKey(name, role)]?.values = values
  }

  func graph() -> NetworkGraph {
    NetworkGraph(name: "test", dimensionality: dimensionality, nodes: nodes, output: last, weights: weights)
  }
}

extension Engine {
  /// Runs a network once on an input of this shape.
  func answer(of graph: NetworkGraph, to values: [Float], shape: TensorShape) throws(AisError) -> [Float] {
    let plan = try load(graph).plan(for: shape)
    var result = [Float](repeating: .nan, count: plan.output.count)
    var failure: AisError?
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        do throws(AisError) { try plan.run(source, into: destination) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return result
  }
}
