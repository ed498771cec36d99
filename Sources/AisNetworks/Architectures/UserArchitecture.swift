import AisCore
import AisFormats

/// A layout that a user brought along: the description of a Keras functional model, and what is to be known of it. Nothing in it is
/// ever run; what only code can describe is refused.
package struct UserArchitecture: Sendable {
  package static let schema = "ais.architecture/1"
  /// More than the description of any network needs.
  static let largest = 64 << 20

  package var title: String
  package var summary: String
  package var isOffered: Bool
  package var learningRate: Double
  package var objective: Architecture.Objective
  /// As Keras' `model.to_json()` gives it.
  package var model: JSONValue
  /// Where it was read from, for messages.
  package var file: String

  /// Reads a file: one of ours (schema `ais.architecture/1`), or the bare JSON of a Keras model, whose title is then the file's name.
  package init(path: String) throws(AisError) {
    guard case .layers(let layers) = try UserArchitectureFile(path: path) else {
      throw AisError(.unsupported, "'\(path)' describes a program, not layers")
    }
    self = layers
  }

  /// - Parameter title: its name where the document has none.
  package init(_ json: JSONValue, title: String, file: String) throws(AisError) {
    let isOurs = json["schema"]?.string == Self.schema
    guard isOurs || json["class_name"] != nil else {
      throw AisError(
        .malformed,
        "'\(file)' describes no network: expected the JSON of a Keras model (model.to_json()), or a document of the schema "
          + "'\(Self.schema)'")
    }
    self.file = file
    self.title = json["title"]?.string ?? title
    summary = json["summary"]?.string ?? "a layout of your own"
    isOffered = json["include"]?.bool ?? true
    learningRate = json["learning_rate"]?.number ?? 1e-3
    objective = try Self.objective(json["loss"]?.string, file)
    model = isOurs ? json["model"] ?? .null : json
    guard !self.title.isEmpty, self.title.count <= 80, !self.title.contains(where: { $0 == "/" || $0.isNewline }) else {
      throw AisError(.malformed, "'\(file)' has a title that cannot be used: expected 1 to 80 characters without '/'")
    }
    guard learningRate > 0, learningRate <= 1 else {
      throw AisError(.malformed, "'\(file)' states a learning rate of \(learningRate); expected above 0 and up to 1")
    }
  }

  /// The document that is kept.
  package var json: JSONValue {
    .object([
      "schema": .string(Self.schema), "title": .string(title), "summary": .string(summary), "include": .bool(isOffered),
      "learning_rate": .number(learningRate), "loss": .string(lossName), "model": model,
    ])
  }

  /// The loss by the name that it has in model files.
  private var lossName: String {
    switch objective {
    case .dice: "masked_dice"
    case .mixture: "masked_bce_dice"
    case .crossentropy, .adversarial: "masked_bce"
    }
  }

  private static func objective(_ loss: String?, _ file: String) throws(AisError) -> Architecture.Objective {
    switch loss {
    case nil, "", "masked_bce", "binary_crossentropy", "BinaryCrossentropy": return .crossentropy
    case "masked_dice", "dice", "Dice": return .dice
    case "masked_bce_dice": return .mixture(crossentropy: 1, dice: 1)
    default:
      throw AisError(
        .unsupported,
        "'\(file)' is to be trained with the loss '\(loss ?? "")', which is not known here. Known are binary_crossentropy, masked_bce, "
          + "masked_dice and masked_bce_dice; name one of them as \"loss\"")
    }
  }

  /// The layout, checked: layers that can be run and trained, one probability a pixel, and an answer as large as the input.
  package func architecture() throws(AisError) -> Architecture {
    let template = try KerasModel.layers(describedBy: model, name: file)
    try require(template)
    let form: Architecture.Form = template.dimensionality == .three ? .slabs : .slices
    let stride = template.totalStride
    let name = title
    var architecture = Architecture(
      name, form: form, sideMultiple: max(stride.y, stride.x), depthMultiple: form == .slabs ? stride.z : 1,
      objective: objective, learningRate: learningRate, isOffered: isOffered, summary
    ) { builder in
      builder.append(template)
    }
    architecture.isUsers = true
    try architecture.graph().validate()
    try requireSize(of: architecture)
    return architecture
  }

  private func require(_ template: NetworkGraph) throws(AisError) {
    let activation: Activation? =
      switch template[template.output].operation {
      case .convolution(let layer), .transposedConvolution(let layer): layer.activation
      case .activation(let activation): activation
      default: nil
      }
    guard template.channels()[template.output.index] == 1 else {
      throw AisError(
        .unsupported,
        "'\(file)' answers with \(template.channels()[template.output.index]) channels: a segmentation network answers with one"
      )
    }
    guard activation == .sigmoid else {
      throw AisError(
        .unsupported,
        "'\(file)' does not end in a sigmoid: a segmentation network answers with probabilities from 0 to 1")
    }
  }

  private func requireSize(of architecture: Architecture) throws(AisError) {
    let side = architecture.sideMultiple * max(1, (32 + architecture.sideMultiple - 1) / architecture.sideMultiple)
    let isSlab = architecture.form == .slabs
    let input = TensorShape(z: isSlab ? 4 * architecture.depthMultiple : 1, y: side, x: side, channels: 1)
    let graph = architecture.graph()
    let output = try graph.shapes(for: input)[graph.output.index]
    guard output == input else {
      throw AisError(
        .unsupported,
        "'\(file)' answers \(input.x) × \(input.y) × \(input.z) pixels with \(output.x) × \(output.y) × \(output.z): a segmentation "
          + "network answers every pixel. Use padding='same', and as much upsampling as pooling")
    }
  }
}

extension ArchitectureBuilder {
  /// Adds the layers of a graph, with fresh weights. The graph's input becomes the builder's, whatever its channels.
  mutating func append(_ template: NetworkGraph) {
    var places: [Layer] = []
    for node in template.nodes {
      if case .input = node.operation {
        places.append(Layer(0))
        continue
      }
      places.append(add(Self.kind(of: node.operation), node.operation, node.inputs.map { places[$0.index] }))
    }
    setOutput(places[template.output.index])
  }

  private static func kind(of operation: Operation) -> String {
    switch operation {
    case .input: "input"
    case .convolution: "conv"
    case .transposedConvolution: "conv_transpose"
    case .maxPooling: "max_pooling"
    case .averagePooling: "average_pooling"
    case .upsampling: "up_sampling"
    case .concatenation: "concatenate"
    case .addition: "add"
    case .activation: "activation"
    case .batchNormalization: "batch_normalization"
    case .dropout: "dropout"
    case .zeroPadding: "zero_padding"
    case .cropping: "cropping"
    case .custom: "custom"
    }
  }
}
