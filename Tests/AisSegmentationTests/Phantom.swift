import AisCore
import AisNetworks
import AisSegmentation
import Synchronization

/// A tomogram in memory.
struct Phantom: SliceSource {
  var shape: Shape
  var voxelSize: VoxelSize?
  var voxels: [Float]

  init(shape: Shape, voxelSize: VoxelSize? = VoxelSize(.angstroms(10)), voxels: [Float]) {
    self.shape = shape
    self.voxelSize = voxelSize
    self.voxels = voxels
  }

  /// Seeded noise.
  init(shape: Shape, voxelSize: VoxelSize? = VoxelSize(.angstroms(10)), seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.init(
      shape: shape, voxelSize: voxelSize,
      voxels: (0..<shape.count).map { _ in Float.random(in: -3...5, using: &generator) })
  }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    _ = destination.update(fromContentsOf: voxels[z * shape.sliceCount..<(z + 1) * shape.sliceCount])
  }
}

/// A tomogram whose file fails at one slice.
struct BrokenSource: SliceSource {
  var phantom: Phantom
  var broken: Int
  var shape: Shape { phantom.shape }
  var voxelSize: VoxelSize? { phantom.voxelSize }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if z == broken { throw AisError(.fileSystem, "the disk went away") }
    try phantom.readSlice(z, into: destination)
  }
}

/// Keeps what is written.
final class MemorySink: SegmentationSink {
  let slices = Mutex<[Int: [Float]]>([:])
  let failsAt: Int?

  init(failsAt: Int? = nil) { self.failsAt = failsAt }

  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) {
    if z == failsAt { throw AisError(.diskFull, "no room for slice \(z)") }
    slices.withLock { $0[z] = Array(values) }
  }

  var voxels: [Float] { slices.withLock { slices in slices.keys.sorted().flatMap { slices[$0]! } } }
}

enum Networks {
  /// One linear convolution, (z, y, x, channel) as given; before it, if asked, a layer that answers 1 everywhere.
  static func single(
    shape: [Int], kernel: [Float], bias: Float, volumetric: Bool, depth: Int, ones: Bool = false
  ) -> NetworkGraph {
    var nodes = [
      NetworkGraph.Node(
        name: "input", operation: .input(.init(channels: shape[3], z: volumetric ? depth : nil)), inputs: [])
    ]
    var weights: [WeightKey: Tensor] = [:]
    if ones {
      nodes.append(
        .init(
          name: "ones", operation: .convolution(.init(filters: 1, kernel: .one)),
          inputs: [.init(nodes.count - 1)]))
      weights[WeightKey("ones", .kernel)] = Tensor(shape: [1, 1, 1, 1, 1], values: [0])
      weights[WeightKey("ones", .bias)] = Tensor(shape: [1], values: [1])
    }
    nodes.append(
      .init(
        name: "last",
        operation: .convolution(.init(filters: 1, kernel: Extent(z: shape[0], y: shape[1], x: shape[2]))),
        inputs: [.init(nodes.count - 1)]))
    weights[WeightKey("last", .kernel)] = Tensor(shape: shape + [1], values: kernel)
    weights[WeightKey("last", .bias)] = Tensor(shape: [1], values: [bias])
    return NetworkGraph(
      name: "single", dimensionality: volumetric ? .three : .two, nodes: nodes, output: .init(nodes.count - 1),
      weights: weights)
  }

  /// A small U-shaped network with random weights: two levels, skip connection, sigmoid.
  static func small(channels: Int, volumetric: Bool, depth: Int = 1, seed: UInt64) -> NetworkGraph {
    var generator = SeededGenerator(seed: seed)
    var weights: [WeightKey: Tensor] = [:]
    var nodes = [
      NetworkGraph.Node(
        name: "input", operation: .input(.init(channels: channels, z: volumetric ? depth : nil)), inputs: [])
    ]
    let k = volumetric ? 3 : 1
    func convolution(_ name: String, from source: Int, _ input: Int, _ output: Int, _ activation: Activation) -> Int {
      nodes.append(
        .init(
          name: name,
          operation: .convolution(.init(filters: output, kernel: Extent(z: k, y: 3, x: 3), activation: activation)),
          inputs: [.init(source)]))
      let scale = 1 / Float(k * 9 * input).squareRoot()
      weights[WeightKey(name, .kernel)] = Tensor(
        shape: [k, 3, 3, input, output],
        values: (0..<k * 9 * input * output).map { _ in Float.random(in: -2...2, using: &generator) * scale })
      weights[WeightKey(name, .bias)] = Tensor(
        shape: [output], values: (0..<output).map { _ in Float.random(in: -0.1...0.1, using: &generator) })
      return nodes.count - 1
    }
    let half = Extent(z: 1, y: 2, x: 2)
    let first = convolution("first", from: 0, channels, 4, .relu)
    nodes.append(
      .init(
        name: "pool", operation: .maxPooling(.init(window: half, stride: half, padding: .valid)),
        inputs: [.init(first)]))
    let middle = convolution("middle", from: nodes.count - 1, 4, 6, .relu)
    nodes.append(.init(name: "up", operation: .upsampling(half), inputs: [.init(middle)]))
    nodes.append(
      .init(name: "join", operation: .concatenation, inputs: [.init(first), .init(nodes.count - 1)]))
    let last = convolution("last", from: nodes.count - 1, 10, 1, .sigmoid)
    return NetworkGraph(
      name: "small", dimensionality: volumetric ? .three : .two, nodes: nodes, output: .init(last), weights: weights)
  }
}

/// Plans and runs one pass with the plain-Swift engine.
func segment(
  _ source: any SliceSource, _ model: SegmentationModel, _ settings: InferenceSettings = .init(),
  scale: SegmentationScale = .byte, memory: Int = 1 << 30
) throws -> [Float] {
  let pass = try SegmentationPass(
    shape: source.shape, voxelSize: source.voxelSize, orders: [.init(model: model, scale: scale, storedBytes: 2)],
    settings: settings, budget: MemoryBudget(limit: memory, reserved: 0), threads: 2)
  let sink = MemorySink()
  _ = try pass.run(source: source, sinks: PassSinks(results: [sink]), cancellation: Cancellation()) { _ in }
  return sink.voxels
}

func model(
  _ graph: NetworkGraph, depth: Int = 1, normalization: SliceNormalization = .wholeTomogram,
  pixelSize: Length? = .angstroms(10), zJitter: Int = 0
) throws -> SegmentationModel {
  try SegmentationModel(
    title: "Test", network: ReferenceEngine().load(graph), depth: depth, normalization: normalization,
    pixelSize: pixelSize, zJitter: zJitter)
}
