import AisCore

// What can become part of the convolution before it.
extension ProgramBuilder {
  /// The step whose only purpose is the value of `id`, when its result may still be changed before it is stored.
  private func openStep(for id: NetworkGraph.NodeID) -> Int? {
    let parts = views[id.index]
    guard parts.count == 1, parts[0].shift == .zero, isOnlyUse(of: id) else { return nil }
    guard let index = producer[parts[0].value] else { return nil }
    switch program.steps[index].kind {
    case .winograd(let winograd):
      // A pooled or projected result is computed from what is stored.
      return winograd.pooled == nil && winograd.projection == nil ? index : nil
    case .indirect: return index
    case .pooling, .pointwise, .gather: return nil
    }
  }

  /// Whether the value behind `id` has no other reader: some nodes only hand a value on under a name of their own.
  private func isOnlyUse(of id: NetworkGraph.NodeID) -> Bool {
    guard uses[id.index] == 1 else { return false }
    switch graph[id].operation {
    case .dropout, .concatenation, .upsampling: return graph[id].inputs.allSatisfy { isOnlyUse(of: $0) }
    default: return true
    }
  }

  mutating func applied(
    _ activation: Activation, to input: NetworkGraph.NodeID, node: NetworkGraph.NodeID
  ) -> Program.ValueID {
    if let index = openStep(for: input) {
      let epilogue = program.steps[index].epilogue
      if epilogue.scale == nil && epilogue.residual == nil && epilogue.first == .linear {
        program.steps[index].epilogue.first = activation
        return rename(views[input.index][0].value, to: node)
      }
      if epilogue.second == .linear {
        program.steps[index].epilogue.second = activation
        return rename(views[input.index][0].value, to: node)
      }
    }
    let value = materialized(views[input.index], node: input)
    return append(
      .pointwise, [Program.Part(value: value)], epilogue: Program.Epilogue(first: activation), node: node)
  }

  mutating func normalized(
    _ input: NetworkGraph.NodeID, epsilon: Float, node: NetworkGraph.NodeID
  ) -> Program.ValueID {
    let (scale, shift) = affine(of: node, epsilon: epsilon)
    if let index = openStep(for: input) {
      let epilogue = program.steps[index].epilogue
      if epilogue.scale == nil && epilogue.residual == nil && epilogue.second == .linear {
        program.steps[index].epilogue.scale = scale
        program.steps[index].epilogue.shift = shift
        return rename(views[input.index][0].value, to: node)
      }
    }
    let value = materialized(views[input.index], node: input)
    return append(
      .pointwise, [Program.Part(value: value)], epilogue: Program.Epilogue(scale: scale, shift: shift), node: node)
  }

  /// γ(x − μ)/√(σ² + ε) + β as x · scale + shift.
  private func affine(of node: NetworkGraph.NodeID, epsilon: Float) -> (scale: [Float], shift: [Float]) {
    func weights(_ role: WeightRole) -> [Float]? { graph.weights[WeightKey(graph[node].name, role)]?.values }
    let count = channels[node.index]
    let mean = weights(.movingMean) ?? [Float](repeating: 0, count: count)
    let variance = weights(.movingVariance) ?? [Float](repeating: 1, count: count)
    let gamma = weights(.gamma)
    let beta = weights(.beta)
    var scale: [Float] = []
    var shift: [Float] = []
    for channel in 0..<count {
      let factor = Double(gamma?[channel] ?? 1) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
      scale.append(Float(factor))
      shift.append(Float(Double(beta?[channel] ?? 0) - Double(mean[channel]) * factor))
    }
    return (scale.paddedToChannels, shift.paddedToChannels)
  }

  mutating func added(_ inputs: [NetworkGraph.NodeID], node: NetworkGraph.NodeID) -> Program.ValueID {
    if inputs.count == 2, inputs[0] != inputs[1] {
      // The later of two convolutions adds the other's result while it stores its own.
      for (late, early) in [(inputs[1], inputs[0]), (inputs[0], inputs[1])] {
        guard let index = openStep(for: late), views[early.index].count == 1, views[early.index][0].shift == .zero
        else { continue }
        let residual = views[early.index][0].value
        let epilogue = program.steps[index].epilogue
        guard producer[residual, default: -1] < index, residual != program.input, program[residual].isPadded,
          epilogue.residual == nil, epilogue.second == .linear
        else { continue }
        program.steps[index].epilogue.residual = residual
        return rename(views[late.index][0].value, to: node)
      }
    }
    let parts = inputs.map { Program.Part(value: materialized(views[$0.index], node: $0)) }
    return append(.pointwise, parts, node: node)
  }

  mutating func pooled(
    _ inputs: [Program.Part], _ pooling: Operation.Pooling, average: Bool, node: NetworkGraph.NodeID
  ) -> Program.ValueID {
    let half = Extent(z: 1, y: 2, x: 2)
    if !average, pooling.window == half, pooling.stride == half, pooling.padding == .valid, inputs.count == 1,
      inputs[0].shift == .zero, let index = producer[inputs[0].value],
      case .winograd(var winograd) = program.steps[index].kind, winograd.pooled == nil, winograd.projection == nil
    {
      let value = newValue(node: node)
      winograd.pooled = value
      producer[value] = index
      program.steps[index].kind = .winograd(winograd)
      dropUnusedOutput(of: index, readBy: node)
      return value
    }
    let value = materialized(inputs, node: graph[node].inputs[0])
    return append(.pooling(pooling, average: average), [Program.Part(value: value)], node: node)
  }

  /// Makes a 1 × 1 convolution part of the Winograd convolution that it is the only reader of, if that is what `inputs` is.
  mutating func projected(
    _ inputs: [Program.Part], _ convolution: Operation.Convolution, node: NetworkGraph.NodeID
  ) -> Program.ValueID? {
    guard convolution.kernel == .one, convolution.stride == .one, convolution.filters <= 4, inputs.count == 1,
      inputs[0].shift == .zero, let index = producer[inputs[0].value], openStep(for: graph[node].inputs[0]) == index,
      case .winograd(var winograd) = program.steps[index].kind
    else { return nil }
    let name = graph[node].name
    let kernel = graph.weights[WeightKey(name, .kernel)]?.values ?? []
    let sources = channels[graph[node].inputs[0].index]
    var weights: [Float] = []
    for filter in 0..<convolution.filters {
      weights += (0..<sources).map { kernel[$0 * convolution.filters + filter] }.paddedToChannels
    }
    let bias = graph.weights[WeightKey(name, .bias)]?.values ?? [Float](repeating: 0, count: convolution.filters)
    let value = newValue(node: node)
    winograd.projection = Program.Projection(
      value: value, weights: weights, bias: bias, activation: convolution.activation)
    program.steps[index].kind = .winograd(winograd)
    producer[value] = index
    dropUnusedOutput(of: index, readBy: node)
    return value
  }

  /// Stops storing a result whose only reader has become part of the step.
  private mutating func dropUnusedOutput(of index: Int, readBy node: NetworkGraph.NodeID) {
    let input = graph[node].inputs[0]
    if isOnlyUse(of: input) { program.steps[index].output = nil }
  }

  /// The value now is what `node` computes.
  private mutating func rename(_ value: Program.ValueID, to node: NetworkGraph.NodeID) -> Program.ValueID {
    program.values[value.index].node = node
    return value
  }
}
