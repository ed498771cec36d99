import AisCore
import AisNetworks
import Testing

@Suite("Writing Keras models")
struct KerasWriterTests {
  private static let names = Architecture.all.filter { $0.parameterCount() < 2_000_000 }.map(\.name)

  @Test(arguments: names, [1, 5]) func `what was written is read back the same`(name: String, depth: Int) throws {
    let architecture = try Architecture.named(name)
    let graph = architecture.graph(depth: depth, seed: 3)
    let read = try KerasModel.read(KerasModel.bytes(of: graph), name: "test.h5")
    #expect(read.weights == graph.weights)
    // Keras has an order of its own for branches.
    #expect(described(read) == described(graph))
  }

  /// Every node with its inputs' names.
  private func described(_ graph: NetworkGraph) -> [String: [String]] {
    Dictionary(
      uniqueKeysWithValues: graph.nodes.map { node in
        (node.name, ["\(node.operation)"] + node.inputs.map { graph[$0].name })
      })
  }

  @Test(arguments: UInt64(0)..<40) func `random networks compute the same after writing`(seed: UInt64) throws {
    let network = try RandomNetwork(seed: seed, length: 4 + Int(seed % 9))
    let read = try KerasModel.read(
      KerasModel.bytes(of: network.graph, slabDepth: network.shape.z), name: "test.h5")
    let input = randomValues(network.shape.count, seed: 3)
    let expected = try ReferenceEngine().answer(of: network.graph, to: input, shape: network.shape)
    let found = try ReferenceEngine().answer(of: read, to: input, shape: network.shape)
    let difference = largestDifference(found, expected) / max(1, expected.map(abs).max() ?? 1)
    #expect(difference <= 1e-6, "\(network.graph.nodes.map(\.operation))")
  }

  @Test func `a model file has all keys, and comes back with them`() throws {
    var metadata = ModelMetadata()
    metadata.title = "Membrane “a”"
    metadata.apix = 10.32
    metadata.boxSize = 64
    metadata.architecture = "UNet lite"
    metadata.normalization = .globalMAD
    metadata.loss = 0.125
    let graph = try Architecture.named("UNet lite").graph(seed: 3)
    metadata.parameterCount = graph.parameterCount
    let bytes = try ModelFile.bytes(of: graph, metadata, stem: "membrane", extras: .init(history: "epoch\n1\n"))
    let file = try ModelFile.read(bytes: bytes, path: "membrane.scnm")
    metadata.modelEnum = file.metadata.modelEnum
    #expect(file.metadata == metadata)
    #expect(file.warnings == [])
    #expect(file.contentHash == graph.contentHash)
  }
}
