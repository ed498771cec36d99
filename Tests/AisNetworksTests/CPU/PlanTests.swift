import AisCore
import AisNetworks
import Testing

@Suite struct PlanTests {
  @Test(arguments: SmallNetwork.allCases) func `the forecast of memory is what is allocated`(network: SmallNetwork)
    throws
  {
    let engine = try CPUEngine(threads: 3)
    let shape = network.shape(y: 64, x: 80)
    let plan = try #require(try engine.load(network.graph).plan(for: shape) as? CPUPlan)
    #expect(plan.allocatedBytes == 0)
    var output = [Float](repeating: 0, count: plan.output.count)
    try randomValues(shape.count, seed: 1).withUnsafeBufferPointer { source in
      try output.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
    }
    #expect(plan.allocatedBytes == plan.memoryBytes)
    plan.releaseMemory()
    #expect(plan.allocatedBytes == 0)
  }

  @Test(arguments: SmallNetwork.allCases) func `a network does not mind what another left in shared memory`(
    network: SmallNetwork
  ) throws {
    let engine = try CPUEngine(threads: 2)
    func answer(_ plan: any InferencePlan, _ source: [Float]) throws -> [Float] {
      var output = [Float](repeating: 0, count: plan.output.count)
      try source.withUnsafeBufferPointer { source in
        try output.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
      }
      return output
    }
    let shape = network.shape(y: 64, x: 80)
    let source = randomValues(shape.count, seed: 1)
    let alone = try answer(try engine.load(network.graph).plan(for: shape), source)

    let workspace = InferenceWorkspace()
    var builder = NetworkBuilder(channels: 16, seed: 1)
    for layer in 0..<3 {
      builder.add("c\(layer)", .convolution(.init(filters: 16, kernel: Extent(z: 1, y: 3, x: 3))))
    }
    let large = TensorShape(z: 1, y: 256, x: 256, channels: 16)
    let other = try engine.load(builder.graph()).plan(for: large)
    let plan = try engine.load(network.graph).plan(for: shape)
    for sharer in [other, plan] { sharer.share(workspace) }
    #expect(workspace.allocatedBytes == 0)
    // What the other network leaves is not a number, everywhere.
    _ = try answer(other, [Float](repeating: .nan, count: large.count))
    #expect(workspace.allocatedBytes == max(other.memoryBytes, plan.memoryBytes))
    #expect(try answer(plan, source) == alone)
    workspace.release()
    #expect(workspace.allocatedBytes == 0)
    #expect(try answer(plan, source) == alone)
  }

  @Test func `values that are never alive together share memory`() throws {
    var builder = NetworkBuilder(channels: 16, seed: 1)
    for layer in 0..<10 {
      builder.add("c\(layer)", .convolution(.init(filters: 16, kernel: Extent(z: 1, y: 3, x: 3), activation: .relu)))
    }
    let shape = TensorShape(z: 1, y: 512, x: 512, channels: 16)
    let plan = try CPUEngine(threads: 1).load(builder.graph()).plan(for: shape)
    let one = shape.count * 4
    #expect(plan.memoryBytes >= 2 * one)
    #expect(plan.memoryBytes < 3 * one)
  }

  @Test func `a UNet S keeps little more than its two large activations on a slice of 1088²`() throws {
    let plan = try CPUEngine(threads: 2).load(uNetS()).plan(for: TensorShape(z: 1, y: 1088, x: 1088, channels: 1))
    #expect(plan.memoryBytes <= 420_000_000)
  }

  @Test func `the predicted time grows with the work`() throws {
    let loaded = try CPUEngine(threads: 1).load(SmallNetwork.uNet.graph)
    let small = try loaded.plan(for: SmallNetwork.uNet.shape(y: 256, x: 256)).predictedSeconds
    let large = try loaded.plan(for: SmallNetwork.uNet.shape(y: 512, x: 512)).predictedSeconds
    #expect(small > 0 && large > 3 * small && large < 5 * small)
  }

  @Test func `an input that the network cannot take is refused`() throws {
    let loaded = try CPUEngine(threads: 1).load(SmallNetwork.uNet.graph)
    #expect(throws: AisError.self) { _ = try loaded.plan(for: TensorShape(z: 1, y: 30, x: 32, channels: 1)) }
    #expect(throws: AisError.self) { _ = try loaded.plan(for: TensorShape(z: 1, y: 32, x: 32, channels: 2)) }
  }

  @Test func `memory that the system refuses is an error that says how much`() throws {
    // Forty values of 2⁴⁰ numbers, all alive until they are added, are more than an address space.
    var builder = NetworkBuilder(channels: 1, seed: 1)
    let input = builder.last
    let layers = (0..<40).map { builder.add("c\($0)", .convolution(.init(filters: 64, kernel: .one)), [input]) }
    builder.add("sum", .addition, layers)
    builder.add("end", .convolution(.init(filters: 1, kernel: .one)))
    let plan = try CPUEngine(threads: 1).load(builder.graph()).plan(
      for: TensorShape(z: 1, y: 1 << 17, x: 1 << 17, channels: 1))
    // Neither array is touched before the memory is there.
    var one: Float = 0
    let error = try #require(throws: AisError.self) {
      try withUnsafeMutablePointer(to: &one) { one in
        try plan.run(
          UnsafeBufferPointer(start: UnsafePointer(one), count: plan.input.count),
          into: UnsafeMutableBufferPointer(start: one, count: plan.output.count))
      }
    }
    #expect(error.code == .outOfMemory)
    #expect(error.message.contains("MiB"))
  }

  private func uNetS() -> NetworkGraph {
    var builder = NetworkBuilder(channels: 1, seed: 1)
    let two = Extent(z: 1, y: 2, x: 2)
    func conv(_ filters: Int) -> Operation {
      .convolution(.init(filters: filters, kernel: Extent(z: 1, y: 3, x: 3), activation: .relu))
    }
    let pool = Operation.maxPooling(.init(window: two, stride: two, padding: .valid))
    let one = builder.add("1", conv(64))
    builder.add("2", pool)
    let half = builder.add("3", conv(128))
    builder.add("4", pool)
    builder.add("5", conv(256))
    let up = builder.add("6", .upsampling(two))
    builder.add("7", .concatenation, [up, half])
    builder.add("8", conv(128))
    let top = builder.add("9", .upsampling(two))
    builder.add("10", .concatenation, [top, one])
    builder.add("11", conv(64))
    builder.add("12", .convolution(.init(filters: 1, kernel: .one, activation: .sigmoid)))
    return builder.graph()
  }
}
