import AisCore
import AisNetworks
import AisTestSupport
import Testing

extension TorchTests {
  /// Gradients against finite differences in float64.
  @Suite struct Gradients {
    private static let layers: [(name: String, operation: Operation)] = [
      ("convolution", .convolution(.init(filters: 3, kernel: Extent(z: 1, y: 3, x: 2), activation: .sigmoid))),
      (
        "strided convolution",
        .convolution(
          .init(filters: 2, kernel: Extent(z: 1, y: 3, x: 3), stride: Extent(z: 1, y: 2, x: 2), padding: .valid))
      ),
      (
        "dilated convolution",
        .convolution(.init(filters: 2, kernel: Extent(z: 1, y: 3, x: 3), dilation: Extent(z: 1, y: 2, x: 1)))
      ),
      (
        "transposed convolution",
        .transposedConvolution(.init(filters: 2, kernel: Extent(z: 1, y: 3, x: 2), stride: Extent(z: 1, y: 2, x: 2)))
      ),
      (
        "max pooling",
        .maxPooling(.init(window: Extent(z: 1, y: 2, x: 2), stride: Extent(z: 1, y: 2, x: 2), padding: .same))
      ),
      (
        "average pooling",
        .averagePooling(.init(window: Extent(z: 1, y: 3, x: 3), stride: Extent(z: 1, y: 2, x: 2), padding: .same))
      ),
      ("upsampling", .upsampling(Extent(z: 1, y: 2, x: 3))),
      ("batch normalisation", .batchNormalization(epsilon: 1e-3)),
      ("tanh", .activation(.tanh)), ("ELU", .activation(.elu(alpha: 0.8))),
      ("leaky ReLU", .activation(.leakyReLU(slope: 0.2))),
      ("ReLU", .activation(.relu)),
      ("padding", .zeroPadding(before: Extent(z: 0, y: 1, x: 0), after: Extent(z: 0, y: 0, x: 2))),
      ("cropping", .cropping(before: Extent(z: 0, y: 1, x: 0), after: Extent(z: 0, y: 0, x: 1))),
    ]

    @Test(arguments: layers.indices, [false, true])
    func `gradients of layers are those of finite differences`(index: Int, isTraining: Bool) throws {
      let (name, operation) = Self.layers[index]
      let library = try Torch.library()
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      var builder = NetworkBuilder(channels: 2, seed: 11)
      builder.add("first", .convolution(.init(filters: 2, kernel: Extent(z: 1, y: 3, x: 3))))
      builder.add("layer", operation)
      let network = try TorchNetwork(builder.graph().withKernelsOfTrainedSize, library: library, element: .float64)
      let input = try library.tensor(randomValues(2 * 2 * 6 * 7, seed: 5).map(Double.init), shape: [2, 2, 6, 7])
      let training = isTraining ? TorchNetwork.Training(batchShare: 0) : nil
      // A loss that no symmetry hides: each value times a weight of its own.
      let size = try network.answer(to: input, training: training).shape()
      let weights = try library.tensor(
        randomValues(size.reduce(1, *), seed: 9).map(Double.init), shape: size)
      func loss() throws -> TorchTensor {
        try network.answer(to: input, training: training).multiplied(by: weights).mean()
      }

      for (key, parameter) in network.weights.sorted(by: {
        ($0.key.node, $0.key.role.rawValue) < ($1.key.node, $1.key.role.rawValue)
      })
      where key.role != .movingMean && key.role != .movingVariance {
        try parameter.requireGradient()
        try loss().backward()
        let gradient = try #require(try parameter.gradient()).doubles()
        try parameter.requireGradient(false)
        try check(gradient, of: parameter, in: loss, "\(name): \(key.node) \(key.role)")
      }
    }

    @Test(arguments: Loss.allCases, [false, true])
    func `gradients of losses are those of finite differences`(loss: Loss, isWeighted: Bool) throws {
      let library = try Torch.library()
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      let prediction = try library.tensor(randomValues(24, seed: 2).map { 0.5 + 0.45 * Double($0) }, shape: [4, 6])
      let target = try library.tensor(randomValues(24, seed: 3).map { $0 > 0 ? 1.0 : 0.0 }, shape: [4, 6])
      let weights =
        isWeighted ? try library.tensor(randomValues(24, seed: 4).map { 1 + Double($0) }, shape: [4, 6]) : nil
      try prediction.requireGradient()
      try prediction.loss(loss, against: target, weights: weights).backward()
      let gradient = try #require(try prediction.gradient()).doubles()
      try prediction.requireGradient(false)
      try check(
        gradient, of: prediction, in: { try prediction.loss(loss, against: target, weights: weights) }, "\(loss)")
    }

    @Test func `losses have the values of their formulas`() throws {
      let library = try Torch.library()
      let prediction = try library.tensor([0.2, 0.9, 0.5, 1.0] as [Double], shape: [4])
      let target = try library.tensor([0, 1, 1, 0] as [Double], shape: [4])
      func value(_ loss: Loss) throws -> Double { try prediction.loss(loss, against: target).doubles()[0] }
      #expect(abs(try value(.meanSquaredError) - (0.04 + 0.01 + 0.25 + 1) / 4) < 1e-12)
      #expect(abs(try value(.meanAbsoluteError) - (0.2 + 0.1 + 0.5 + 1) / 4) < 1e-12)
      // −log 0.8, −log 0.9, −log 0.5, −log 1e-7: the last prediction is held off 1.
      let crossentropy = (0.2231435513 + 0.1053605157 + 0.6931471806 + 16.1180956510) / 4
      #expect(abs(try value(.binaryCrossentropy) - crossentropy) < 1e-6)
      // log(1 + e⁰·²), log(1 + e⁻⁰·⁹), log(1 + e⁻⁰·⁵), log(1 + e¹)
      let ofLogits = (0.7981388694 + 0.3411538748 + 0.4740769842 + 1.3132616875) / 4
      #expect(abs(try value(.binaryCrossentropyOfLogits) - ofLogits) < 1e-9)
    }

    /// Adam by hand: with one gradient g, the first step is −η·g/(|g| + ε/√(1 − β₂)) whatever g is.
    @Test func `Adam takes the steps of its formula`() throws {
      let library = try Torch.library()
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      let settings = TorchAdam.Settings(learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.01)
      let parameter = try library.tensor([1, -2, 3] as [Double], shape: [3])
      try parameter.requireGradient()
      let adam = try TorchAdam([parameter], settings, library: library)
      var theta = [1.0, -2.0, 3.0]
      var m = [0.0, 0.0, 0.0]
      var v = [0.0, 0.0, 0.0]
      for t in 1...5 {
        // The loss mean(θ²) has the gradient 2θ/3.
        try parameter.multiplied(by: parameter).mean().backward()
        try adam.step()
        let rate = 0.1 * (1 - pow(0.9, t)).squareRoot() / (1 - pow(0.8, t))
        for i in 0..<3 {
          let g = 2 * theta[i] / 3
          m[i] = 0.8 * m[i] + 0.2 * g
          v[i] = 0.9 * v[i] + 0.1 * g * g
          theta[i] -= rate * m[i] / (v[i].squareRoot() + 0.01)
        }
        let found = try parameter.detached().doubles()
        for i in 0..<3 { #expect(abs(found[i] - theta[i]) < 1e-12, "step \(t)") }
      }
      #expect(try adam.steps() == 5)
      #expect(try parameter.gradient() == nil)
      let moments = try adam.moments(of: 0)
      #expect(zip(try moments.first.doubles(), m).allSatisfy { abs($0 - $1) < 1e-12 })
      #expect(zip(try moments.second.doubles(), v).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func `moving statistics of batches go the way that Keras moves them`() throws {
      let library = try Torch.library()
      var builder = NetworkBuilder(channels: 1, seed: 1)
      builder.add("norm", .batchNormalization(epsilon: 1e-3))
      let network = try TorchNetwork(builder.graph(), library: library, element: .float64)
      let mean = try #require(network.weights[WeightKey("norm", .movingMean)])
      let variance = try #require(network.weights[WeightKey("norm", .movingVariance)])
      let (oldMean, oldVariance) = (try mean.doubles()[0], try variance.doubles()[0])
      let input = try library.tensor([1, 2, 3, 6] as [Double], shape: [1, 1, 2, 2])
      _ = try network.answer(to: input, training: .init(batchShare: 0.01))
      // The mean of the batch is 3, its biased variance 3.5.
      #expect(abs(try mean.doubles()[0] - (0.99 * oldMean + 0.01 * 3)) < 1e-12)
      #expect(abs(try variance.doubles()[0] - (0.99 * oldVariance + 0.01 * 3.5)) < 1e-12)
    }

    private func pow(_ base: Double, _ exponent: Int) -> Double {
      (0..<exponent).reduce(1) { product, _ in product * base }
    }

    /// Central differences at up to 24 positions of a parameter, spread over it.
    private func check(
      _ gradient: [Double], of parameter: TorchTensor, in loss: () throws -> TorchTensor, _ what: String
    ) throws {
      let values = try parameter.doubles()
      let step = 1e-6
      for index in stride(from: 0, to: values.count, by: max(1, values.count / 24)) {
        func value(_ change: Double) throws -> Double {
          var changed = values
          changed[index] += change
          try changed.withUnsafeBytes { try parameter.write($0) }
          return try loss().doubles()[0]
        }
        let expected = (try value(step) - value(-step)) / (2 * step)
        #expect(abs(gradient[index] - expected) <= 1e-6 * max(1, abs(expected)), "\(what) at \(index)")
      }
      try values.withUnsafeBytes { try parameter.write($0) }
    }
  }
}
