import AisCore
import AisNetworks
import Testing

@Suite struct CPUEngineTests {
  @Test(arguments: InstructionSet.available)
  func `a small U-Net gives what the reference engine gives`(set: InstructionSet) throws {
    var builder = NetworkBuilder(channels: 1, seed: 5)
    let same = { (filters: Int, size: Int, activation: Activation) in
      Operation.convolution(
        .init(filters: filters, kernel: Extent(z: 1, y: size, x: size), padding: .same, activation: activation))
    }
    let two = Extent(z: 1, y: 2, x: 2)
    let pool = Operation.maxPooling(.init(window: two, stride: two, padding: .valid))
    let one = builder.add("c1", same(16, 3, .relu))
    builder.add("p1", pool)
    let half = builder.add("c2", same(32, 3, .relu))
    builder.add("p2", pool)
    builder.add("c3", same(48, 3, .relu))
    let up = builder.add("u1", .upsampling(two))
    builder.add("j1", .concatenation, [up, half])
    builder.add("c4", same(32, 3, .relu))
    let top = builder.add("u2", .upsampling(two))
    builder.add("j2", .concatenation, [top, one])
    builder.add("c5", same(16, 3, .relu))
    builder.add("c6", same(1, 1, .sigmoid))
    let graph = builder.graph().withKernelsOfTrainedSize
    let shape = TensorShape(z: 1, y: 28, x: 36, channels: 1)
    let input = randomValues(shape.count, seed: 3)
    let expected = try ReferenceEngine().answer(of: graph, to: input, shape: shape)
    let found = try CPUEngine(threads: 2, instructionSet: set).answer(of: graph, to: input, shape: shape)
    #expect(largestDifference(expected, found) <= 1e-4)
  }
}
