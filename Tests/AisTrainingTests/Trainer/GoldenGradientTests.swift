import AisCore
import AisNetworks
import AisTestSupport
import AisTraining
import Foundation
import Testing

extension TrainingTests {
  /// Losses and gradients of whole networks beside those of TensorFlow (`Tools/reference/gradient_goldens.py`).
  @Suite struct GoldenGradients {
    struct Golden: Decodable, CustomTestStringConvertible {
      struct Gradient: Decodable {
        var layer, role: String
        var norm: Double
        /// Up to eight values, evenly spread.
        var spread: [Double]
      }
      var network, loss: String
      var isTraining: Bool
      /// Image, channel, [z,] y, x.
      var shape: [Int]
      var value: Double
      var gradients: [Gradient]

      var testDescription: String {
        "\(network), \(loss), \(isTraining ? "statistics of the batch" : "kept statistics")"
      }
      /// libtorch's transposed convolution with 64 bits has no gradient for some kernels of Pix2pix; with 32 bits another one computes.
      var isExact: Bool { !network.hasPrefix("pix2pix") }
      var element: TorchTensor.Element { isExact ? .float64 : .float32 }
      var tolerance: Double { isExact ? 1e-7 : 1e-4 }
    }

    private static let folder = Fixtures.kept.appending(path: "networks")
    private static let goldens: [Golden] =
      (try? JSONDecoder().decode([Golden].self, from: Data(contentsOf: folder.appending(path: "gradients.json")))) ?? []

    private func loss(of kind: String, _ answer: Answer, _ target: MaskedTarget) throws -> TorchTensor {
      switch kind {
      case "crossentropy": try MaskedLoss.value(of: .crossentropy, answer, target)
      case "dice": try MaskedLoss.value(of: .dice, answer, target)
      case "mixture": try MaskedLoss.value(of: .mixture(crossentropy: 0.3, dice: 0.7), answer, target)
      default: try MaskedLoss.distance(answer, target)
      }
    }

    @Test func `there are goldens`() { #expect(Self.goldens.count == 10) }

    @Test(arguments: goldens) func `losses and gradients are those of TensorFlow`(golden: Golden) throws {
      let library = try Torch.library()
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      var graph = try ModelFile.read(Self.folder.appending(path: golden.network).path).graph
      for index in graph.nodes.indices {
        // What chance leaves out differs; there it leaves out nothing.
        if case .dropout = graph.nodes[index].operation { graph.nodes[index].operation = .dropout(rate: 0) }
      }
      let network = try TorchNetwork(graph, library: library, element: golden.element)
      for parameter in network.parameters { try parameter.requireGradient() }

      let count = golden.shape.reduce(1, *)
      let input = try library.tensor((0..<count).map { sin(0.7 * Double($0) + 0.3) }, shape: golden.shape)
      let answer = Answer(
        values: try network.answer(
          to: input.converted(to: golden.element, on: .processor),
          training: golden.isTraining ? .init(batchShare: 0.01) : nil, asLogits: graph.endsInSigmoid),
        isLogits: graph.endsInSigmoid)
      let labels: [Float] = (0..<count / golden.shape[1]).map { [0, 1, 0, 2, 0.25][(7 * $0 + $0 / 11) % 5] }
      let target = try MaskedTarget(
        labels, shape: [golden.shape[0], 1] + golden.shape.dropFirst(2), library: library, element: golden.element)
      let loss = try loss(of: golden.loss, answer, target)
      try loss.backward()

      #expect(abs(try loss.doubles()[0] - golden.value) < golden.tolerance)
      #expect(golden.gradients.count == network.parameters.count)
      for expected in golden.gradients {
        let role = try #require(WeightRole(rawValue: expected.role))
        let weight = try #require(network.weights[WeightKey(expected.layer, role)], "\(expected.layer) \(role)")
        let found = try #require(try weight.gradient()).doubles()
        let norm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let scale = max(expected.norm, 1e-9)
        #expect(abs(norm - expected.norm) < golden.tolerance * scale, "\(expected.layer) \(role)")
        let spread = stride(from: 0, to: found.count, by: (found.count + 7) / 8).map { found[$0] }
        #expect(
          zip(spread, expected.spread).allSatisfy { abs($0 - $1) < golden.tolerance * scale },
          "\(expected.layer) \(role)")
        #expect(spread.count == expected.spread.count)
      }
    }
  }
}
