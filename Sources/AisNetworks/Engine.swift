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
  /// For the provenance of what this network made, beside the engine's details: the numbers it was computed with, …
  var details: [String: String] { get }
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
  package var details: [String: String] { [:] }
  package var tileAlignment: Extent { graph.totalStride }
  package var halo: NetworkGraph.Halo { graph.halo }
}

/// A network that can be computed with numbers of several kinds, and finds out on values of the work itself which to take.
package protocol PrecisionChoosing: LoadedNetwork {
  /// Whether `choosePrecision` is still to be called; until then it computes with 32 bits.
  var isPrecisionOpen: Bool { get }
  /// Computes some inputs with 32 bits and with 16, and settles on what is quickest of what is accurate.
  ///
  /// - Parameters:
  ///   - count: how many inputs there are; they are asked for one after the other.
  ///   - shape: of each.
  ///   - sample: the values (z, y, x, channel) of one.
  func choosePrecision(
    count: Int, shape: TensorShape, sample: (Int) throws(AisError) -> [Float]
  ) throws(AisError)
  /// What was settled on.
  var precisionChoice: PrecisionChoice? { get }
  /// Takes over what was found out elsewhere.
  func settle(on choice: PrecisionChoice) throws(AisError)
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
  /// Runs that can be under way at once. More than 1: the engine computes while the next inputs are gathered and the last answers
  /// are used, or computes several at once.
  var runsAtOnce: Int { get }
  /// Starts a run. Source and destination stay as and where they are until the run is finished; runs are finished in the order in
  /// which they were started, and no more are under way than `runsAtOnce`.
  func start(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) -> any StartedRun
  /// Gives buffers of its own back; the next run allocates them again.
  func releaseMemory()
  /// From now on runs in this memory instead of its own.
  func share(_ workspace: InferenceWorkspace)
}

/// A run under way.
package protocol StartedRun: AnyObject {
  /// Waits until the answer lies where it was to go.
  func finish() throws(AisError)
}

/// A run that was over when it had been started.
package final class FinishedRun: StartedRun {
  package init() {}
  package func finish() {}
}

extension InferencePlan {
  package var runsAtOnce: Int { 1 }

  package func start(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) -> any StartedRun {
    try run(source, into: destination)
    return FinishedRun()
  }
}
