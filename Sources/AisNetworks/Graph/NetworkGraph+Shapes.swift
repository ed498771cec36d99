import AisCore

extension NetworkGraph {
  /// The largest extent on one axis and the largest number of values that a layer may have; beyond lie hostile files.
  private static let extentLimit = 1 << 24
  private static let countLimit = 1 << 40

  /// The shape of every node's value for an input of shape `input`, in the order of `nodes`.
  ///
  /// Throws `shapeMismatch`, naming the layer, when the network cannot take this input: wrong number of channels, an
  /// extent that does not survive the strides, a window larger than what it slides over.
  package func shapes(for input: TensorShape) throws(AisError) -> [TensorShape] {
    var shapes: [TensorShape] = []
    shapes.reserveCapacity(nodes.count)
    for node in nodes {
      let sources = node.inputs.map { shapes[$0.index] }
      let shape = try shape(of: node, sources: sources, networkInput: input)
      try checkLimits(shape, of: node, networkInput: input)
      shapes.append(shape)
    }
    return shapes
  }

  /// The shape of the network's answer for an input of shape `input`.
  package func outputShape(for input: TensorShape) throws(AisError) -> TensorShape {
    try shapes(for: input)[output.index]
  }

  /// A size as people write it: `x × y` in 2D networks, `x × y × z` in 3D ones.
  package func sizeText(_ shape: TensorShape) -> String {
    switch dimensionality {
    case .two: "\(shape.x) × \(shape.y)"
    case .three: "\(shape.x) × \(shape.y) × \(shape.z)"
    }
  }

  private func shape(
    of node: Node, sources: [TensorShape], networkInput: TensorShape
  ) throws(AisError) -> TensorShape {
    switch node.operation {
    case .input(let parameters):
      try checkInput(networkInput, against: parameters)
      return networkInput
    case .convolution(let convolution):
      return try windowed(
        sources[0], convolution.kernel, convolution.stride, convolution.dilation, convolution.padding,
        channels: convolution.filters, node: node, rule: WindowGeometry.sliding)
    case .transposedConvolution(let convolution):
      return try windowed(
        sources[0], convolution.kernel, convolution.stride, convolution.dilation, convolution.padding,
        channels: convolution.filters, node: node, rule: WindowGeometry.transposed)
    case .maxPooling(let pooling), .averagePooling(let pooling):
      return try windowed(
        sources[0], pooling.window, pooling.stride, .one, pooling.padding, channels: sources[0].channels, node: node,
        rule: WindowGeometry.sliding)
    case .upsampling(let factor):
      return TensorShape(
        z: sources[0].z * factor.z, y: sources[0].y * factor.y, x: sources[0].x * factor.x,
        channels: sources[0].channels)
    case .concatenation:
      try checkSameSize(sources, node: node, verb: "joins", networkInput: networkInput)
      var joined = sources[0]
      joined.channels = sources.reduce(0) { $0 + $1.channels }
      return joined
    case .addition:
      try checkSameSize(sources, node: node, verb: "adds", networkInput: networkInput)
      return sources[0]
    case .activation, .batchNormalization, .dropout:
      return sources[0]
    case .custom:
      var answer = sources[0]
      answer.channels = 1
      return answer
    case .zeroPadding(let before, let after):
      return TensorShape(
        z: sources[0].z + before.z + after.z, y: sources[0].y + before.y + after.y,
        x: sources[0].x + before.x + after.x, channels: sources[0].channels)
    case .cropping(let before, let after):
      let cropped = TensorShape(
        z: sources[0].z - before.z - after.z, y: sources[0].y - before.y - after.y,
        x: sources[0].x - before.x - after.x, channels: sources[0].channels)
      guard cropped.z > 0, cropped.y > 0, cropped.x > 0 else {
        throw .nothingLeft(layer: node.name, size: sizeText(sources[0]))
      }
      return cropped
    }
  }

  private func windowed(
    _ source: TensorShape, _ kernel: Extent, _ stride: Extent, _ dilation: Extent, _ padding: Padding, channels: Int,
    node: Node, rule: (Int, Int, Int, Int, Padding) -> WindowGeometry
  ) throws(AisError) -> TensorShape {
    let shape = TensorShape(
      z: rule(source.z, kernel.z, stride.z, dilation.z, padding).output,
      y: rule(source.y, kernel.y, stride.y, dilation.y, padding).output,
      x: rule(source.x, kernel.x, stride.x, dilation.x, padding).output,
      channels: channels)
    guard shape.z > 0, shape.y > 0, shape.x > 0 else {
      throw .nothingLeft(layer: node.name, size: sizeText(source))
    }
    return shape
  }

  private func checkInput(_ input: TensorShape, against parameters: Operation.Input) throws(AisError) {
    guard input.channels == parameters.channels else {
      throw .wrongInputChannels(network: name, expected: parameters.channels, found: input.channels)
    }
    guard input.z > 0, input.y > 0, input.x > 0 else { throw .emptyInput(network: name, size: sizeText(input)) }
    guard dimensionality == .three || input.z == 1 else { throw .slabForSliceNetwork(network: name, depth: input.z) }
    let fixed = TensorShape(
      z: parameters.z ?? input.z, y: parameters.y ?? input.y, x: parameters.x ?? input.x, channels: input.channels)
    guard fixed == input else {
      throw .fixedInputSize(network: name, expected: sizeText(fixed), found: sizeText(input))
    }
  }

  private func checkSameSize(
    _ sources: [TensorShape], node: Node, verb: String, networkInput: TensorShape
  ) throws(AisError) {
    for other in sources.dropFirst() where (other.z, other.y, other.x) != (sources[0].z, sources[0].y, sources[0].x) {
      throw .unequalSizes(
        layer: node.name, verb: verb, first: sizeText(sources[0]), second: sizeText(other),
        advice: multipleAdvice(for: networkInput))
    }
  }

  /// What to do about sizes that do not meet again: "make the input a multiple of 4".
  private func multipleAdvice(for input: TensorShape) -> String {
    let multiple = totalStride
    let fits = input.z % multiple.z == 0 && input.y % multiple.y == 0 && input.x % multiple.x == 0
    if fits { return "the layers of this network do not fit each other" }
    if multiple.y == multiple.x && multiple.z == 1 { return "make the input a multiple of \(multiple.x)" }
    return "make the input a multiple of \(multiple.x) in x, \(multiple.y) in y and \(multiple.z) in z"
  }

  private func checkLimits(_ shape: TensorShape, of node: Node, networkInput: TensorShape) throws(AisError) {
    var count = 1
    for extent in [shape.z, shape.y, shape.x, shape.channels] {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, extent <= Self.extentLimit, product <= Self.countLimit else {
        throw .giantLayer(layer: node.name, shape: shape, input: sizeText(networkInput))
      }
      count = product
    }
  }
}
