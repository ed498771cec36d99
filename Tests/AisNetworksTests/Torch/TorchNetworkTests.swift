import AisCore
import AisNetworks
import AisTestSupport
import Testing

extension TorchTests {
  @Suite struct Networks {
    private func answer(
      of graph: NetworkGraph, to values: [Float], shape: TensorShape, element: TorchTensor.Element = .float32
    )
      throws -> [Float]
    {
      let library = try Torch.library()
      try library.enableGradients(false)
      let network = try TorchNetwork(graph, library: library, element: element)
      let is3D = graph.dimensionality == .three
      let axes = is3D ? [1, shape.z, shape.y, shape.x, shape.channels] : [shape.z, shape.y, shape.x, shape.channels]
      let input = try library.tensor(values, shape: axes).permuted(is3D ? [0, 4, 1, 2, 3] : [0, 3, 1, 2])
        .converted(to: element)
      return try network.answer(to: input).permuted(is3D ? [0, 2, 3, 4, 1] : [0, 2, 3, 1]).floats()
    }

    @Test(arguments: UInt64(0)..<150) func `random networks give what the reference engine gives`(seed: UInt64) throws {
      let network = try RandomNetwork(seed: seed, length: 4 + Int(seed % 12))
      let input = randomValues(network.shape.count, seed: 3)
      let expected = try ReferenceEngine().answer(of: network.graph, to: input, shape: network.shape)
      let found = try answer(of: network.graph, to: input, shape: network.shape)
      let difference = largestDifference(expected, found) / max(1, expected.map(abs).max() ?? 1)
      #expect(difference <= 1e-4, "on \(network.shape): \(network.graph.nodes.map(\.operation))")
    }

    @Test(arguments: NetworkFixture.names) func `networks written by Keras give Keras' answer`(name: String) throws {
      let fixture = try NetworkFixture(name)
      let found = try answer(of: fixture.model.graph, to: fixture.input, shape: fixture.inputShape)
      #expect(largestDifference(found, fixture.expected) <= 1e-4)
    }

    @Test(arguments: NetworkFixture.names) func `half the bits give the same picture`(name: String) throws {
      let fixture = try NetworkFixture(name)
      let found = try answer(of: fixture.model.graph, to: fixture.input, shape: fixture.inputShape, element: .bfloat16)
      let differences = zip(found, fixture.expected).map { abs($0 - $1) }
      let scale = max(1, fixture.expected.map(abs).max() ?? 1)
      #expect(differences.reduce(0, +) / Float(differences.count) <= 0.02 * scale)
    }

    @Test func `a tensor gives back what it took, in the order of its axes`() throws {
      let library = try Torch.library()
      let values = (0..<24).map(Float.init)
      let tensor = try library.tensor(values, shape: [2, 3, 4])
      #expect(try tensor.floats() == values)
      #expect(try tensor.permuted([2, 0, 1]).shape() == [4, 2, 3])
      #expect(try tensor.permuted([2, 0, 1]).floats().prefix(3) == [0, 4, 8])
      #expect(try tensor.narrowed(axis: 1, start: 1, count: 1).floats() == [4, 5, 6, 7, 16, 17, 18, 19])
    }

    @Test func `what libtorch refuses becomes an error that names it`() throws {
      let library = try Torch.library()
      let tensor = try library.tensor([1, 2, 3] as [Float], shape: [3])
      let error = #expect(throws: AisError.self) { try tensor.reshaped([2, 2]) }
      #expect(error?.code == .engineFailed)
      #expect(error?.message.contains("see a tensor as [2, 2]") == true)
      #expect(error?.message.contains("\n") == false)
    }

    @Test func `beyond the budget nothing is allocated, and within it work goes on`() throws {
      let library = try Torch.library()
      try library.releaseCached(on: .processor)
      let before = try library.memory(on: .processor)
      try library.setBudget(before.used + (8 << 20))
      defer { try? library.setBudget(nil) }
      let error = #expect(throws: AisError.self) {
        try library.empty(shape: [16 << 20], element: .uint8, on: .processor)
      }
      #expect(error?.code == .outOfMemory)
      // Blocks of other sizes that are kept for later make room.
      for megabytes in [1, 3, 5, 7, 6, 4, 2] {
        _ = try library.empty(shape: [megabytes << 20], element: .uint8, on: .processor)
        let now = try library.memory(on: .processor)
        #expect(now.used + now.cached <= before.used + (8 << 20))
      }
    }

    @Test func `a seed gives the same random numbers again`() throws {
      let library = try Torch.library()
      func draw() throws -> [Float] {
        try library.setSeed(7)
        return try library.normal(shape: [5]).floats() + library.uniform(from: 2, to: 3, shape: [5]).floats()
      }
      let first = try draw()
      #expect(try draw() == first)
      #expect(first.suffix(5).allSatisfy { (2...3).contains($0) })
    }
  }
}
