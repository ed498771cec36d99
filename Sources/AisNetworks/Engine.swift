import AisCore

/// Something that runs networks: the plain-Swift definition, our CPU kernels, later libtorch.
///
///     let network = try engine.load(graph)             // weights packed once
///     let plan = try network.plan(for: inputShape)     // memory known exactly, nothing allocated yet
///     try plan.run(input, output)                      // as often as you like
package protocol Engine: Sendable {
  /// For people and provenance: "cpu", "reference", …
  var name: String { get }
  /// For provenance: instruction set, precision, threads.
  var details: [String: String] { get }
  func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork
}

/// A network whose weights an engine has taken over. Safe to share between threads; plans are not.
package protocol LoadedNetwork: Sendable {
  var graph: NetworkGraph { get }
  /// Bytes held for weights, exactly.
  var weightBytes: Int { get }
  /// Bytes that the engine takes for itself, whatever runs on it: a process of its own, libraries.
  var engineBytes: Int { get }
  /// Everything that can be known before running on an input of this shape. Throws when the network cannot take it.
  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan
  /// Tiles of the input that start on multiples of this, and end on such or at the input's end, are computed bit for bit
  /// as they are within the whole, given the halo.
  var tileAlignment: Extent { get }
  /// Positions before and after such a tile that its values depend on. Cut tiles must start on multiples of
  /// `tileAlignment` with their halo, too: round the part before up to one.
  var halo: NetworkGraph.Halo { get }
}

extension LoadedNetwork {
  package var engineBytes: Int { 0 }
  package var tileAlignment: Extent { graph.totalStride }
  package var halo: NetworkGraph.Halo { graph.halo }
}

/// One network on one input shape. Buffers are allocated on first run and kept, or shared with other plans. One `run` at a
/// time.
package protocol InferencePlan: AnyObject {
  var input: TensorShape { get }
  var output: TensorShape { get }
  /// Bytes that `run` allocates beside the weights: activations and workspace, exactly.
  var memoryBytes: Int { get }
  /// Wall time of one run on this machine, predicted from the operation counts.
  var predictedSeconds: Double { get }
  /// Runs the network. `source` has `input.count` values (z, y, x, channel), `destination` `output.count`.
  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError)
  /// Gives buffers of its own back; the next run allocates them again.
  func releaseMemory()
  /// From now on runs in this memory instead of its own.
  func share(_ workspace: InferenceWorkspace)
}
