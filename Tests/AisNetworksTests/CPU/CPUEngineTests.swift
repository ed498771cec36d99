import AisCore
import AisNetworks
import Testing

@Suite struct CPUEngineTests {
  /// Runs both engines and gives the largest difference, relative to values above 1.
  private func difference(_ graph: NetworkGraph, _ shape: TensorShape, _ set: InstructionSet, threads: Int = 1) throws
    -> Float
  {
    let input = randomValues(shape.count, seed: 3)
    let expected = try ReferenceEngine().answer(of: graph, to: input, shape: shape)
    let found = try CPUEngine(threads: threads, instructionSet: set).answer(of: graph, to: input, shape: shape)
    return largestDifference(expected, found) / max(1, expected.map(abs).max() ?? 1)
  }

  @Test(arguments: SmallNetwork.allCases, InstructionSet.available)
  func `common layouts give what the reference engine gives`(network: SmallNetwork, set: InstructionSet) throws {
    #expect(try difference(network.graph, network.shape(y: 28, x: 36), set, threads: 2) <= 1e-4)
  }

  @Test(arguments: UInt64(0)..<150) func `random networks give what the reference engine gives`(seed: UInt64) throws {
    let network = try RandomNetwork(seed: seed, length: 4 + Int(seed % 12))
    for set in InstructionSet.available {
      let difference = try difference(network.graph, network.shape, set, threads: 1 + Int(seed % 3))
      #expect(difference <= 1e-4, "\(set) on \(network.shape): \(network.graph.nodes.map(\.operation))")
    }
  }

  /// Input channels, filters, kernel, height, width.
  @Test(
    arguments: [
      (1, 64, 3, 17, 33), (3, 5, 3, 9, 9), (16, 16, 3, 1, 1), (17, 100, 3, 6, 7), (64, 128, 3, 13, 10),
      (128, 64, 1, 11, 5),
      (200, 48, 3, 5, 6), (512, 32, 3, 4, 5), (1024, 24, 3, 3, 4), (8, 1024, 3, 3, 4), (1024, 16, 1, 4, 3),
      (40, 40, 15, 20, 17),
      (5, 7, 7, 12, 11), (33, 9, 5, 10, 8), (2, 3, 2, 1, 9),
    ] as [(Int, Int, Int, Int, Int)])
  func `single convolutions of 1 to 1024 channels give what the reference engine gives`(
    channels: Int, filters: Int, kernel: Int, height: Int, width: Int
  ) throws {
    var builder = NetworkBuilder(channels: channels, seed: 2)
    builder.add("c", .convolution(.init(filters: filters, kernel: Extent(z: 1, y: kernel, x: kernel))))
    let shape = TensorShape(z: 1, y: height, x: width, channels: channels)
    for set in InstructionSet.available {
      #expect(try difference(builder.graph().withKernelsOfTrainedSize, shape, set) <= 1e-4, "\(set)")
    }
  }

  @Test(arguments: [Activation.sigmoid, .tanh, .elu(alpha: 1), .leakyReLU(slope: 0.3), .relu])
  func `activations are exact to a millionth, also for large numbers`(activation: Activation) throws {
    var builder = NetworkBuilder(channels: 1, seed: 1)
    builder.add("a", .activation(activation))
    let input = (-4000...4000).map { Float($0) / 100 } + [-1e30, 1e30, -200, 200, -88, 88, -0.0, 1e-20, -1e-20]
    let shape = TensorShape(z: 1, y: 1, x: input.count, channels: 1)
    let expected = try ReferenceEngine().answer(of: builder.graph(), to: input, shape: shape)
    for set in InstructionSet.available {
      let found = try CPUEngine(threads: 1, instructionSet: set).answer(of: builder.graph(), to: input, shape: shape)
      for index in input.indices {
        #expect(abs(found[index] - expected[index]) <= 1e-6 * max(1, abs(expected[index])), "\(set) at \(input[index])")
      }
    }
  }

  @Test func `NaN is passed on by every activation`() throws {
    for activation in [Activation.linear, .relu, .sigmoid, .tanh, .elu(alpha: 1), .leakyReLU(slope: 0.3)] {
      var builder = NetworkBuilder(channels: 16, seed: 1)
      builder.add("c", .convolution(.init(filters: 16, kernel: Extent(z: 1, y: 3, x: 3), activation: activation)))
      let shape = TensorShape(z: 1, y: 4, x: 4, channels: 16)
      let input = [Float](repeating: .nan, count: shape.count)
      for set in InstructionSet.available {
        let found = try CPUEngine(threads: 1, instructionSet: set).answer(of: builder.graph(), to: input, shape: shape)
        #expect(found.allSatisfy { $0.isNaN }, "\(activation) with \(set)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `the number of threads changes no bit`(set: InstructionSet) throws {
    for network in SmallNetwork.allCases {
      let shape = network.shape(y: 100, x: 92)
      let input = randomValues(shape.count, seed: 11)
      let one = try CPUEngine(threads: 1, instructionSet: set).answer(of: network.graph, to: input, shape: shape)
      for threads in [2, 3, 8] {
        let many = try CPUEngine(threads: threads, instructionSet: set).answer(
          of: network.graph, to: input, shape: shape)
        #expect(one == many, "\(network) with \(threads) threads")
      }
    }
  }

  @Test func `computing the first convolution in bands of rows changes no bit`() throws {
    // On wide slices one thread works on bands of 16 rows, eight threads on all rows at once.
    for network in [SmallNetwork.uNet, .vggNet, .resNet] {
      let shape = network.shape(y: 76, x: 4096)
      let input = randomValues(shape.count, seed: 12)
      let inBands = try CPUEngine(threads: 1).answer(of: network.graph, to: input, shape: shape)
      let atOnce = try CPUEngine(threads: 8).answer(of: network.graph, to: input, shape: shape)
      #expect(inBands == atOnce, "\(network)")
    }
  }

  @Test func `a plan can be run again, after its memory was given back, too`() throws {
    let network = SmallNetwork.uNet
    let shape = network.shape(y: 32, x: 32)
    let plan = try CPUEngine(threads: 2).load(network.graph).plan(for: shape)
    func run(_ input: [Float]) throws -> [Float] {
      var output = [Float](repeating: .nan, count: plan.output.count)
      try input.withUnsafeBufferPointer { source in
        try output.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
      }
      return output
    }
    let (a, b) = (randomValues(shape.count, seed: 1), randomValues(shape.count, seed: 2))
    let first = try run(a)
    #expect(try run(b) != first)
    #expect(try run(a) == first)
    plan.releaseMemory()
    #expect(try run(a) == first)
  }

  @Test func `plans of one engine may run at the same time`() async throws {
    let engine = try CPUEngine(threads: 2)
    let network = SmallNetwork.vggNet
    let loaded = try engine.load(network.graph)
    let shape = network.shape(y: 48, x: 40)
    let input = randomValues(shape.count, seed: 1)
    let expected = try engine.answer(of: network.graph, to: input, shape: shape)
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<6 {
        group.addTask {
          let plan = try loaded.plan(for: shape)
          var output = [Float](repeating: .nan, count: plan.output.count)
          try input.withUnsafeBufferPointer { source in
            try output.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
          }
          return output
        }
      }
      for try await output in group { #expect(output == expected) }
    }
  }

  @Test func `an instruction set is capped by name`() {
    #expect(InstructionSet.best(cappedBy: nil) == .best)
    #expect(InstructionSet.best(cappedBy: "baseline") == .baseline)
    #expect(InstructionSet.best(cappedBy: "AVX2") <= .avx2)
    #expect(InstructionSet.best(cappedBy: "mmx") == .best)
    #expect(InstructionSet.available.last == .best)
  }

  @Test func `an unsound network is refused`() throws {
    var graph = SmallNetwork.uNet.graph
    graph.weights[WeightKey("c2", .kernel)] = nil
    #expect(throws: AisError.self) { _ = try CPUEngine(threads: 1).load(graph) }
  }
}
