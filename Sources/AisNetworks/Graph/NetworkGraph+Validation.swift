import AisCore

extension NetworkGraph {
  /// Everything that keeps this network from being run, one sentence each; empty when it is sound.
  ///
  /// Looks at the wiring, the parameters of every operation, the channels, and the weights' shapes against the layers.
  package func problems() -> [String] {
    let problems = structuralProblems()
    // Channels follow the wires; with broken wires there is nothing to follow.
    return problems.isEmpty ? channelAndWeightProblems() : problems
  }

  /// The part of `problems()` that does not need weights: wiring and parameters.
  package func structuralProblems() -> [String] {
    let problems = wiringProblems()
    return problems.isEmpty ? nodes.flatMap(parameterProblems) : problems
  }

  /// Throws one error that lists every problem, and for models that only a user's own program computes.
  package func validate() throws(AisError) {
    if let customModel { throw .onlyItsProgram(customModel) }
    let problems = problems()
    if !problems.isEmpty { throw .unsoundNetwork(name: name, problems: problems) }
  }

  /// The number of channels of every node's value, for a network whose wiring is sound.
  package func channels() -> [Int] {
    var channels: [Int] = []
    for node in nodes {
      let sources = node.inputs.map { channels[$0.index] }
      switch node.operation {
      case .input(let input): channels.append(input.channels)
      case .convolution(let convolution), .transposedConvolution(let convolution): channels.append(convolution.filters)
      // Concatenations of concatenations double what they join; hostile graphs would leave the range of `Int`.
      case .custom: channels.append(1)
      case .concatenation: channels.append(min(sources.reduce(0, +), Self.channelLimit + 1))
      default: channels.append(sources[0])
      }
    }
    return channels
  }

  /// The arrays that a node must have, with their shapes, given the channels that come in; gamma and beta may be missing.
  package func weightShapes(of node: Node, inputChannels: Int) -> [(role: WeightRole, shape: [Int], isRequired: Bool)] {
    switch node.operation {
    case .convolution(let convolution), .transposedConvolution(let convolution):
      let kernel = convolution.kernel
      let kernelShape = [kernel.z, kernel.y, kernel.x, inputChannels, convolution.filters]
      let bias: [(role: WeightRole, shape: [Int], isRequired: Bool)] =
        convolution.usesBias ? [(.bias, [convolution.filters], true)] : []
      return [(.kernel, kernelShape, true)] + bias
    case .batchNormalization:
      return [
        (.gamma, [inputChannels], false), (.beta, [inputChannels], false), (.movingMean, [inputChannels], true),
        (.movingVariance, [inputChannels], true),
      ]
    default:
      return []
    }
  }

  private func wiringProblems() -> [String] {
    var problems: [String] = []
    var seen: Set<String> = []
    let inputs = nodes.filter { if case .input = $0.operation { true } else { false } }
    if inputs.count != 1 {
      let names = inputs.map { "'\($0.name)'" }.joined(separator: ", ")
      problems.append("it needs exactly one input, it has \(inputs.count)" + (inputs.isEmpty ? "" : " (\(names))"))
    }
    if !nodes.indices.contains(output.index) { problems.append("its output is not one of its layers") }
    for (index, node) in nodes.enumerated() {
      if !seen.insert(node.name).inserted { problems.append("two layers are named '\(node.name)'") }
      if node.inputs.contains(where: { $0.index >= index || $0.index < 0 }) {
        problems.append("'\(node.name)' takes its input from a layer that does not come before it")
      }
      let (fewest, most) = node.operation.inputCounts
      if node.inputs.count < fewest || node.inputs.count > most {
        let expected = fewest == most ? "\(fewest)" : "\(fewest) or more"
        problems.append("'\(node.name)' needs \(expected) inputs, it has \(node.inputs.count)")
      }
    }
    return problems
  }

  private func parameterProblems(of node: Node) -> [String] {
    var problems: [String] = []
    for (what, extent) in node.operation.positiveExtents where !extent.isWithin(1...Self.parameterLimit) {
      problems.append("'\(node.name)' has \(what) \(extent) (x × y × z), expected 1 to \(Self.parameterLimit)")
    }
    for (what, extent) in node.operation.margins where !extent.isWithin(0...Self.parameterLimit) {
      problems.append("'\(node.name)' has \(what) \(extent) (x × y × z), expected 0 to \(Self.parameterLimit)")
    }
    if let channels = node.operation.ownChannels, !(1...Self.channelLimit).contains(channels) {
      problems.append("'\(node.name)' has \(channels) channels, expected 1 to \(Self.channelLimit)")
    }
    if dimensionality == .two {
      let flat =
        node.operation.positiveExtents.allSatisfy { $0.1.z == 1 } && node.operation.margins.allSatisfy { $0.1.z == 0 }
      if !flat { problems.append("'\(node.name)' reaches along z, but the network is 2D") }
    }
    return problems
  }

  private func channelAndWeightProblems() -> [String] {
    var problems: [String] = []
    let channels = channels()
    var expectedKeys: Set<WeightKey> = []
    for (index, node) in nodes.enumerated() {
      let sources = node.inputs.map { channels[$0.index] }
      if channels[index] > Self.channelLimit {
        problems.append("'\(node.name)' has more than \(Self.channelLimit) channels")
      }
      if case .addition = node.operation, Set(sources).count > 1 {
        problems.append(
          "'\(node.name)' adds different numbers of channels: \(sources.map(String.init).joined(separator: ", "))")
      }
      for (role, shape, isRequired) in weightShapes(of: node, inputChannels: sources.first ?? 0) {
        let key = WeightKey(node.name, role)
        expectedKeys.insert(key)
        if let tensor = weights[key] {
          if tensor.shape != shape {
            problems.append(
              "'\(node.name)' has a \(role.rawValue) of \(shapeText(tensor.shape)), expected \(shapeText(shape))")
          }
        } else if isRequired {
          problems.append("'\(node.name)' has no \(role.rawValue)")
        }
      }
    }
    for key in weights.keys.sorted(by: { ($0.node, $0.role.rawValue) < ($1.node, $1.role.rawValue) })
    where !expectedKeys.contains(key) {
      problems.append("there is a \(key.role.rawValue) for '\(key.node)', which needs none")
    }
    return problems
  }

  private static let parameterLimit = 1 << 16
  private static let channelLimit = 1 << 20

  private func shapeText(_ shape: [Int]) -> String { "(" + shape.map(String.init).joined(separator: ", ") + ")" }
}

extension Operation {
  /// How many inputs a node of this kind takes: fewest and most.
  fileprivate var inputCounts: (Int, Int) {
    switch self {
    case .input: (0, 0)
    case .concatenation, .addition: (1, .max)
    default: (1, 1)
    }
  }

  /// Kernels, strides, windows and factors, which must be at least 1.
  fileprivate var positiveExtents: [(String, Extent)] {
    switch self {
    case .convolution(let convolution), .transposedConvolution(let convolution):
      [
        ("a kernel of", convolution.kernel), ("a stride of", convolution.stride),
        ("a dilation of", convolution.dilation),
      ]
    case .maxPooling(let pooling), .averagePooling(let pooling):
      [("a window of", pooling.window), ("a stride of", pooling.stride)]
    case .upsampling(let factor): [("a factor of", factor)]
    default: []
    }
  }

  /// Voxels added or taken away, which may be 0.
  fileprivate var margins: [(String, Extent)] {
    switch self {
    case .zeroPadding(let before, let after), .cropping(let before, let after):
      [("margins before of", before), ("margins after of", after)]
    default: []
    }
  }

  /// The channels that the operation itself fixes.
  fileprivate var ownChannels: Int? {
    switch self {
    case .input(let input): input.channels
    case .convolution(let convolution), .transposedConvolution(let convolution): convolution.filters
    default: nil
    }
  }
}

extension Extent: CustomStringConvertible {
  /// In the order people write sizes: `x × y × z`.
  package var description: String { "\(x) × \(y) × \(z)" }

  fileprivate func isWithin(_ range: ClosedRange<Int>) -> Bool {
    range.contains(z) && range.contains(y) && range.contains(x)
  }
}
