import AisCore
import CTorch

/// A network whose weights are tensors of libtorch: run by walking the graph, trained by what the operations remember.
///
/// For one thread at a time.
package final class TorchNetwork {
  package let graph: NetworkGraph
  package let library: TorchLibrary
  package let device: TorchDevice
  /// The weights, with libtorch's order of axes: kernels (out, in, [z,] y, x), of transposed convolutions (in, out, …).
  package private(set) var weights: [WeightKey: TorchTensor] = [:]
  /// How often each node's value is read, the network's answer once more.
  private let readerCounts: [Int]

  /// Copies the graph's weights to the device.
  package init(
    _ graph: NetworkGraph, library: TorchLibrary, device: TorchDevice = .processor,
    element: TorchTensor.Element = .float32
  ) throws(AisError) {
    try graph.validate()
    self.graph = graph
    self.library = library
    self.device = device
    var counts = [Int](repeating: 0, count: graph.nodes.count)
    for node in graph.nodes { for input in node.inputs { counts[input.index] += 1 } }
    counts[graph.output.index] += 1
    readerCounts = counts
    for node in graph.nodes {
      for role in WeightRole.allCases {
        let key = WeightKey(node.name, role)
        guard let weight = graph.weights[key] else { continue }
        weights[key] = try tensor(of: weight, role: role, in: node).converted(to: element, on: device)
      }
    }
  }

  var dimensions: Int { graph.dimensionality.rawValue }

  /// Bytes of all weights.
  package var weightBytes: Int { graph.parameterCount * MemoryLayout<Float>.size }

  func tensor(of weight: Tensor, role: WeightRole, in node: NetworkGraph.Node) throws(AisError) -> TorchTensor {
    let plain = try library.tensor(weight.values, shape: weight.shape)
    guard role == .kernel else { return plain }
    let ordered = try plain.permuted(Self.kernelAxes(of: node.operation))
    guard dimensions == 2 else { return try ordered.channelsLast() }
    let shape = try ordered.shape()
    return try ordered.reshaped([shape[0], shape[1], shape[3], shape[4]]).channelsLast()
  }

  /// Where libtorch's axes (out, in, z, y, x) come from in (z, y, x, in, out).
  static func kernelAxes(of operation: Operation) -> [Int] {
    if case .transposedConvolution = operation { [3, 4, 0, 1, 2] } else { [4, 3, 0, 1, 2] }
  }

  /// What training adds to a pass forward.
  package struct Training: Sendable {
    /// The share of a batch's statistics in the moving ones: 0.01 where Keras says momentum 0.99.
    package var batchShare: Double
    package init(batchShare: Double) { self.batchShare = batchShare }
  }

  /// The network's answer to activations (image, channel, [z,] y, x) of its own device and element type.
  ///
  /// - Parameter asLogits: what the last sigmoid would get, if there is one (`endsInSigmoid`): losses are exact with it where
  ///   probabilities have run out of digits.
  package func answer(
    to input: TorchTensor, training: Training? = nil, asLogits: Bool = false
  ) throws(AisError) -> TorchTensor {
    let size = try input.shape()
    let (z, y, x) = dimensions == 3 ? (size[2], size[3], size[4]) : (1, size[2], size[3])
    let shapes = try graph.shapes(for: TensorShape(z: z, y: y, x: x, channels: size[1]))
    var values = [TorchTensor?](repeating: nil, count: graph.nodes.count)
    var readers = readerCounts
    for (index, node) in graph.nodes.enumerated() {
      var inputs: [TorchTensor] = []
      for source in node.inputs {
        guard let value = values[source.index] else { continue }
        inputs.append(value)
        // The last reader takes the value with it, so that its memory serves the next layers.
        readers[source.index] -= 1
        if readers[source.index] == 0 { values[source.index] = nil }
      }
      if case .input = node.operation { inputs = [input] }
      let shown = asLogits && index == graph.output.index ? node.withoutSigmoid : node
      values[index] = try compute(
        shown, inputs, from: node.inputs.first.map { shapes[$0.index] }, giving: shapes[index], training: training)
    }
    guard let answer = values[graph.output.index] else {
      throw AisError(.engineFailed, "the network '\(graph.name)' gave no answer")
    }
    return answer
  }

  private func compute(
    _ node: NetworkGraph.Node, _ inputs: [TorchTensor], from source: TensorShape?, giving shape: TensorShape,
    training: Training?
  ) throws(AisError) -> TorchTensor {
    func weight(_ role: WeightRole) throws(AisError) -> TorchTensor {
      guard let tensor = weights[WeightKey(node.name, role)] else {
        throw AisError(.shapeMismatch, "the layer '\(node.name)' has no \(role.rawValue)")
      }
      return tensor
    }
    let first = inputs[0]
    guard let source else { return first }
    switch node.operation {
    case .input: return first
    case .convolution(let convolution):
      return try convolved(
        first, convolution, kernel: weight(.kernel), bias: weights[WeightKey(node.name, .bias)], from: source)
    case .transposedConvolution(let convolution):
      return try convolvedTransposed(
        first, convolution, kernel: weight(.kernel), bias: weights[WeightKey(node.name, .bias)], from: source)
    case .maxPooling(let pooling):
      let windows = SpatialWindows(pooling, over: source)
      let padded =
        windows.needsPadding
        ? try first.padded(before: windows.before, after: windows.after, with: -.infinity, dimensions: dimensions)
        : first
      return try padded.maxPooled(window(pooling.window, stride: pooling.stride))
    case .averagePooling(let pooling): return try averagePooled(first, pooling, from: source)
    case .upsampling(let factor): return try first.upsampled(by: factor, dimensions: dimensions)
    case .concatenation: return try library.concatenation(inputs)
    case .addition:
      var sum = first
      for other in inputs.dropFirst() { sum = try sum.adding(other) }
      return sum
    case .activation(let activation): return try first.activated(activation)
    case .batchNormalization(let epsilon):
      return try first.batchNormalized(
        gamma: weights[WeightKey(node.name, .gamma)], beta: weights[WeightKey(node.name, .beta)],
        mean: weight(.movingMean), variance: weight(.movingVariance), momentum: training?.batchShare,
        epsilon: Double(epsilon))
    case .dropout(let rate): return training == nil ? first : try first.dropped(rate: Double(rate))
    case .zeroPadding(let before, let after):
      return try first.padded(before: before, after: after, dimensions: dimensions)
    case .cropping(let before, _): return try cropped(first, before: before, to: shape)
    case .custom(let model): throw .onlyItsProgram(model)
    }
  }

  private func window(
    _ kernel: Extent, stride: Extent, padding: Extent = .zero, dilation: Extent = .one, outputPadding: Extent = .zero
  ) -> ctorch_window {
    ctorch_window(
      dimensions: Int32(dimensions), kernel: kernel.tuple, stride: stride.tuple, padding: padding.tuple,
      dilation: dilation.tuple, output_padding: outputPadding.tuple)
  }

  private func convolved(
    _ input: TorchTensor, _ convolution: Operation.Convolution, kernel: TorchTensor, bias: TorchTensor?,
    from source: TensorShape
  ) throws(AisError) -> TorchTensor {
    let windows = SpatialWindows(convolution, over: source)
    // libtorch pads both sides alike; TensorFlow's odd row goes behind.
    let isEven = windows.before == windows.after
    let padded =
      isEven ? input : try input.padded(before: windows.before, after: windows.after, dimensions: dimensions)
    let sums = try padded.convolved(
      with: kernel, bias: bias,
      window(
        convolution.kernel, stride: convolution.stride, padding: isEven ? windows.before : .zero,
        dilation: convolution.dilation))
    return try sums.activated(convolution.activation)
  }

  private func convolvedTransposed(
    _ input: TorchTensor, _ convolution: Operation.Convolution, kernel: TorchTensor, bias: TorchTensor?,
    from source: TensorShape
  ) throws(AisError) -> TorchTensor {
    let windows = SpatialWindows(transposed: convolution, from: source)
    let (missing, cut) = windows.tail
    var sums = try input.convolvedTransposed(
      with: kernel, bias: bias,
      window(
        convolution.kernel, stride: convolution.stride, padding: windows.before, dilation: convolution.dilation,
        outputPadding: missing))
    if cut != .zero { sums = try cropped(sums, before: .zero, to: windows.output) }
    return try sums.activated(convolution.activation)
  }

  /// Padding does not count, not even in the divisor.
  private func averagePooled(_ input: TorchTensor, _ pooling: Operation.Pooling, from source: TensorShape)
    throws(AisError)
    -> TorchTensor
  {
    let windows = SpatialWindows(pooling, over: source)
    let shape = window(pooling.window, stride: pooling.stride)
    guard windows.needsPadding else { return try input.averagePooled(shape) }
    let sums = try input.padded(before: windows.before, after: windows.after, dimensions: dimensions)
      .averagePooled(shape, divisor: 1)
    let shares = windows.shares
    let size = windows.output
    let axes = dimensions == 3 ? [1, 1, size.z, size.y, size.x] : [1, 1, size.y, size.x]
    return try sums.multiplied(by: library.tensor(shares, shape: axes, on: device))
  }

  private func cropped(_ input: TorchTensor, before: Extent, to shape: TensorShape) throws(AisError) -> TorchTensor {
    var result = input
    var parts = [(before.y, shape.y), (before.x, shape.x)]
    if dimensions == 3 { parts.insert((before.z, shape.z), at: 0) }
    for (axis, part) in parts.enumerated() {
      result = try result.narrowed(axis: 2 + axis, start: part.0, count: part.1)
    }
    return result
  }
}

/// How windows lie on all three axes of an activation.
private struct SpatialWindows {
  var z: WindowGeometry
  var y: WindowGeometry
  var x: WindowGeometry
  private let channels: Int

  init(_ convolution: Operation.Convolution, over source: TensorShape) {
    self.init(
      source, convolution.kernel, convolution.stride, convolution.dilation, convolution.padding,
      rule: WindowGeometry.sliding)
  }

  init(transposed convolution: Operation.Convolution, from source: TensorShape) {
    self.init(
      source, convolution.kernel, convolution.stride, convolution.dilation, convolution.padding,
      rule: WindowGeometry.transposed)
  }

  init(_ pooling: Operation.Pooling, over source: TensorShape) {
    self.init(source, pooling.window, pooling.stride, .one, pooling.padding, rule: WindowGeometry.sliding)
  }

  private init(
    _ source: TensorShape, _ kernel: Extent, _ stride: Extent, _ dilation: Extent, _ padding: Padding,
    rule: (Int, Int, Int, Int, Padding) -> WindowGeometry
  ) {
    z = rule(source.z, kernel.z, stride.z, dilation.z, padding)
    y = rule(source.y, kernel.y, stride.y, dilation.y, padding)
    x = rule(source.x, kernel.x, stride.x, dilation.x, padding)
    channels = source.channels
  }

  private func extent(_ value: (WindowGeometry) -> Int) -> Extent { Extent(z: value(z), y: value(y), x: value(x)) }

  /// Padding before the first position.
  var before: Extent { extent(\.padBefore) }
  /// Padding behind the last that a sliding window reads.
  var after: Extent { extent { max(0, ($0.output - 1) * $0.stride + $0.span - $0.input - $0.padBefore) } }
  var needsPadding: Bool { before != .zero || after != .zero }
  var output: TensorShape { TensorShape(z: z.output, y: y.output, x: x.output, channels: channels) }

  /// Of transposed windows, with `before` cut off on both sides: rows that are missing behind the last, and rows too many.
  var tail: (missing: Extent, cut: Extent) {
    func difference(_ w: WindowGeometry) -> Int { w.output - ((w.input - 1) * w.stride - 2 * w.padBefore + w.span) }
    return (extent { max(0, difference($0)) }, extent { max(0, -difference($0)) })
  }

  /// One over the number of input positions under each window, padding left out: (z, y, x).
  var shares: [Float] {
    func counts(_ w: WindowGeometry) -> [Int] {
      (0..<w.output).map { index in
        let start = index * w.stride - w.padBefore
        return min(start + w.kernel, w.input) - max(start, 0)
      }
    }
    let (cz, cy, cx) = (counts(z), counts(y), counts(x))
    return cz.flatMap { a in cy.flatMap { b in cx.map { c in 1 / Float(a * b * c) } } }
  }
}
