import AisCore
import AisNetworks

/// What a model file holds, in words and numbers for people and programs.
package struct ModelDescription: Sendable, Encodable {
  package struct Layer: Sendable, Encodable {
    package var name: String
    package var operation: String
    package var inputs: [String]
    package var channels: Int
    package var parameters: Int
  }

  package struct Colour: Sendable, Encodable {
    package var red: Double
    package var green: Double
    package var blue: Double
    /// As on web pages: #42D6A4.
    package var hex: String
  }

  /// What the input's extents must be multiples of; x is y's.
  package struct Multiple: Sendable, Encodable {
    package var z: Int
    package var y: Int
    package var x: Int
  }

  package var path: String
  package var container: String
  package var title: String
  package var colour: Colour
  package var architecture: String?
  /// "2D", "2.5D" (a 2D network over several slices) or "3D".
  package var kind: String
  package var parameters: Int
  package var layerCount: Int
  /// Slices that the network takes as channels; 1 in 3D networks.
  package var inputChannels: Int
  /// Slices in one training sample.
  package var depth: Int
  package var pixelSizeAngstrom: Double?
  package var boxSize: Int?
  /// "global_mad" or "per_slice".
  package var normalization: String
  package var zJitter: Int
  package var testTimeAugmentation: Int
  package var threshold: Double
  package var overlap: Double
  package var loss: Double?
  package var epochs: Int
  package var inputMultiple: Multiple
  /// Pixels that the network looks around every pixel.
  package var reach: Multiple
  /// SHA-256 of what the network computes.
  package var contentHash: String
  package var previewBytes: Int?
  package var warnings: [String]
  package var layers: [Layer]?

  package init(_ model: ModelFile, includingLayers: Bool) {
    let (graph, metadata) = (model.graph, model.metadata)
    path = model.path
    container = model.container.rawValue
    title = metadata.title
    colour = Colour(metadata.colour)
    architecture = metadata.architecture
    inputChannels = graph.inputChannels
    switch graph.dimensionality {
    case .two: kind = graph.inputChannels == 1 ? "2D" : "2.5D"
    case .three: kind = "3D"
    }
    parameters = graph.parameterCount
    layerCount = graph.nodes.count
    depth = graph.dimensionality == .two ? graph.inputChannels : metadata.modelDepth
    pixelSizeAngstrom = metadata.apix
    boxSize = metadata.boxSize
    normalization = metadata.normalization.rawValue
    zJitter = metadata.zJitter
    testTimeAugmentation = metadata.tta
    threshold = metadata.threshold
    overlap = metadata.overlap
    loss = metadata.loss
    epochs = metadata.epochs
    let stride = graph.totalStride
    inputMultiple = Multiple(z: stride.z, y: stride.y, x: stride.x)
    let halo = graph.halo
    reach = Multiple(
      z: max(halo.before.z, halo.after.z), y: max(halo.before.y, halo.after.y), x: max(halo.before.x, halo.after.x))
    contentHash = model.contentHash
    previewBytes = model.preview?.count
    warnings = model.warnings
    layers = includingLayers ? Self.layers(of: graph) : nil
  }

  private static func layers(of graph: NetworkGraph) -> [Layer] {
    let channels = graph.channels()
    return graph.nodes.enumerated().map { index, node in
      Layer(
        name: node.name, operation: node.operation.summary(graph.dimensionality),
        inputs: node.inputs.map { graph[$0].name }, channels: channels[index],
        parameters: WeightRole.allCases.reduce(0) { $0 + (graph.weights[WeightKey(node.name, $1)]?.values.count ?? 0) })
    }
  }
}

extension ModelDescription.Colour {
  fileprivate init(_ colour: ModelMetadata.Colour) {
    func digits(_ value: Double) -> String {
      let text = String(Int((value * 255).rounded()), radix: 16, uppercase: true)
      return text.count == 1 ? "0" + text : text
    }
    self.init(
      red: colour.red, green: colour.green, blue: colour.blue,
      hex: "#" + digits(colour.red) + digits(colour.green) + digits(colour.blue))
  }
}

extension Operation {
  /// One line for a table of layers: "convolution 3 × 3, stride 2 × 2, relu".
  fileprivate func summary(_ dimensionality: NetworkGraph.Dimensionality) -> String {
    func size(_ extent: Extent) -> String {
      dimensionality == .two ? "\(extent.x) × \(extent.y)" : "\(extent.x) × \(extent.y) × \(extent.z)"
    }
    func convolution(_ kind: String, _ c: Convolution) -> String {
      var parts = ["\(kind) \(size(c.kernel))"]
      if c.stride != .one { parts.append("stride \(size(c.stride))") }
      if c.dilation != .one { parts.append("dilation \(size(c.dilation))") }
      if c.padding == .valid, c.kernel != .one { parts.append("valid") }
      if c.activation != .linear { parts.append(c.activation.name) }
      return parts.joined(separator: ", ")
    }
    func pooling(_ kind: String, _ p: Pooling) -> String {
      "\(kind) pooling \(size(p.window))" + (p.stride == p.window ? "" : ", stride \(size(p.stride))")
        + (p.padding == .same ? ", same" : "")
    }
    switch self {
    case .input: return "input"
    case .convolution(let c): return convolution("convolution", c)
    case .transposedConvolution(let c): return convolution("transposed convolution", c)
    case .maxPooling(let p): return pooling("max", p)
    case .averagePooling(let p): return pooling("average", p)
    case .upsampling(let factor): return "upsampling \(size(factor)), nearest"
    case .concatenation: return "concatenation"
    case .addition: return "addition"
    case .activation(let activation): return activation.name
    case .batchNormalization: return "batch normalisation"
    case .dropout(let rate): return "dropout \((Double(rate) * 100).rounded() / 100)"
    case .zeroPadding(let before, let after): return "zero padding \(size(before)) before, \(size(after)) after"
    case .cropping(let before, let after): return "cropping \(size(before)) before, \(size(after)) after"
    case .custom(let model): return "the program '\(model.program.fileName)'"
    }
  }
}

extension Activation {
  fileprivate var name: String {
    switch self {
    case .linear: "linear"
    case .relu: "relu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .leakyReLU(let slope): "leaky relu \((Double(slope) * 1000).rounded() / 1000)"
    case .elu(let alpha): "elu \(alpha)"
    }
  }
}
