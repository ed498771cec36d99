import AisCore
import AisFormats

/// Writes a network as Keras 2.15 saves a functional model to HDF5, without optimiser. Keras 2 loads it, and with it the programs
/// that are built on it.
struct KerasWriter {
  /// What a Keras file says besides the graph.
  struct Settings {
    /// Images in one call; `nil` leaves it open.
    var batch: Int?
    /// The share of the old value when moving statistics take in a batch.
    var batchMomentum: Float
    /// Slices of a slab; networks of slices have them as channels.
    var slabDepth: Int?
  }

  private let graph: NetworkGraph
  private let settings: Settings
  /// Names that Keras takes, for each node.
  private let names: [String]
  private var is3D: Bool { graph.dimensionality == .three }

  init(_ graph: NetworkGraph, settings: Settings) {
    self.graph = graph
    self.settings = settings
    names = Self.names(of: graph)
  }

  /// Letters, digits, `_`, `.` and `-`, each name once.
  private static func names(of graph: NetworkGraph) -> [String] {
    var used: Set<String> = []
    return graph.nodes.map { node in
      let plain = String(
        node.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) ? $0 : "_" })
      var name = plain.first.map { $0.isLetter || $0.isNumber } == true ? plain : "layer" + plain
      while !used.insert(name).inserted { name += "_" }
      return name
    }
  }

  func bytes() throws(AisError) -> [UInt8] {
    var root = HDF5Output()
    root.attributes = [
      .init("keras_version", .text("2.15.0"), isUTF8: true), .init("backend", .text("tensorflow"), isUTF8: true),
      .init("model_config", .text(description().text)),
    ]
    let layers = self.layers
    var weights = HDF5Output()
    weights.attributes = [
      .init("layer_names", .texts(layers.map(\.name))), .init("backend", .text("tensorflow"), isUTF8: true),
      .init("keras_version", .text("2.15.0"), isUTF8: true),
    ]
    for layer in layers {
      var group = HDF5Output()
      let node = layer.node.map { graph.nodes[$0] }
      let arrays = node.map { self.arrays(of: $0, layer: layer.name) } ?? []
      for array in arrays {
        let parts = array.name.split(separator: "/")
        group.add(.init(name: String(parts.last ?? ""), shape: array.shape, values: array.values), at: parts.dropLast())
      }
      group.attributes = [.init("weight_names", .texts(arrays.map(\.name)))]
      weights.groups.append((layer.name, group))
    }
    var others = HDF5Output()
    others.attributes = [.init("weight_names", .texts([]))]
    weights.groups.append(("top_level_model_weights", others))
    root.groups = [("model_weights", weights)]
    return try HDF5Writer.bytes(of: root)
  }

  /// The weights of a layer in Keras' order, with its names and axes.
  private func arrays(of node: NetworkGraph.Node, layer: String) -> [HDF5Output.Dataset] {
    let roles: [(WeightRole, String)] = [
      (.kernel, "kernel"), (.bias, "bias"), (.gamma, "gamma"), (.beta, "beta"), (.movingMean, "moving_mean"),
      (.movingVariance, "moving_variance"),
    ]
    return roles.compactMap { role, name in
      guard let tensor = graph.weights[WeightKey(node.name, role)] else { return nil }
      let (shape, values) = role == .kernel ? kernel(tensor, of: node.operation) : (tensor.shape, tensor.values)
      return HDF5Output.Dataset(name: "\(layer)/\(name):0", shape: shape, values: values)
    }
  }

  /// A kernel with Keras' axes: the inverse of what the reader does.
  private func kernel(_ tensor: Tensor, of operation: Operation) -> (shape: [Int], values: [Float]) {
    let order = KerasWeights.kernelAxes(of: operation, graph.dimensionality)
    let rank = order.compactMap(\.self).count
    // Which of our axes stands at each place of the file, and how far apart its values lie.
    var axes = [Int](repeating: 0, count: rank)
    for (axis, place) in order.enumerated() { if let place { axes[place] = axis } }
    var strides = [Int](repeating: 1, count: tensor.shape.count)
    for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * tensor.shape[axis + 1] }
    let shape = axes.map { tensor.shape[$0] }
    let steps = axes.map { strides[$0] }
    var values: [Float] = []
    values.reserveCapacity(tensor.values.count)
    var index = [Int](repeating: 0, count: rank)
    var position = 0
    for _ in tensor.values.indices {
      values.append(tensor.values[position])
      for axis in index.indices.reversed() {
        index[axis] += 1
        position += steps[axis]
        if index[axis] < shape[axis] { break }
        position -= steps[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return (shape, values)
  }

  // MARK: - The description

  /// All layers in Keras' own order, by which it gives weights to layers: those farthest from the output first; of those equally far
  /// the one that is met first on the way back from the output.
  private var layers: [KerasLayerDescription] {
    var distances = [Int](repeating: 0, count: graph.nodes.count)
    for index in graph.nodes.indices.reversed() {
      // A node with an activation of its own is two layers.
      let own = describe(index).count
      for input in graph.nodes[index].inputs {
        distances[input.index] = max(distances[input.index], distances[index] + own)
      }
    }
    var met = [Int](repeating: .max, count: graph.nodes.count)
    var count = 0
    var waiting = [graph.output.index]
    while let index = waiting.popLast() {
      guard met[index] == .max else { continue }
      met[index] = count
      count += 1
      waiting += graph.nodes[index].inputs.reversed().map(\.index)
    }
    var placed: [(layer: KerasLayerDescription, distance: Int, met: Int)] = []
    for index in graph.nodes.indices {
      let parts = describe(index)
      for (place, part) in parts.enumerated() {
        placed.append((part, distances[index] + parts.count - 1 - place, met[index]))
      }
    }
    return placed.sorted { ($1.distance, $0.met) < ($0.distance, $1.met) }.map(\.layer)
  }

  private func description() -> JSONValue {
    let config: JSONValue = .object([
      "name": .string("model"), "trainable": .bool(true), "layers": .array(layers.map(\.json)),
      "input_layers": .array([.array([.string(names[graph.input.index]), .number(0), .number(0)])]),
      "output_layers": .array([.array([.string(lastName(of: graph.output.index)), .number(0), .number(0)])]),
    ])
    return .object([
      "class_name": .string("Functional"), "config": config, "keras_version": .string("2.15.0"),
      "backend": .string("tensorflow"),
    ])
  }

  /// A node is one layer of Keras, or a layer and its activation.
  private func describe(_ index: Int) -> [KerasLayerDescription] {
    let node = graph.nodes[index]
    let inputs = node.inputs.map { lastName(of: $0.index) }
    let parts = KerasLayerConfig(is3D: is3D, settings: settings).layers(for: node.operation)
    var result: [KerasLayerDescription] = []
    for (place, part) in parts.enumerated() {
      result.append(
        KerasLayerDescription(
          className: part.className, name: place == 0 ? names[index] : lastName(of: index), config: part.config,
          inputs: place == 0 ? inputs : [names[index]], node: place == 0 ? index : nil))
    }
    return result
  }

  /// The layer whose value is that of a node.
  private func lastName(of index: Int) -> String {
    KerasLayerConfig(is3D: is3D, settings: settings).layers(for: graph.nodes[index].operation).count > 1
      ? names[index] + "_activation" : names[index]
  }
}

/// One layer as `model_config` has it.
struct KerasLayerDescription {
  var className: String
  var name: String
  var config: [String: JSONValue]
  var inputs: [String]
  /// The node whose weights are this layer's.
  var node: Int?

  var json: JSONValue {
    var config = config
    config["name"] = .string(name)
    if className != "InputLayer" { config["trainable"] = .bool(true) }
    config["dtype"] = .string("float32")
    let calls = inputs.map { JSONValue.array([.string($0), .number(0), .number(0), .object([:])]) }
    return .object([
      "class_name": .string(className), "config": .object(config), "name": .string(name),
      "inbound_nodes": calls.isEmpty ? .array([]) : .array([.array(calls)]),
    ])
  }
}
