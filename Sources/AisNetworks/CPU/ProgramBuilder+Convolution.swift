import AisCore
import CKernels

extension ProgramBuilder {
  mutating func convolved(
    _ inputs: [Program.Part], _ convolution: Operation.Convolution, node: NetworkGraph.NodeID
  ) throws(AisError) -> Program.ValueID {
    if let value = projected(inputs, convolution, node: node) { return value }
    let epilogue = self.epilogue(of: convolution, node: node)
    if isForWinograd(inputs, convolution) {
      let weights = try packedForWinograd(inputs, convolution, node: node)
      let step = Program.WinogradStep(convolution: convolution, weights: weights)
      return append(.winograd(step), inputs, epilogue: epilogue, node: node)
    }
    let taps = Extent.positions(in: convolution.kernel)
    let weights = try packed(taps, of: convolution, node: node)
    let step = Program.IndirectStep(
      convolution: convolution, isTransposed: false,
      phases: [Program.Phase(phase: .zero, taps: taps, weights: weights)])
    return append(.indirect(step), inputs, epilogue: epilogue, node: node)
  }

  /// Output o of a transposed convolution gets input i through tap t when o = i · stride − pad + t · dilation: outputs of
  /// one phase, (o + pad) mod stride, all use the same taps, so each phase is a convolution of its own.
  mutating func transposed(
    _ inputs: [Program.Part], _ convolution: Operation.Convolution, node: NetworkGraph.NodeID
  ) throws(AisError) -> Program.ValueID {
    var phases: [Program.Phase] = []
    let (stride, dilation) = (convolution.stride, convolution.dilation)
    for phase in Extent.positions(in: stride) {
      let taps = Extent.positions(in: convolution.kernel).filter { tap in
        tap.z * dilation.z % stride.z == phase.z && tap.y * dilation.y % stride.y == phase.y
          && tap.x * dilation.x % stride.x == phase.x
      }
      phases.append(
        Program.Phase(phase: phase, taps: taps, weights: try packed(taps, of: convolution, node: node)))
    }
    let step = Program.IndirectStep(convolution: convolution, isTransposed: true, phases: phases)
    return append(.indirect(step), inputs, epilogue: epilogue(of: convolution, node: node), node: node)
  }

  /// Whether Winograd's algorithm applies. Must not depend on the size of the input: tiles must be computed as the whole is.
  private func isForWinograd(_ inputs: [Program.Part], _ convolution: Operation.Convolution) -> Bool {
    guard convolution.kernel.y == 3, convolution.kernel.x == 3, convolution.kernel.z <= 15, convolution.stride == .one,
      convolution.dilation == .one
    else { return false }
    return inputs.allSatisfy { program[$0.value].isPadded }
  }

  private func epilogue(of convolution: Operation.Convolution, node: NetworkGraph.NodeID) -> Program.Epilogue {
    let bias = graph.weights[WeightKey(graph[node].name, .bias)]?.values
    return Program.Epilogue(
      bias: (bias ?? [Float](repeating: 0, count: convolution.filters)).paddedToChannels,
      first: convolution.activation)
  }

  private func packedForWinograd(
    _ inputs: [Program.Part], _ convolution: Operation.Convolution, node: NetworkGraph.NodeID
  ) throws(AisError) -> AlignedMemory {
    let sources = inputs.map { Int32(program[$0.value].channels) }
    let (taps, filters) = (Int32(convolution.kernel.z), Int32(convolution.filters))
    let count = ckernels_winograd_weight_count(sources, Int32(sources.count), taps, filters)
    let packed = try AlignedMemory(floats: Int(count), for: "the weights of '\(graph[node].name)'")
    kernel(of: node).withUnsafeBufferPointer { kernel in
      guard let kernel = kernel.baseAddress else { return }
      ckernels_winograd_pack(
        engine.instructionSet.kernels, kernel, sources, Int32(sources.count), taps, filters, packed.pointer,
        engine.team.handle)
    }
    return packed
  }

  private func packed(
    _ taps: [Extent], of convolution: Operation.Convolution, node: NetworkGraph.NodeID
  ) throws(AisError) -> AlignedMemory {
    let size = convolution.kernel
    let positions = taps.map { Int32(($0.z * size.y + $0.y) * size.x + $0.x) }
    let channels = Int32(graph[node].inputs.reduce(0) { $0 + self.channels[$1.index] })
    let count = ckernels_indirect_weight_count(Int32(taps.count), channels, Int32(convolution.filters))
    let packed = try AlignedMemory(floats: Int(count), for: "the weights of '\(graph[node].name)'")
    kernel(of: node).withUnsafeBufferPointer { kernel in
      guard let kernel = kernel.baseAddress else { return }
      ckernels_indirect_pack(
        engine.instructionSet.kernels, kernel, positions, Int32(taps.count), channels, Int32(convolution.filters),
        packed.pointer)
    }
    return packed
  }

  private func kernel(of node: NetworkGraph.NodeID) -> [Float] {
    graph.weights[WeightKey(graph[node].name, .kernel)]?.values ?? []
  }
}

extension Extent {
  /// All positions of a box of this size, x fastest.
  static func positions(in size: Extent) -> [Extent] {
    (0..<size.z).flatMap { z in (0..<size.y).flatMap { y in (0..<size.x).map { x in Extent(z: z, y: y, x: x) } } }
  }
}
