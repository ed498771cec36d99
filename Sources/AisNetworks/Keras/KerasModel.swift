import AisCore
import AisFormats

/// Reads whole Keras models (`.h5`, Keras 2.2 to 3) as networks.
package enum KerasModel {
  /// The network in these bytes; `name` is what errors call the file.
  ///
  /// Keras' 3D axes (y, x, z) become ours (z, y, x), kernels included. Throws `unsupportedLayer` with the layer's name
  /// for everything that cannot be run, `shapeMismatch` when weights do not fit, and the errors of `HDF5File`.
  package static func read(_ bytes: [UInt8], name: String) throws(AisError) -> NetworkGraph {
    try readWithSlabDepth(bytes, name: name).graph
  }

  /// The same, and how many slices the file states for slabs: `nil` where it leaves that open, and for networks of slices.
  package static func readWithSlabDepth(
    _ bytes: [UInt8], name: String
  ) throws(AisError) -> (graph: NetworkGraph, slabDepth: Int?) {
    let file = try HDF5File(bytes, name: name)
    guard let description = try file.strings("model_config", of: file.root)?.first else {
      throw .kerasNetwork(
        name, "it holds no description of a network ('model_config')",
        do: file.root.attributes["layer_names"] == nil
          ? "Save a whole Keras model with model.save('NAME.h5')."
          : "These are weights only: save the whole model with model.save('NAME.h5').")
    }
    let json = try JSONValue(parsing: description.utf8, name: "\(name): model_config")
    let config = try KerasModelConfig(json, file: name)
    var graph = try KerasGraphBuilder(config, file: name).graph()
    var weights = try KerasWeights(file)
    let channels = graph.channels()
    for node in graph.nodes {
      let inputChannels = node.inputs.first.map { channels[$0.index] } ?? 0
      for (role, tensor) in try weights.arrays(of: node, in: graph, inputChannels: inputChannels) {
        graph.weights[WeightKey(node.name, role)] = tensor
      }
    }
    try graph.validate()
    return (graph, config.slabDepth)
  }

  /// The network that a `model_config` describes, still without weights.
  package static func layers(describedBy json: JSONValue, name: String) throws(AisError) -> NetworkGraph {
    try KerasGraphBuilder(KerasModelConfig(json, file: name), file: name).graph()
  }
}
