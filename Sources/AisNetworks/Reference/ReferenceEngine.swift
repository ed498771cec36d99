import AisCore

/// The definition of every operation: plain loops, sums in Float64, one thread. Slow, and meant to be read.
///
/// Fast engines are tested against this one. Values between layers are float32, as in every engine.
package struct ReferenceEngine: Engine {
  package init() {}

  package var name: String { "reference" }
  package var details: [String: String] { ["precision": "float32, sums in float64", "threads": "1"] }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    try graph.validate()
    return ReferenceNetwork(graph: graph)
  }
}

private struct ReferenceNetwork: LoadedNetwork {
  let graph: NetworkGraph

  var weightBytes: Int { graph.parameterCount * MemoryLayout<Float>.size }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
    try ReferencePlan(graph: graph, input: input)
  }
}

private final class ReferencePlan: InferencePlan {
  private let graph: NetworkGraph
  private let shapes: [TensorShape]
  let input: TensorShape

  init(graph: NetworkGraph, input: TensorShape) throws(AisError) {
    self.graph = graph
    self.input = input
    shapes = try graph.shapes(for: input)
  }

  var output: TensorShape { shapes[graph.output.index] }

  /// Every activation lives until the run ends.
  var memoryBytes: Int { shapes.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.size }

  var predictedSeconds: Double { graph.multiplications(shapes: shapes) / 1e9 }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    precondition(source.count == input.count, "the plan is for \(input.count) input values, got \(source.count)")
    precondition(
      destination.count == output.count, "the plan gives \(output.count) values, room is for \(destination.count)")
    var values: [Activations] = []
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { values[$0.index] }
      values.append(
        Activations(shape: shapes[index], values: compute(node, inputs, giving: shapes[index], networkInput: source)))
    }
    _ = destination.update(fromContentsOf: values[graph.output.index].values)
  }

  func releaseMemory() {}
  // Its arrays live no longer than a run.
  func share(_ workspace: InferenceWorkspace) {}

  private func compute(
    _ node: NetworkGraph.Node, _ inputs: [Activations], giving shape: TensorShape,
    networkInput: UnsafeBufferPointer<Float>
  ) -> [Float] {
    func weight(_ role: WeightRole) -> [Float]? { graph.weights[WeightKey(node.name, role)]?.values }
    switch node.operation {
    case .input:
      return Array(networkInput)
    case .convolution(let convolution):
      return Reference.convolution(
        inputs[0], convolution, kernel: weight(.kernel) ?? [], bias: weight(.bias), giving: shape)
    case .transposedConvolution(let convolution):
      return Reference.transposedConvolution(
        inputs[0], convolution, kernel: weight(.kernel) ?? [], bias: weight(.bias), giving: shape)
    case .maxPooling(let pooling):
      return Reference.maxPooling(inputs[0], pooling, giving: shape)
    case .averagePooling(let pooling):
      return Reference.averagePooling(inputs[0], pooling, giving: shape)
    case .upsampling(let factor):
      return Reference.upsampling(inputs[0], factor, giving: shape)
    case .concatenation:
      return Reference.concatenation(inputs, giving: shape)
    case .addition:
      return Reference.addition(inputs)
    case .activation(let activation):
      return inputs[0].values.map { Float(activation.value(at: Double($0))) }
    case .batchNormalization(let epsilon):
      return Reference.batchNormalization(
        inputs[0], epsilon: epsilon, gamma: weight(.gamma), beta: weight(.beta), mean: weight(.movingMean) ?? [],
        variance: weight(.movingVariance) ?? [])
    case .dropout:
      return inputs[0].values
    case .zeroPadding(let before, _):
      return Reference.shifted(inputs[0], by: before, giving: shape)
    case .cropping(let before, _):
      return Reference.shifted(inputs[0], by: Extent(z: -before.z, y: -before.y, x: -before.x), giving: shape)
    case .custom:
      preconditionFailure("graphs are validated before they are run, and those of programs refused")
    }
  }
}

/// The value of one node: (z, y, x, channel), channel fastest.
struct Activations {
  var shape: TensorShape
  var values: [Float]

  /// Where the channels of one position start.
  func offset(z: Int, y: Int, x: Int) -> Int { ((z * shape.y + y) * shape.x + x) * shape.channels }
}

extension NetworkGraph {
  /// Multiplications (each with its addition) of all convolutions, for activations of these shapes.
  ///
  /// The part of the work that grows with the network; pooling, sums and activations are left out.
  package func multiplications(shapes: [TensorShape]) -> Double {
    var sum = 0.0
    for (index, node) in nodes.enumerated() {
      guard let source = node.inputs.first.map({ shapes[$0.index] }) else { continue }
      switch node.operation {
      case .convolution(let convolution):
        sum += Double(shapes[index].count) * Double(convolution.kernel.count) * Double(source.channels)
      case .transposedConvolution(let convolution):
        sum += Double(source.count) * Double(convolution.kernel.count) * Double(convolution.filters)
      default: break
      }
    }
    return sum
  }
}
