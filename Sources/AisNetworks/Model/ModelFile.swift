import AisCore
import AisFormats

/// A trained network in a file: `.scnm` in any of its four containers, or a bare Keras `.h5`.
package struct ModelFile: Sendable {
  /// How the file holds its parts.
  package enum Container: String, Sendable {
    /// A plain tar with weights and metadata (since March 2024).
    case tar
    /// The same, gzip-compressed (March 2024).
    case gzipTar = "gzip-compressed tar"
    /// The file is the metadata; the weights are beside it (until March 2024).
    case metadataWithWeights = "JSON with weights beside it"
    /// A Keras model without metadata.
    case keras = "Keras HDF5"
  }

  package var path: String
  package var graph: NetworkGraph
  package var metadata: ModelMetadata
  package var container: Container
  /// SHA-256 of what the network computes; see `NetworkGraph.contentHash`.
  package var contentHash: String
  /// The picture that was saved with the model: the bytes of a PNG.
  package var preview: [UInt8]?
  /// The slice that the picture was made of, as the network gets it: the bytes of a TIFF.
  package var slice: [UInt8]?
  /// Sentences about what is odd but does not stand in the way.
  package var warnings: [String]

  /// Reads a model; throws when the file or its network cannot be used, with the reason.
  package static func read(_ path: String) throws(AisError) -> ModelFile {
    let name = ModelPath.name(of: path)
    return try read(try ModelParts.read(path, name: name), path: path, name: name)
  }

  /// Reads a model that is a member of an archive; `path` is what errors call it.
  package static func read(bytes: [UInt8], path: String) throws(AisError) -> ModelFile {
    try read(try ModelParts.read(bytes, path: nil, name: path), path: path, name: path)
  }

  private static func read(_ parts: ModelParts, path: String, name: String) throws(AisError) -> ModelFile {
    var parts = parts
    var warnings: [String] = []
    var metadata = ModelMetadata()
    let graph: NetworkGraph
    var slabDepth: Int?
    if let program = parts.program {
      graph = try NetworkGraph(customModel(program, parts.saved, name: name))
    } else {
      (graph, slabDepth) = try KerasModel.readWithSlabDepth(parts.weights, name: parts.weightsName)
    }
    parts.weights = []
    if let bytes = parts.metadata {
      let json = try JSONValue(parsing: bytes, name: "\(name): metadata")
      guard case .object = json else {
        throw AisError(.malformed, "'\(name)' is not a model: its metadata are not a JSON object")
      }
      metadata = ModelMetadata(json, warnings: &warnings)
    } else {
      metadata.title = ModelPath.stem(of: name)
      metadata.parameterCount = graph.parameterCount
      // Keras and the reference program take a network of slabs at its file's word. One that leaves the depth open takes none
      // with fewer slices than its stride.
      metadata.modelDepth = graph.dimensionality == .two ? graph.inputChannels : slabDepth ?? graph.totalStride.z
    }
    warnings += oddities(of: graph, metadata: metadata)
    return ModelFile(
      path: path, graph: graph, metadata: metadata, container: parts.container, contentHash: graph.contentHash,
      preview: parts.preview, slice: parts.slice, warnings: warnings)
  }

  /// Reads what a file says of a user's own model; runs nothing.
  private static func customModel(
    _ program: [UInt8], _ saved: [CustomModel.SavedFile], name: String
  ) throws(AisError) -> CustomModel {
    let json = try JSONValue(parsing: program, name: "\(name): program")
    let (box, depth) = (json["box_size"]?.integer ?? 64, json["box_depth"]?.integer ?? 1)
    guard (1...1 << 16).contains(box), (1...1 << 16).contains(depth) else {
      throw AisError(.malformed, "'\(name)' holds a program for boxes of \(box) pixels and \(depth) slices")
    }
    return CustomModel(program: try CustomProgram(json, file: name), boxSize: box, depth: depth, saved: saved)
  }

  private static func oddities(of graph: NetworkGraph, metadata: ModelMetadata) -> [String] {
    var oddities: [String] = []
    if graph.dimensionality == .two, graph.inputChannels != metadata.modelDepth {
      oddities.append(
        "'model_depth' is \(metadata.modelDepth), the network takes \(graph.inputChannels) slices: the network counts")
    }
    let broken = graph.weights.filter { !$0.value.values.allSatisfy(\.isFinite) }.map(\.key.node)
    if let first = broken.min() {
      oddities.append("'\(first)' has weights that are not numbers: the training of this network failed")
    }
    return oddities
  }
}

extension NetworkGraph {
  /// The channels of the input: slices of a 2D or 2.5D network, 1 in most 3D ones.
  package var inputChannels: Int {
    if case .input(let input) = self[input].operation { input.channels } else { 0 }
  }
}
