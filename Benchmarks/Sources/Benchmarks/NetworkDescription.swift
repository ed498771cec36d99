import AisCore
import AisNetworks

/// A network with seeded weights, built layer by layer.
struct NetworkDescription {
  private(set) var graph: NetworkGraph
  private var generator = SeededGenerator(seed: 1)

  init(channels: Int, isDeep: Bool = false) {
    let input = NetworkGraph.Node(name: "input", operation: .input(.init(channels: channels)), inputs: [])
    graph = NetworkGraph(
      name: "benchmark", dimensionality: isDeep ? .three : .two, nodes: [input], output: .init(0), weights: [:])
  }

  /// Appends a node behind `inputs`, the last one when not given.
  @discardableResult
  mutating func add(_ operation: Operation, _ inputs: [NetworkGraph.NodeID]? = nil) -> NetworkGraph.NodeID {
    let inputs = inputs ?? [graph.output]
    let node = NetworkGraph.Node(name: "\(graph.nodes.count)", operation: operation, inputs: inputs)
    let channels = graph.channels()[inputs[0].index]
    for (role, shape, _) in graph.weightShapes(of: node, inputChannels: channels) {
      let size = 1 / Float(max(1, shape.dropLast().reduce(1, *))).squareRoot()
      let values = (0..<shape.reduce(1, *)).map { _ in
        role == .movingVariance ? 1 : Float.random(in: -size...size, using: &generator)
      }
      graph.weights[WeightKey(node.name, role)] = Tensor(shape: shape, values: values)
    }
    graph.nodes.append(node)
    graph.output = .init(graph.nodes.count - 1)
    return graph.output
  }

  private static let half = Extent(z: 1, y: 2, x: 2)

  mutating func convolve(_ filters: Int, size: Int = 3, _ activation: Activation = .relu) {
    let z = graph.dimensionality == .three ? size : 1
    add(.convolution(.init(filters: filters, kernel: Extent(z: z, y: size, x: size), activation: activation)))
  }

  mutating func normalize() { add(.batchNormalization(epsilon: 1e-3)) }

  mutating func pool(_ window: Extent = half) {
    add(.maxPooling(.init(window: window, stride: window, padding: window.z > 1 ? .same : .valid)))
  }

  mutating func upsample(joining skip: NetworkGraph.NodeID) {
    let large = add(.upsampling(Self.half))
    add(.concatenation, [large, skip])
  }

  mutating func unpool(_ filters: Int, _ factor: Extent = half) {
    add(.transposedConvolution(.init(filters: filters, kernel: factor, stride: factor)))
  }

  static var uNetS: NetworkGraph { uNet(64, 128, 256) }

  /// A U-Net with so many filters on each of its three levels.
  static func uNet(_ first: Int, _ second: Int, _ third: Int) -> NetworkGraph {
    var network = NetworkDescription(channels: 1)
    var skips: [NetworkGraph.NodeID] = []
    for filters in [first, second] {
      network.convolve(filters)
      skips.append(network.graph.output)
      network.pool()
    }
    network.convolve(third)
    for (filters, skip) in zip([second, first], skips.reversed()) {
      network.upsample(joining: skip)
      network.convolve(filters)
    }
    network.convolve(1, size: 1, .sigmoid)
    return network.graph
  }

  /// Pairs of convolutions and poolings, and back by transposed convolutions, of 8 to 32 channels.
  static var smallVGGNet: NetworkGraph {
    var network = NetworkDescription(channels: 1)
    for filters in [16, 32] {
      network.convolve(filters)
      network.convolve(filters)
      network.pool()
    }
    for filters in [16, 8] {
      network.unpool(filters)
      network.convolve(filters)
    }
    network.convolve(1, size: 1, .sigmoid)
    return network.graph
  }

  static var vggNetM: NetworkGraph {
    var network = NetworkDescription(channels: 1)
    for filters in [128, 256, 512] {
      network.convolve(filters)
      network.convolve(filters)
      network.pool()
    }
    for filters in [128, 64] {
      network.unpool(filters)
      network.convolve(filters)
    }
    network.unpool(1)
    network.convolve(1, size: 1, .sigmoid)
    return network.graph
  }

  /// A 3D U-Net with three levels, normalised after every convolution.
  static var uNet3D: NetworkGraph {
    var network = NetworkDescription(channels: 1, isDeep: true)
    let two = Extent(z: 2, y: 2, x: 2)
    var skips: [NetworkGraph.NodeID] = []
    for filters in [32, 64] {
      for _ in 0..<2 {
        network.convolve(filters)
        network.normalize()
      }
      skips.append(network.graph.output)
      network.pool(two)
    }
    for _ in 0..<2 {
      network.convolve(128)
      network.normalize()
    }
    for (filters, skip) in zip([64, 32], skips.reversed()) {
      network.unpool(filters, two)
      network.add(.concatenation, [network.graph.output, skip])
      network.convolve(filters)
      network.normalize()
    }
    network.convolve(1, size: 1, .sigmoid)
    return network.graph
  }
}
