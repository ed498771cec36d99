import AisCore

/// Runs of a network in an engine process on inputs of one shape: whole, or in as many pieces as the memory of the device demands.
///
/// A piece that does not fit after all, because libtorch takes more than was thought or another program has taken memory, is made half
/// as large, and so is everything after it. The answer is the same but for the last digits.
final class TorchPlan: InferencePlan {
  let network: TorchLoadedNetwork
  private let fixedNumber: Int?
  let input: TensorShape
  let output: TensorShape
  let predictedSeconds: Double
  /// Two batches: one is computed while the next is gathered and the last one's answers are used.
  let runsAtOnce: Int
  private var pieces: TensorPieces
  /// The runs that wait until they are as many as go to the device at once, as long as somebody waits for them.
  private weak var gathering: TorchBatch?

  /// - Parameter number: which network of the process is run; without it, what `network` has settled on at the time of the run.
  init(_ network: TorchLoadedNetwork, input: TensorShape, number: Int? = nil) throws(AisError) {
    self.network = network
    fixedNumber = number
    self.input = input
    let shapes = try network.graph.shapes(for: input)
    output = shapes[network.graph.output.index]
    let perSecond =
      switch network.settings.device {
      case .processor: 4e10 * Double(network.settings.threads)
      case .gpu: 1e13
      }
    predictedSeconds = network.graph.multiplications(shapes: shapes) / perSecond
    pieces = try Self.pieces(of: input, network)
    runsAtOnce = pieces.pieces.count == 1 ? 2 * Self.batchSize(network, input, bytes: pieces.bytes) : 1
  }

  /// On a card, small inputs go together: so many positions keep it busy.
  private static let usualBatchPositions = 1 << 21
  private static let largestUsualBatch = 16

  private static func batchSize(_ network: TorchLoadedNetwork, _ input: TensorShape, bytes: Int) -> Int {
    let usual =
      network.settings.device == .processor
      ? 1 : min(largestUsualBatch, usualBatchPositions / max(1, input.positions))
    return max(1, min(network.batch ?? usual, network.memory.limit / max(1, bytes)))
  }

  private static func pieces(of input: TensorShape, _ network: TorchLoadedNetwork) throws(AisError) -> TensorPieces {
    let limit = network.memory.limit
    let memory: (TensorShape) throws(AisError) -> Int = { (shape) throws(AisError) in
      try activationBytes(network.graph, on: shape)
    }
    guard let pieces = try TensorPieces(input, of: network.graph, limit: limit, memory: memory) else {
      throw AisError(
        .outOfMemory,
        "\(network.settings.device) has too little memory left for the network '\(network.graph.name)': not even the smallest "
          + "pieces fit \(ByteCount(limit)). End other programs that use it, give more with '--gpu-memory', or choose another "
          + "'--device'")
    }
    return pieces
  }

  /// An upper bound: what is alive at the hungriest layer, with the copies that a convolution of libtorch may make of what it reads
  /// and writes.
  private static func activationBytes(_ graph: NetworkGraph, on input: TensorShape) throws(AisError) -> Int {
    let shapes = try graph.shapes(for: input)
    var lastReader = Array(graph.nodes.indices)
    for (index, node) in graph.nodes.enumerated() { for source in node.inputs { lastReader[source.index] = index } }
    lastReader[graph.output.index] = graph.nodes.count
    var peak = 0
    for (index, node) in graph.nodes.enumerated() {
      let alive = (0...index).reduce(0) { $0 + (lastReader[$1] >= index ? shapes[$1].count : 0) }
      let touched = node.inputs.reduce(shapes[index].count) { $0 + shapes[$1.index].count }
      peak = max(peak, alive + 2 * touched)
    }
    return peak * MemoryLayout<Float>.size
  }

  /// Values on their way between the processes, and what the network takes, unless that is a card's memory.
  var memoryBytes: Int {
    let transport = max(2, runsAtOnce) * (input.count + output.count) * MemoryLayout<Float>.size
    return network.settings.device == .processor ? max(1, runsAtOnce / 2) * pieces.bytes + transport : transport
  }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    precondition(source.count == input.count, "the plan is for \(input.count) input values, got \(source.count)")
    precondition(
      destination.count == output.count, "the plan gives \(output.count) values, room is for \(destination.count)")
    try followLimit()
    while true {
      do throws(AisError) { return try runPieces(source, into: destination) } catch {
        guard error.code == .outOfMemory else { throw error }
        network.memory.halve(from: pieces.bytes)
        pieces = try Self.pieces(of: input, network)
      }
    }
  }

  /// Another plan may have found that there is less memory.
  private func followLimit() throws(AisError) {
    if pieces.bytes > network.memory.limit { pieces = try Self.pieces(of: input, network) }
  }

  func start(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) -> any StartedRun {
    try followLimit()
    guard runsAtOnce > 1, pieces.pieces.count == 1 else {
      try run(source, into: destination)
      return FinishedRun()
    }
    let batch = gathering ?? TorchBatch(self, number: fixedNumber ?? network.number)
    let run = batch.add(source, destination)
    gathering = batch
    if batch.count >= min(runsAtOnce / 2, Self.batchSize(network, input, bytes: pieces.bytes)) { close(batch) }
    return run
  }

  /// Sends a batch on its way; later runs are of the next.
  func close(_ batch: TorchBatch) {
    if gathering === batch { gathering = nil }
    batch.submit(bytes: pieces.bytes)
  }

  private func runPieces(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) {
    for piece in pieces.pieces {
      let shape = piece.shape(in: input)
      let answer = try network.graph.outputShape(for: shape)
      try repeating { () throws(AisError) in
        try network.process.run(
          fixedNumber ?? network.number, on: shape, outputCount: answer.count,
          write: { piece.gather(from: source, input, into: $0) },
          read: { piece.scatter($0, to: destination, output) })
      }
    }
  }

  // The memory is the engine process's, which keeps it for the next request.
  func releaseMemory() {}
  func share(_ workspace: InferenceWorkspace) {}
}
