import AisCore

/// Builds a graph layer by layer, with fresh weights. Layers are named by their kind and a running number.
///
/// Sizes are those of x and y; in networks of slabs z has the same unless it is given.
package struct ArchitectureBuilder {
  private let dimensionality: NetworkGraph.Dimensionality
  private var nodes: [NetworkGraph.Node]
  private var weights: [WeightKey: Tensor] = [:]
  private var channels: [Int]
  private var numbers: [String: Int] = [:]
  private var generator: SeededGenerator
  /// The layer whose value is the answer; `nil` for the last one.
  private var output: Layer?

  /// A layer's place in the graph.
  typealias Layer = NetworkGraph.NodeID

  init(_ dimensionality: NetworkGraph.Dimensionality, channels: Int, seed: UInt64) {
    self.dimensionality = dimensionality
    self.channels = [channels]
    generator = SeededGenerator(seed: seed)
    nodes = [.init(name: "input_1", operation: .input(.init(channels: channels)), inputs: [])]
  }

  /// The layer that was added last; first, the input.
  var last: Layer { Layer(nodes.count - 1) }

  func graph(name: String) -> NetworkGraph {
    NetworkGraph(name: name, dimensionality: dimensionality, nodes: nodes, output: output ?? last, weights: weights)
  }

  /// Says which layer's value is the answer, where it is not the last one.
  mutating func setOutput(_ layer: Layer) { output = layer }

  private func extent(_ size: Int, z: Int? = nil) -> Extent {
    Extent(z: dimensionality == .two ? 1 : z ?? size, y: size, x: size)
  }

  // MARK: - Layers

  /// Convolution, then activation, then, with `norm`, batch normalisation: in this order.
  @discardableResult
  mutating func convolution(
    _ filters: Int, size: Int = 3, depth: Int? = nil, stride: Int = 1, activation: Activation = .relu,
    padding: Padding = .same, norm: Bool = false, of source: Layer? = nil
  ) -> Layer {
    // Leaky ReLU is a layer of its own; every other activation belongs to the convolution.
    let leaky: Activation? = if case .leakyReLU = activation { activation } else { nil }
    var layer = add(
      "conv",
      .convolution(
        .init(
          filters: filters, kernel: extent(size, z: depth), stride: extent(stride), padding: padding,
          activation: leaky == nil ? activation : .linear)),
      [source ?? last])
    if let leaky { layer = add("leaky_re_lu", .activation(leaky), [layer]) }
    return norm ? add("batch_normalization", .batchNormalization(epsilon: 1e-3), [layer]) : layer
  }

  /// Convolutions one after another.
  @discardableResult
  mutating func convolutions(_ filters: [Int], size: Int = 3, depth: Int? = nil, norm: Bool = false) -> Layer {
    for count in filters { convolution(count, size: size, depth: depth, norm: norm) }
    return last
  }

  /// A transposed convolution whose stride is as large as its kernel: nothing overlaps.
  @discardableResult
  mutating func upConvolution(_ filters: Int, depth: Int? = nil) -> Layer {
    let size = extent(2, z: depth)
    return add(
      "conv_transpose", .transposedConvolution(.init(filters: filters, kernel: size, stride: size)), [last])
  }

  @discardableResult
  mutating func pool(
    size: Int = 2, depth: Int? = nil, stride: Int? = nil, padding: Padding = .valid, of source: Layer? = nil
  ) -> Layer {
    add(
      "max_pooling",
      .maxPooling(
        .init(window: extent(size, z: depth), stride: extent(stride ?? size, z: depth), padding: padding)),
      [source ?? last])
  }

  @discardableResult
  mutating func upsample() -> Layer { add("up_sampling", .upsampling(extent(2)), [last]) }

  @discardableResult
  mutating func concatenate(_ layers: Layer...) -> Layer { add("concatenate", .concatenation, layers) }

  @discardableResult
  mutating func sum(_ layers: Layer...) -> Layer { add("add", .addition, layers) }

  @discardableResult
  mutating func activate(_ activation: Activation) -> Layer { add("activation", .activation(activation), [last]) }

  /// Nothing for a rate of 0.
  @discardableResult
  mutating func drop(_ rate: Float) -> Layer { rate > 0 ? add("dropout", .dropout(rate: rate), [last]) : last }

  /// One probability a pixel: a convolution over the single pixel and a sigmoid.
  mutating func probability() { convolution(1, size: 1, activation: .sigmoid, padding: .valid) }

  // MARK: - Weights

  /// Adds a layer with the weights that it needs.
  mutating func add(_ kind: String, _ operation: Operation, _ inputs: [Layer]) -> Layer {
    let number = numbers[kind, default: 0] + 1
    numbers[kind] = number
    let node = NetworkGraph.Node(name: "\(kind)_\(number)", operation: operation, inputs: inputs)
    let inputChannels = channels[inputs[0].index]
    let frame = NetworkGraph(
      name: "", dimensionality: dimensionality, nodes: [], output: Layer(0), weights: [:])
    for (role, shape, _) in frame.weightShapes(of: node, inputChannels: inputChannels) {
      weights[WeightKey(node.name, role)] = initial(role, shape)
    }
    nodes.append(node)
    switch operation {
    case .concatenation: channels.append(inputs.reduce(0) { $0 + channels[$1.index] })
    case .convolution(let layer), .transposedConvolution(let layer): channels.append(layer.filters)
    default: channels.append(inputChannels)
    }
    return last
  }

  /// Glorot and Bengio 2010, equation 16: kernels uniform within ±√(6 / (inputs + outputs)).
  private mutating func initial(_ role: WeightRole, _ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    switch role {
    case .kernel:
      let window = shape[0] * shape[1] * shape[2]
      let bound = (6 / Float(window * (shape[3] + shape[4]))).squareRoot()
      return Tensor(
        shape: shape, values: (0..<count).map { _ in Float.random(in: -bound..<bound, using: &generator) })
    case .gamma, .movingVariance: return Tensor(shape: shape, values: [Float](repeating: 1, count: count))
    case .bias, .beta, .movingMean: return Tensor(shape: shape, values: [Float](repeating: 0, count: count))
    }
  }
}
