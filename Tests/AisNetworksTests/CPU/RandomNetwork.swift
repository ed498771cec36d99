import AisCore
import AisNetworks

/// A random network of about `length` layers that takes inputs of `shape`: any operation may follow any other, and
/// branches meet again wherever sizes allow.
struct RandomNetwork {
  let graph: NetworkGraph
  let shape: TensorShape

  init(seed: UInt64, length: Int) throws(AisError) {
    var generator = SeededGenerator(seed: seed)
    let isDeep = Int.random(in: 0..<3, using: &generator) == 0
    shape = TensorShape(
      z: isDeep ? Int.random(in: 1...5, using: &generator) : 1, y: Int.random(in: 5...23, using: &generator),
      x: Int.random(in: 5...23, using: &generator), channels: [1, 2, 5, 16, 32].randomElement(using: &generator) ?? 1)
    var builder = NetworkBuilder(isDeep ? .three : .two, channels: shape.channels, seed: seed)
    for layer in 0..<length {
      var trial = builder
      let shapes = try builder.graph().shapes(for: shape)
      let (operation, inputs) = Self.layer(isDeep: isDeep, shapes: shapes, using: &generator)
      trial.add("layer \(layer)", operation, inputs.map { NetworkGraph.NodeID($0) })
      // What does not fit, or grows too large for a slow oracle, is left out.
      guard trial.graph().problems().isEmpty, let new = try? trial.graph().shapes(for: shape),
        let last = new.last, last.count <= 40_000, last.channels <= 200
      else { continue }
      builder = trial
    }
    graph = builder.graph().withKernelsOfTrainedSize
  }

  private static func layer(
    isDeep: Bool, shapes: [TensorShape], using generator: inout SeededGenerator
  ) -> (Operation, [Int]) {
    func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }
    func extent(_ values: [Int]) -> Extent {
      let y = pick(values)
      return Extent(z: isDeep ? pick(values) : 1, y: y, x: pick([y, y, pick(values)]))
    }
    func convolution(_ kernels: [Int]) -> Operation.Convolution {
      let activation = pick(
        [.linear, .relu, .sigmoid, .tanh, .leakyReLU(slope: 0.2), .elu(alpha: 0.7)] as [Activation])
      let hasStride = pick([false, false, false, true])
      return Operation.Convolution(
        filters: pick([1, 3, 8, 16, 17, 32, 40, 64, 96]), kernel: extent(kernels),
        stride: hasStride ? extent([1, 2, 3]) : .one, dilation: hasStride ? .one : extent([1, 1, 1, 2]),
        padding: pick([.same, .same, .valid]), usesBias: pick([true, true, false]), activation: activation)
    }
    let last = shapes.count - 1
    let source = pick([last, last, last, Int.random(in: 0...last, using: &generator)])
    let equal = shapes.indices.filter {
      (shapes[$0].z, shapes[$0].y, shapes[$0].x) == (shapes[source].z, shapes[source].y, shapes[source].x)
    }
    let alike = equal.filter { shapes[$0].channels == shapes[source].channels }
    switch Int.random(in: 0..<20, using: &generator) {
    case 0..<4: return (.convolution(convolution([3])), [source])
    case 4..<7: return (.convolution(convolution([1, 2, 3, 4, 5])), [source])
    case 7, 8: return (.transposedConvolution(convolution([1, 2, 3, 4])), [source])
    case 9:
      let two = Extent(z: 1, y: 2, x: 2)
      return (.maxPooling(.init(window: two, stride: two, padding: .valid)), [source])
    case 10:
      return (
        .maxPooling(.init(window: extent([1, 2, 3]), stride: extent([1, 2]), padding: pick([.same, .valid]))), [source]
      )
    case 11:
      return (
        .averagePooling(.init(window: extent([2, 3]), stride: extent([1, 2]), padding: pick([.same, .valid]))), [source]
      )
    case 12: return (.upsampling(extent([1, 2, 2, 3])), [source])
    case 13, 14: return (.concatenation, [source, pick(equal)] + (pick([true, false]) ? [pick(equal)] : []))
    case 15: return (.addition, [source, pick(alike)] + (pick([true, false, false]) ? [pick(alike)] : []))
    case 16: return (.activation(pick([.relu, .sigmoid, .leakyReLU(slope: 0.1), .elu(alpha: 1)])), [source])
    case 17: return (.batchNormalization(epsilon: 1e-3), [source])
    case 18: return (.dropout(rate: 0.3), [source])
    default:
      let (before, after) = (extent([0, 1]), extent([0, 2]))
      let flat = { (e: Extent) in Extent(z: isDeep ? e.z : 0, y: e.y, x: e.x) }
      return pick([true, false])
        ? (.zeroPadding(before: flat(before), after: flat(after)), [source])
        : (.cropping(before: flat(after), after: flat(before)), [source])
    }
  }
}
