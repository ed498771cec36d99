import AisCore

/// Turns a graph into a program, node by node.
struct ProgramBuilder {
  let graph: NetworkGraph
  let engine: CPUEngine
  var program: Program
  /// How the value of each node is seen by its consumers.
  var views: [[Program.Part]]
  /// Consumers of each node that count: those on a way to the output; the caller is one of the output's.
  let uses: [Int]
  /// Channels of each node.
  let channels: [Int]
  /// The step that computes a value, by value.
  var producer: [Program.ValueID: Int] = [:]

  static func build(_ graph: NetworkGraph, engine: CPUEngine) throws(AisError) -> Program {
    var builder = ProgramBuilder(graph: graph, engine: engine)
    for index in graph.nodes.indices where builder.uses[index] > 0 || index == graph.input.index {
      builder.views[index] = try builder.view(of: NetworkGraph.NodeID(index))
    }
    builder.finishOutput()
    if graph.dimensionality == .two { builder.recomputeFirstConvolutions() }
    return builder.program
  }

  private init(graph: NetworkGraph, engine: CPUEngine) {
    self.graph = graph
    self.engine = engine
    channels = graph.channels()
    views = Array(repeating: [], count: graph.nodes.count)
    var uses = Array(repeating: 0, count: graph.nodes.count)
    uses[graph.output.index] = 1
    for index in graph.nodes.indices.reversed() where uses[index] > 0 {
      for input in graph.nodes[index].inputs { uses[input.index] += 1 }
    }
    self.uses = uses
    let first = Program.Value(node: graph.input, channels: channels[graph.input.index], isDense: true)
    program = Program(values: [first], input: Program.ValueID(index: 0), output: Program.ValueID(index: 0))
  }

  // MARK: One node

  private mutating func view(of id: NetworkGraph.NodeID) throws(AisError) -> [Program.Part] {
    let node = graph[id]
    let inputs = node.inputs.flatMap { views[$0.index] }
    switch node.operation {
    case .input:
      return [Program.Part(value: program.input)]
    case .dropout:
      return inputs
    case .concatenation:
      return inputs
    case .upsampling(let factor):
      return upsampled(inputs, by: factor, node: id)
    case .activation(let activation):
      return [Program.Part(value: applied(activation, to: node.inputs[0], node: id))]
    case .batchNormalization(let epsilon):
      return [Program.Part(value: normalized(node.inputs[0], epsilon: epsilon, node: id))]
    case .addition:
      return [Program.Part(value: added(node.inputs, node: id))]
    case .maxPooling(let pooling):
      return [Program.Part(value: pooled(inputs, pooling, average: false, node: id))]
    case .averagePooling(let pooling):
      return [Program.Part(value: pooled(inputs, pooling, average: true, node: id))]
    case .zeroPadding(let before, _):
      return [Program.Part(value: gathered(inputs, factor: .one, offset: before, node: id))]
    case .cropping(let before, _):
      let offset = Extent(z: -before.z, y: -before.y, x: -before.x)
      return [Program.Part(value: gathered(inputs, factor: .one, offset: offset, node: id))]
    case .convolution(let convolution):
      return [Program.Part(value: try convolved(inputs, convolution, node: id))]
    case .transposedConvolution(let convolution):
      return [Program.Part(value: try transposed(inputs, convolution, node: id))]
    case .custom(let model):
      throw .onlyItsProgram(model)
    }
  }

  // MARK: Values and steps

  mutating func newValue(node: NetworkGraph.NodeID) -> Program.ValueID {
    let channels = channels[node.index]
    // Padding a handful of channels to a whole vector would multiply the memory.
    program.values.append(Program.Value(node: node, channels: channels, isDense: channels < channelMultiple / 2))
    return Program.ValueID(index: program.values.count - 1)
  }

  /// Appends a step with a new value as its output.
  mutating func append(
    _ kind: Program.Kind, _ inputs: [Program.Part], epilogue: Program.Epilogue = .init(), node: NetworkGraph.NodeID
  ) -> Program.ValueID {
    let output = newValue(node: node)
    producer[output] = program.steps.count
    program.steps.append(Program.Step(kind: kind, inputs: inputs, output: output, epilogue: epilogue, node: node))
    return output
  }

  /// The inputs as one value without upsampling, copied if they are not that already.
  mutating func materialized(_ parts: [Program.Part], node: NetworkGraph.NodeID) -> Program.ValueID {
    if parts.count == 1, parts[0].shift == .zero { return parts[0].value }
    return gathered(parts, factor: .one, offset: .zero, node: node)
  }

  mutating func gathered(
    _ parts: [Program.Part], factor: Extent, offset: Extent, node: NetworkGraph.NodeID
  ) -> Program.ValueID {
    append(.gather(factor: factor, offset: offset), parts, node: node)
  }

  private mutating func upsampled(
    _ parts: [Program.Part], by factor: Extent, node: NetworkGraph.NodeID
  ) -> [Program.Part] {
    guard let z = factor.z.binaryLogarithm, let y = factor.y.binaryLogarithm, let x = factor.x.binaryLogarithm else {
      return [Program.Part(value: gathered(parts, factor: factor, offset: .zero, node: node))]
    }
    return parts.map { part in
      var part = part
      part.shift = Extent(z: part.shift.z + z, y: part.shift.y + y, x: part.shift.x + x)
      return part
    }
  }

  /// The answer goes into the caller's array, which has no padding channels and is not read again.
  private mutating func finishOutput() {
    let parts = views[graph.output.index]
    let value = parts[0].value
    let isOwn = parts.count == 1 && parts[0].shift == .zero && value != program.input
    let isReadAgain = program.steps.contains { $0.reads.contains(value) }
    program.output = isOwn && !isReadAgain ? value : gathered(parts, factor: .one, offset: .zero, node: graph.output)
    program.values[program.output.index].isDense = true
  }
}

extension Int {
  /// n when this is 2ⁿ.
  fileprivate var binaryLogarithm: Int? {
    self > 0 && self & (self - 1) == 0 ? trailingZeroBitCount : nil
  }
}
