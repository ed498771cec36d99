import AisFormats

extension NetworkGraph {
  /// SHA-256 over the network's structure and weights, 64 hexadecimal digits.
  ///
  /// Two files have the same hash when they compute the same: names of layers, the container, titles and settings do
  /// not count. Nodes are written in order as lines `operation parameters < inputs`, each followed by its weights as
  /// little-endian float32 in our order of axes.
  package var contentHash: String {
    var digest = SHA256()
    digest.update("ais.network/1 \(dimensionality.rawValue)D output \(output.index)\n")
    for node in nodes {
      let inputs = node.inputs.map { String($0.index) }.joined(separator: " ")
      digest.update("\(node.operation.canonicalText) < \(inputs)\n")
      for role in WeightRole.allCases {
        guard let tensor = weights[WeightKey(node.name, role)] else { continue }
        digest.update("\(role.rawValue) \(tensor.shape.map(String.init).joined(separator: " "))\n")
        tensor.values.withUnsafeBytes { digest.update($0) }
      }
    }
    return digest.finish()
  }
}

extension Operation {
  /// The operation in words that never change, because hashes are made of them.
  fileprivate var canonicalText: String {
    switch self {
    case .input(let input): "input \(input.channels)"
    case .convolution(let convolution): "convolution \(convolution.canonicalText)"
    case .transposedConvolution(let convolution): "transposed-convolution \(convolution.canonicalText)"
    case .maxPooling(let pooling): "max-pooling \(pooling.canonicalText)"
    case .averagePooling(let pooling): "average-pooling \(pooling.canonicalText)"
    case .upsampling(let factor): "upsampling \(factor.canonicalText)"
    case .concatenation: "concatenation"
    case .addition: "addition"
    case .activation(let activation): "activation \(activation.canonicalText)"
    case .batchNormalization(let epsilon): "batch-normalization \(epsilon.bitPattern)"
    // The rate matters to training only.
    case .dropout: "dropout"
    case .zeroPadding(let before, let after): "zero-padding \(before.canonicalText) \(after.canonicalText)"
    case .cropping(let before, let after): "cropping \(before.canonicalText) \(after.canonicalText)"
    case .custom(let model):
      "custom \(model.program.digest) \(model.boxSize) \(model.depth) "
        + model.saved.map { "\($0.name) \(SHA256.hex(of: $0.bytes))" }.joined(separator: " ")
    }
  }
}

extension Operation.Convolution {
  fileprivate var canonicalText: String {
    "\(filters) \(kernel.canonicalText) \(stride.canonicalText) \(dilation.canonicalText) \(padding.rawValue) "
      + "\(usesBias ? "bias" : "no-bias") \(activation.canonicalText)"
  }
}

extension Operation.Pooling {
  fileprivate var canonicalText: String { "\(window.canonicalText) \(stride.canonicalText) \(padding.rawValue)" }
}

extension Extent {
  fileprivate var canonicalText: String { "\(z),\(y),\(x)" }
}

extension Activation {
  fileprivate var canonicalText: String {
    switch self {
    case .linear: "linear"
    case .relu: "relu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .leakyReLU(let slope): "leaky-relu,\(slope.bitPattern)"
    case .elu(let alpha): "elu,\(alpha.bitPattern)"
    }
  }
}
