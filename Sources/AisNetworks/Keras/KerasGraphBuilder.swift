import AisCore
import AisFormats

/// Turns the layers of a Keras model into a graph without weights.
struct KerasGraphBuilder {
  private let config: KerasModelConfig
  private let file: String
  private let layers: [String: KerasLayer]

  init(_ config: KerasModelConfig, file: String) {
    self.config = config
    self.file = file
    layers = Dictionary(config.layers.map { ($0.name, $0) }) { first, _ in first }
  }

  func graph() throws(AisError) -> NetworkGraph {
    let dimensionality = try dimensionality()
    var nodes: [NetworkGraph.Node] = []
    var ids: [KerasLayer.Source: NetworkGraph.NodeID] = [:]
    for place in try order() {
      guard let layer = layers[place.layer] else { continue }
      let operation = try KerasSettings(layer: layer, file: file, dimensionality: dimensionality).operation()
      let inputs = layer.calls.isEmpty ? [] : layer.calls[place.call].compactMap { ids[$0] }
      ids[place] = NetworkGraph.NodeID(nodes.count)
      nodes.append(
        NetworkGraph.Node(
          name: place.call == 0 ? layer.name : "\(layer.name) (use \(place.call + 1))", operation: operation,
          inputs: inputs))
    }
    guard let output = ids[config.output] else {
      throw .kerasDescription(file, "its output '\(config.output.layer)' is not one of its layers")
    }
    let graph = NetworkGraph(
      name: config.name, dimensionality: dimensionality, nodes: nodes, output: output, weights: [:])
    let problems = graph.structuralProblems()
    guard problems.isEmpty else { throw .kerasDescription(file, problems.joined(separator: "; ")) }
    return graph
  }

  /// 2D or 3D, by the rank of the input; layers of the other kind are refused.
  private func dimensionality() throws(AisError) -> NetworkGraph.Dimensionality {
    let inputs = config.layers.filter { $0.className == "InputLayer" }
    guard inputs.count == 1 else {
      let names = inputs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw .kerasNetwork(
        file, "it takes \(inputs.count) inputs" + (inputs.isEmpty ? "" : " (\(names))"),
        do: "A segmentation network has one.")
    }
    let rank = inputs[0].batchShape?.count ?? 0
    guard let dimensionality = NetworkGraph.Dimensionality(rawValue: rank - 2) else {
      throw .kerasLayer(
        inputs[0], in: file, "takes arrays of \(rank) axes",
        do: "Expected are 4 (batch, y, x, channel) or 5 (batch, y, x, z, channel).")
    }
    // Layers that cannot be run at all are the better reason for a refusal, so they are looked at first.
    for layer in config.layers where layer.className.contains("Lambda") {
      _ = try KerasSettings(layer: layer, file: file, dimensionality: dimensionality).operation()
    }
    for layer in config.layers where layer.dimensionality ?? dimensionality != dimensionality {
      throw .kerasLayer(
        layer, in: file, "does not fit an input of \(dimensionality.rawValue) spatial axes",
        do: "Networks that are 2D or 3D throughout are run.")
    }
    return dimensionality
  }

  /// All uses of all layers, each behind its inputs.
  private func order() throws(AisError) -> [KerasLayer.Source] {
    var waiting: [KerasLayer.Source] = []
    for layer in config.layers {
      let isInput = layer.className == "InputLayer"
      guard isInput || !layer.calls.isEmpty else {
        throw .kerasDescription(file, "the layer '\(layer.name)' is not joined to any other")
      }
      if layer.calls.count > 1, layer.hasWeights {
        throw .kerasLayer(
          layer, in: file, "is used in \(layer.calls.count) places with the same weights",
          do: "Give every place a layer of its own.")
      }
      for call in 0..<max(layer.calls.count, 1) { waiting.append(KerasLayer.Source(layer: layer.name, call: call)) }
      for source in layer.calls.joined() {
        guard let known = layers[source.layer], source.call < max(known.calls.count, 1) else {
          throw .kerasDescription(
            file, "the layer '\(layer.name)' takes its input from '\(source.layer)', which is not there")
        }
      }
    }
    var order: [KerasLayer.Source] = []
    var done: Set<KerasLayer.Source> = []
    // Keras lists layers nearly in order, so a few rounds do.
    while !waiting.isEmpty {
      let before = waiting.count
      waiting.removeAll { place in
        let inputs = layers[place.layer].map { $0.calls.isEmpty ? [] : $0.calls[place.call] } ?? []
        guard inputs.allSatisfy(done.contains) else { return false }
        done.insert(place)
        order.append(place)
        return true
      }
      guard waiting.count < before else {
        throw .kerasDescription(file, "the layer '\(waiting[0].layer)' depends on its own output")
      }
    }
    return order
  }
}

extension KerasLayer {
  /// Whether the layer has arrays of its own.
  fileprivate var hasWeights: Bool { className.hasPrefix("Conv") || className == "BatchNormalization" }
}
