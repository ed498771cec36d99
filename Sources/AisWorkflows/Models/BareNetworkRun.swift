import AisCore
import AisFormats
import AisNetworks

/// Applies a model's network to a volume as it is, for checking: no normalisation, no rescaling, no padding.
///
/// 2D networks take the volume's slices as channels and answer one slice a channel of theirs, usually one. 3D networks
/// take a slab and answer a slab. The output is a float32 MRC file with the input's voxel size.
package struct BareNetworkRun: Sendable {
  package var model: String
  package var input: String
  package var output: String
  package var replacesOutput: Bool

  /// What a run did.
  package struct Result: Sendable {
    package var outputShape: Shape
    /// Bytes of weights and activations.
    package var memoryBytes: Int
    package var contentHash: String
  }

  package init(model: String, input: String, output: String, replacesOutput: Bool = false) {
    self.model = model
    self.input = input
    self.output = output
    self.replacesOutput = replacesOutput
  }

  package func run(on engine: any Engine) throws(AisError) -> Result {
    let source = try Tomogram.open(input)
    try checkOutput()
    let file = try ModelFile.read(model)
    let network = try engine.load(file.graph)
    try checkChannels(of: source.shape, in: file.graph)
    let plan = try network.plan(for: inputShape(of: source.shape, in: file.graph))
    let shape = try outputShape(of: plan.output, in: file.graph)
    let values = try Self.answer(plan, to: inputValues(source, for: file.graph))
    let details = engine.details.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let writer = try MRCWriter(
      path: output,
      output: MRCOutput(
        shape: shape, elementType: .float32, voxelSize: source.voxelSize, origin: source.info.origin,
        labels: [
          "Ais \(AisVersion.current) models run: \(file.metadata.title), network \(file.contentHash.prefix(16))",
          "engine \(engine.name): \(details)",
        ]))
    let slices = slicesFirst(values, plan.output, in: file.graph)
    for z in 0..<shape.z {
      try slices.withSlice(z, count: shape.sliceCount) { slice throws(AisError) in try writer.writeSlice(z, slice) }
    }
    try writer.finish()
    return Result(
      outputShape: shape, memoryBytes: network.weightBytes + plan.memoryBytes, contentHash: file.contentHash)
  }

  /// Refuses to write over the inputs, and over any file without being told to.
  private func checkOutput() throws(AisError) {
    guard let existing = FileIdentity(output) else { return }
    for path in [input, model] where FileIdentity(path) == existing {
      throw AisError(.usage, "the output '\(output)' is the input '\(path)': give it another name")
    }
    guard replacesOutput else {
      throw AisError(.needsDecision, "'\(output)' exists: give another name, or --force to replace it")
    }
  }

  /// A whole tomogram given to a 2D network is the likely mistake.
  private func checkChannels(of volume: Shape, in graph: NetworkGraph) throws(AisError) {
    let expected = graph.inputChannels
    guard graph.dimensionality == .two, volume.z != expected else { return }
    throw AisError(
      .shapeMismatch,
      "the 2D network in '\(model)' takes \(expected == 1 ? "one slice" : "\(expected) slices") at a time, '\(input)' has "
        + "\(volume.z). Cut the slices out first; to segment a whole tomogram use 'ais segment'.")
  }

  private func inputShape(of volume: Shape, in graph: NetworkGraph) -> TensorShape {
    switch graph.dimensionality {
    case .two: TensorShape(z: 1, y: volume.y, x: volume.x, channels: volume.z)
    case .three: TensorShape(z: volume.z, y: volume.y, x: volume.x, channels: 1)
    }
  }

  private func outputShape(of answer: TensorShape, in graph: NetworkGraph) throws(AisError) -> Shape {
    switch graph.dimensionality {
    case .two: return Shape(z: answer.channels, y: answer.y, x: answer.x)
    case .three:
      guard answer.channels == 1 else {
        throw AisError(
          .unsupported, "the 3D network in '\(model)' answers \(answer.channels) values a voxel: expected one")
      }
      return Shape(z: answer.z, y: answer.y, x: answer.x)
    }
  }

  private func inputValues(_ source: Tomogram, for graph: NetworkGraph) throws(AisError) -> [Float] {
    let depth = source.shape.z
    var values: [Float] = []
    values.reserveCapacity(source.shape.count)
    for z in 0..<depth { values += try source.slice(z) }
    guard graph.dimensionality == .two, depth > 1 else { return values }
    return Self.transposed(values, rows: depth)
  }

  /// Channels as slices, one after another.
  private func slicesFirst(_ values: [Float], _ shape: TensorShape, in graph: NetworkGraph) -> [Float] {
    guard graph.dimensionality == .two, shape.channels > 1 else { return values }
    return Self.transposed(values, rows: shape.positions)
  }

  /// `[row][column]` as `[column][row]`.
  private static func transposed(_ values: [Float], rows: Int) -> [Float] {
    let columns = values.count / rows
    return (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }

  private static func answer(_ plan: any InferencePlan, to values: [Float]) throws(AisError) -> [Float] {
    var answer = [Float](repeating: 0, count: plan.output.count)
    var failure: AisError?
    values.withUnsafeBufferPointer { source in
      answer.withUnsafeMutableBufferPointer { destination in
        do throws(AisError) { try plan.run(source, into: destination) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return answer
  }
}

extension [Float] {
  /// Lends the values of slice `z`, each of `count` values.
  fileprivate func withSlice(
    _ z: Int, count: Int, _ body: (UnsafeBufferPointer<Float>) throws(AisError) -> Void
  ) throws(AisError) {
    var failure: AisError?
    withUnsafeBufferPointer { buffer in
      do throws(AisError) {
        try body(UnsafeBufferPointer(rebasing: buffer[z * count..<(z + 1) * count]))
      } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
