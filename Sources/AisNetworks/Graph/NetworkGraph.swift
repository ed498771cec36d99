import AisCore

/// A network as a value: nodes in topological order, their parameters, and named weights.
///
/// Built-in architectures build it, the Keras reader produces it, the Keras writer stores it, engines run it. A 2D
/// network is a 3D one whose every z extent is 1; 2.5D networks are 2D with as many input channels as slices.
/// Activations have axes (z, y, x, channel), channel fastest; a batch axis does not exist.
package struct NetworkGraph: Sendable {
  /// Whether the network slides over slices (`two`) or over slabs of them (`three`).
  package enum Dimensionality: Int, Sendable, Codable { case two = 2, three = 3 }

  package var name: String
  package var dimensionality: Dimensionality
  /// In topological order: inputs of a node stand before it.
  package var nodes: [Node]
  /// The node whose value is the network's answer.
  package var output: NodeID
  /// By `Node.name` and role. Axis orders are those of `WeightRole`.
  package var weights: [WeightKey: Tensor]

  package init(
    name: String, dimensionality: Dimensionality, nodes: [Node], output: NodeID, weights: [WeightKey: Tensor]
  ) {
    self.name = name
    self.dimensionality = dimensionality
    self.nodes = nodes
    self.output = output
    self.weights = weights
  }

  package struct Node: Sendable, Codable {
    package var name: String
    package var operation: Operation
    package var inputs: [NodeID]

    package init(name: String, operation: Operation, inputs: [NodeID]) {
      self.name = name
      self.operation = operation
      self.inputs = inputs
    }
  }

  /// The position of a node in `nodes`.
  package struct NodeID: Hashable, Sendable, Comparable, Codable {
    package var index: Int
    package init(_ index: Int) { self.index = index }
    package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
  }

  package subscript(_ id: NodeID) -> Node { nodes[id.index] }

  /// The one input node. Networks with several inputs are refused by `validate()`.
  package var input: NodeID { NodeID(nodes.firstIndex { if case .input = $0.operation { true } else { false } } ?? 0) }

  /// The number of weights, as Keras counts parameters; a user's own model counts by itself.
  package var parameterCount: Int {
    weights.values.reduce(customModel?.parameterCount ?? 0) { $0 + $1.values.count }
  }
}

/// The name of one array of weights.
package struct WeightKey: Hashable, Sendable, Codable {
  package var node: String
  package var role: WeightRole
  package init(_ node: String, _ role: WeightRole) {
    self.node = node
    self.role = role
  }
}

/// What an array of weights is for, and its axes.
package enum WeightRole: String, Sendable, CaseIterable, Codable {
  /// (z, y, x, input channel, output channel) for both kinds of convolution; z = 1 in 2D.
  case kernel
  /// (output channel)
  case bias
  /// Batch normalisation: (channel) each.
  case gamma, beta, movingMean, movingVariance
}

/// A dense float32 array, last axis fastest.
package struct Tensor: Sendable, Equatable {
  package var shape: [Int]
  package var values: [Float]
  package init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "a tensor of shape \(shape) cannot hold \(values.count) values")
    self.shape = shape
    self.values = values
  }
}

/// The size of an activation: (z, y, x, channel), channel fastest.
package struct TensorShape: Hashable, Sendable, Codable, CustomStringConvertible {
  package var z: Int
  package var y: Int
  package var x: Int
  package var channels: Int
  package init(z: Int, y: Int, x: Int, channels: Int) {
    self.z = z
    self.y = y
    self.x = x
    self.channels = channels
  }
  package var positions: Int { z * y * x }
  package var count: Int { positions * channels }
  package var description: String { "\(z)×\(y)×\(x)×\(channels)" }
}
