import AisCore
import AisFormats

/// The attribute `model_config` of a Keras file: layers and how they are joined, as Keras 2.2 to 3 write it.
struct KerasModelConfig: Sendable {
  private static let mostLayers = 4096

  let name: String
  let layers: [KerasLayer]
  /// The one value that is the network's answer.
  let output: KerasLayer.Source

  init(_ json: JSONValue, file: String) throws(AisError) {
    guard let className = json["class_name"]?.string, let config = json["config"] else {
      throw .kerasDescription(file, "it has no 'class_name' and 'config'")
    }
    // Sequential models of Keras before 2.2.3 are a bare list of layers.
    guard let entries = config["layers"]?.array ?? config.array else {
      throw .kerasDescription(file, "it has no list of layers")
    }
    guard !entries.isEmpty else { throw .kerasDescription(file, "its list of layers is empty") }
    guard entries.count <= Self.mostLayers else {
      throw AisError(
        .limitExceeded, "the network in '\(file)' has \(entries.count) layers, more than \(Self.mostLayers)")
    }
    name = config["name"]?.string ?? "network"
    switch className {
    case "Functional", "Model":
      layers = try Self.layers(entries, file: file)
      output = try Self.output(config, file: file)
    case "Sequential":
      let chain = try Self.chain(try Self.layers(entries, file: file), file: file)
      layers = chain
      output = KerasLayer.Source(layer: chain[chain.count - 1].name, call: 0)
    default:
      throw .kerasNetwork(
        file, "it is a '\(className)', which only its own program code describes",
        do: "Save it as a functional or sequential model.")
    }
  }

  /// The slices of a slab as the input layer states them (batch, y, x, z, channel); `nil` where any number will do.
  var slabDepth: Int? {
    guard let shape = layers.first(where: { $0.className == "InputLayer" })?.batchShape, shape.count == 5,
      let depth = shape[3].integer, (1...1 << 16).contains(depth)
    else { return nil }
    return depth
  }

  private static func layers(_ entries: [JSONValue], file: String) throws(AisError) -> [KerasLayer] {
    var layers: [KerasLayer] = []
    var names: Set<String> = []
    for entry in entries {
      guard let className = entry["class_name"]?.string, let config = entry["config"] else {
        throw .kerasDescription(file, "layer \(layers.count + 1) has no 'class_name' and 'config'")
      }
      guard let name = entry["name"]?.string ?? config["name"]?.string else {
        throw .kerasDescription(file, "layer \(layers.count + 1) (\(className)) has no name")
      }
      guard names.insert(name).inserted else { throw .kerasDescription(file, "two layers are named '\(name)'") }
      var layer = KerasLayer(className: className, name: name, config: config, calls: [])
      for call in entry["inbound_nodes"]?.array ?? [] {
        layer.calls.append(try sources(call, layer: layer, file: file))
      }
      layers.append(layer)
    }
    return layers
  }

  /// The inputs of one call: Keras 2 lists `[layer, call, tensor, {…}]`, Keras 3 has tensors among the arguments.
  private static func sources(
    _ call: JSONValue, layer: KerasLayer, file: String
  ) throws(AisError) -> [KerasLayer.Source] {
    let histories: [JSONValue]
    if let arguments = call["args"] {
      histories = tensorHistories(in: arguments)
      // A tensor among the named arguments would be an input whose meaning only the layer's code knows.
      guard tensorHistories(in: call["kwargs"] ?? .null).isEmpty else {
        throw .kerasLayer(
          layer, in: file, "takes tensors by name", do: "Only layers with plain inputs are run.")
      }
    } else {
      histories = call.array ?? []
    }
    guard !histories.isEmpty else {
      throw .kerasDescription(file, "the layer '\(layer.name)' is used without an input")
    }
    var sources: [KerasLayer.Source] = []
    for history in histories {
      guard let source = source(history) else {
        throw .kerasDescription(file, "an input of the layer '\(layer.name)' does not name a layer")
      }
      sources.append(source)
    }
    return sources
  }

  /// The `keras_history` of all tensors in the arguments of a call, in their order.
  private static func tensorHistories(in value: JSONValue) -> [JSONValue] {
    switch value {
    case .array(let values): values.flatMap(tensorHistories)
    case .object where value["class_name"]?.string == "__keras_tensor__":
      [value["config"]?["keras_history"] ?? .null]
    default: []
    }
  }

  /// `[layer, call, tensor, …]`; layers that give several tensors do not occur among those that we run.
  private static func source(_ history: JSONValue) -> KerasLayer.Source? {
    guard let parts = history.array, parts.count >= 3, let layer = parts[0].string, let call = parts[1].integer,
      call >= 0, parts[2].integer == 0
    else { return nil }
    return KerasLayer.Source(layer: layer, call: call)
  }

  private static func output(_ config: JSONValue, file: String) throws(AisError) -> KerasLayer.Source {
    let listed = config["output_layers"] ?? .null
    // Keras 3 does not wrap a single output in a list.
    if let single = source(listed) { return single }
    let outputs = listed.array ?? []
    guard outputs.count <= 1 else {
      let names = outputs.compactMap { $0.array?.first?.string }.map { "'\($0)'" }.joined(separator: ", ")
      throw .kerasNetwork(
        file, "it gives \(outputs.count) outputs (\(names))", do: "A segmentation network has one.")
    }
    guard let output = outputs.first.flatMap(source) else {
      throw .kerasDescription(file, "its 'output_layers' do not name a layer")
    }
    return output
  }

  /// The layers of a sequential model, each taking what the one before gives, with an input in front.
  private static func chain(_ listed: [KerasLayer], file: String) throws(AisError) -> [KerasLayer] {
    var layers = listed
    if layers[0].className != "InputLayer" {
      guard let shape = layers[0].batchShape else {
        throw .kerasLayer(
          layers[0], in: file, "does not state the shape of the input", do: "Build the model with an input shape.")
      }
      layers.insert(
        KerasLayer(
          className: "InputLayer", name: layers[0].name + "_input",
          config: .object(["batch_input_shape": .array(shape)]), calls: []), at: 0)
    }
    for index in layers.indices.dropFirst() {
      layers[index].calls = [[KerasLayer.Source(layer: layers[index - 1].name, call: 0)]]
    }
    return layers
  }
}
