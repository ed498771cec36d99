import AisCore
import AisNetworks
import Testing

@Suite("NetworkGraph")
struct NetworkGraphTests {
  private static let two = Extent(z: 1, y: 2, x: 2)

  /// Two levels down and up again with skips, as in a U-Net.
  private func unet() -> NetworkBuilder {
    var builder = NetworkBuilder()
    let kernel = Extent(z: 1, y: 3, x: 3)
    let first = builder.add("conv2d", .convolution(.init(filters: 2, kernel: kernel, activation: .relu)))
    builder.add("max_pooling2d", .maxPooling(.init(window: Self.two, stride: Self.two, padding: .valid)))
    let second = builder.add("conv2d_1", .convolution(.init(filters: 4, kernel: kernel, activation: .relu)))
    builder.add("max_pooling2d_1", .maxPooling(.init(window: Self.two, stride: Self.two, padding: .valid)))
    builder.add("up_sampling2d", .upsampling(Self.two))
    builder.add("concatenate", .concatenation, [builder.last, second])
    builder.add(
      "conv2d_transpose", .transposedConvolution(.init(filters: 2, kernel: Self.two, stride: Self.two)))
    builder.add("concatenate_1", .concatenation, [builder.last, first])
    builder.add("conv2d_2", .convolution(.init(filters: 1, kernel: .one, activation: .sigmoid)))
    return builder
  }

  private func input(_ x: Int, _ y: Int, z: Int = 1, channels: Int = 1) -> TensorShape {
    TensorShape(z: z, y: y, x: x, channels: channels)
  }

  /// What the error of `work` says.
  private func message(_ work: () throws(AisError) -> Void) -> String? {
    do throws(AisError) {
      try work()
      return nil
    } catch { return error.description }
  }

  @Test("shapes follow the layers")
  func shapes() throws {
    let shapes = try unet().graph().shapes(for: input(32, 16))
    #expect(
      shapes.map(\.description) == [
        "1×16×32×1", "1×16×32×2", "1×8×16×2", "1×8×16×4", "1×4×8×4", "1×8×16×4", "1×8×16×8", "1×16×32×2", "1×16×32×4",
        "1×16×32×1",
      ])
  }

  @Test("the total stride is what the input must be a multiple of")
  func totalStride() {
    #expect(unet().graph().totalStride == Extent(z: 1, y: 4, x: 4))
    #expect(NetworkBuilder().graph().totalStride == .one)
  }

  @Test("sizes that do not meet again name the layer, both sizes and what to do")
  func unequalConcatenation() {
    #expect(
      message { () throws(AisError) in _ = try unet().graph().shapes(for: input(33, 32)) }
        == "'concatenate_1' joins 32 × 32 with 33 × 32: make the input a multiple of 4")
  }

  @Test("the wrong number of channels is said in slices")
  func wrongChannels() {
    #expect(
      message { () throws(AisError) in _ = try unet().graph().shapes(for: input(32, 32, channels: 5)) }
        == "the network 'test' takes 1 channel, the input has 5")
  }

  @Test("an input smaller than the windows is refused by the first layer that gets nothing")
  func tooSmall() {
    #expect(
      message { () throws(AisError) in _ = try unet().graph().shapes(for: input(2, 2)) }
        == "'max_pooling2d_1' gets 1 × 1, which is smaller than its window: make the input larger")
  }

  @Test("a giant factor is refused before any memory is asked for")
  func giant() {
    var builder = NetworkBuilder()
    for level in 0..<4 { builder.add("up_\(level)", .upsampling(Extent(z: 1, y: 60_000, x: 60_000))) }
    #expect(throws: AisError.self) { try builder.graph().shapes(for: input(64, 64)) }
  }

  @Test("channels that double with every layer are a problem, not an overflow")
  func doublingChannels() {
    var nodes = [NetworkGraph.Node(name: "input", operation: .input(.init(channels: 1)), inputs: [])]
    for level in 0..<100 {
      let last = NetworkGraph.NodeID(level)
      nodes.append(.init(name: "concatenate_\(level)", operation: .concatenation, inputs: [last, last]))
    }
    let graph = NetworkGraph(name: "bomb", dimensionality: .two, nodes: nodes, output: .init(100), weights: [:])
    #expect(graph.problems().first == "'concatenate_20' has more than 1048576 channels")
    #expect(throws: AisError.self) { try graph.shapes(for: input(4, 4)) }
  }

  @Test("a sound network has no problems")
  func sound() {
    #expect(unet().graph().problems() == [])
  }

  @Test("all problems of weights are listed")
  func weightProblems() {
    var graph = unet().graph()
    graph.weights[WeightKey("conv2d", .kernel)] = Tensor(shape: [1, 3, 3, 1, 1], values: Array(repeating: 0, count: 9))
    graph.weights[WeightKey("conv2d_1", .bias)] = nil
    graph.weights[WeightKey("elsewhere", .gamma)] = Tensor(shape: [1], values: [0])
    #expect(
      graph.problems() == [
        "'conv2d' has a kernel of (1, 3, 3, 1, 1), expected (1, 3, 3, 1, 2)", "'conv2d_1' has no bias",
        "there is a gamma for 'elsewhere', which needs none",
      ])
  }

  @Test("broken wires and impossible parameters are problems, not traps")
  func wiringProblems() {
    typealias Node = NetworkGraph.Node
    let cyclic = NetworkGraph(
      name: "cycle", dimensionality: .two,
      nodes: [
        Node(name: "a", operation: .input(.init(channels: 1)), inputs: []),
        Node(name: "b", operation: .activation(.relu), inputs: [.init(2)]),
        Node(name: "b", operation: .activation(.relu), inputs: [.init(1), .init(0)]),
      ], output: .init(7), weights: [:])
    #expect(
      cyclic.problems() == [
        "its output is not one of its layers", "'b' takes its input from a layer that does not come before it",
        "two layers are named 'b'", "'b' needs 1 inputs, it has 2",
      ])
    var builder = NetworkBuilder()
    builder.add("up", .upsampling(Extent(z: 2, y: 0, x: 1)))
    #expect(
      builder.graph().problems() == [
        "'up' has a factor of 1 × 0 × 2 (x × y × z), expected 1 to 65536",
        "'up' reaches along z, but the network is 2D",
      ])
  }

  @Test("the halo is how far an aligned tile looks beyond itself")
  func halo() {
    var single = NetworkBuilder()
    single.add("conv", .convolution(.init(filters: 1, kernel: Extent(z: 1, y: 4, x: 7))))
    #expect(single.graph().halo.before == Extent(z: 0, y: 1, x: 3))
    #expect(single.graph().halo.after == Extent(z: 0, y: 2, x: 3))
    // 1 (first conv) + 2 (second conv, two pixels apart), all else falls inside its own 4 × 4 block.
    #expect(unet().graph().halo.before == Extent(z: 0, y: 3, x: 3))
    #expect(unet().graph().halo.after == Extent(z: 0, y: 3, x: 3))
  }

  @Test("a tile with its halo gives the same values as the whole")
  func haloIsEnough() throws {
    let graph = unet().graph()
    let whole = input(32, 16)
    var generator = SeededGenerator(seed: 5)
    let values = (0..<whole.count).map { _ in Float.random(in: -1...1, using: &generator) }
    let answer = try ReferenceEngine().answer(of: graph, to: values, shape: whole)
    // Tile x 16 ..< 20; a halo of 3 rounds up to 4.
    let tile = (0..<16).flatMap { y in values[y * 32 + 12..<y * 32 + 24] }
    let tileAnswer = try ReferenceEngine().answer(of: graph, to: tile, shape: input(12, 16))
    for y in 0..<16 {
      #expect(tileAnswer[y * 12 + 4..<y * 12 + 8] == answer[y * 32 + 16..<y * 32 + 20])
    }
  }
}
