import AisCore
import AisNetworks

/// Time and memory of whole networks.
enum NetworkTable {
  static let networks: [(name: String, graph: NetworkGraph, shape: TensorShape)] = [
    ("UNet S", NetworkDescription.uNetS, TensorShape(z: 1, y: 1024, x: 1024, channels: 1)),
    ("VGGNet M", NetworkDescription.vggNetM, TensorShape(z: 1, y: 1024, x: 1024, channels: 1)),
    ("3D U-Net", NetworkDescription.uNet3D, TensorShape(z: 16, y: 128, x: 128, channels: 1)),
  ]

  static func print(_ set: InstructionSet, threadCounts: [Int]) throws {
    Swift.print("\nNetworks, \(set.rawValue)")
    Swift.print("network    size          threads  CPU-s/Mpx   wall s  predicted  memory MB  weights MB  loading s")
    for threads in threadCounts {
      let engine = try CPUEngine(threads: threads, instructionSet: set)
      for (name, graph, shape) in networks {
        let start = Clock.processor.now
        let network = try engine.load(graph)
        let loading = Clock.processor.now - start
        let plan = try network.plan(for: shape)
        let times = try time(plan, runs: 2)
        let size = shape.z > 1 ? "\(shape.x)² × \(shape.z)" : "\(shape.x)²"
        Swift.print(
          name.padded(to: 10, isNumber: false), size.padded(to: 12, isNumber: false), "\(threads)".padded(to: 8),
          (times.processor / Double(shape.positions) * 1e6).rounded(toDigits: 2).padded(to: 10),
          times.wall.rounded(toDigits: 3).padded(to: 8), plan.predictedSeconds.rounded(toDigits: 3).padded(to: 10),
          "\(plan.memoryBytes / 1_000_000)".padded(to: 10), "\(network.weightBytes / 1_000_000)".padded(to: 11),
          loading.rounded(toDigits: 2).padded(to: 10))
      }
    }
  }

  /// The shortest of several runs after one that allocates.
  static func time(_ plan: any InferencePlan, runs: Int) throws -> (processor: Double, wall: Double) {
    var generator = SeededGenerator(seed: 2)
    let input = (0..<plan.input.count).map { _ in Float.random(in: -1...1, using: &generator) }
    var output = [Float](repeating: 0, count: plan.output.count)
    return try input.withUnsafeBufferPointer { source in
      try output.withUnsafeMutableBufferPointer { destination in
        try plan.run(source, into: destination)
        return try Clock.best(of: runs) { try plan.run(source, into: destination) }
      }
    }
  }
}
