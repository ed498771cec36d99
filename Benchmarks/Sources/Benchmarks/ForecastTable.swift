import AisCore
import AisNetworks

/// The time predicted for small networks beside the time that they take, one thread.
enum ForecastTable {
  static func print(_ set: InstructionSet) throws {
    Swift.print("\nForecasts, \(set.rawValue), one thread")
    Swift.print("network                        size      predicted ms  measured ms   ratio")
    let engine = try CPUEngine(threads: 1, instructionSet: set)
    for side in [128, 512, 1024] {
      for (name, graph) in networks {
        let plan = try engine.load(graph).plan(for: TensorShape(z: 1, y: side, x: side, channels: graph.channels()[0]))
        let measured = try NetworkTable.time(plan, runs: 3).processor
        let predicted = plan.predictedSeconds
        Swift.print(
          name.padded(to: 28, isNumber: false), "\(side)²".padded(to: 7),
          (predicted * 1000).rounded(toDigits: 2).padded(to: 15), (measured * 1000).rounded(toDigits: 2).padded(to: 12),
          (predicted / measured).rounded(toDigits: 2).padded(to: 8))
      }
    }
  }

  /// Single layers, layers behind a 1 × 1 convolution that gives them padded channels, and whole networks.
  private static var networks: [(String, NetworkGraph)] {
    var all: [(String, NetworkGraph)] = []
    for (channels, filters) in [(1, 8), (1, 64), (5, 16)] {
      var network = NetworkDescription(channels: channels)
      network.convolve(filters)
      all.append(("3×3, \(channels) → \(filters)", network.graph))
    }
    for (channels, filters) in [(8, 8), (8, 16), (16, 16), (16, 32), (32, 32), (64, 64)] {
      var network = NetworkDescription(channels: channels)
      network.convolve(channels, size: 1)
      network.convolve(filters)
      all.append(("1×1 \(channels), 3×3 → \(filters)", network.graph))
    }
    for channels in [8, 32] {
      var network = NetworkDescription(channels: channels)
      network.convolve(channels, size: 1)
      all.append(("1×1, \(channels) → \(channels)", network.graph))
      network.unpool(channels)
      all.append(("1×1, 2×2 transposed → \(channels)", network.graph))
      network = NetworkDescription(channels: channels)
      network.convolve(channels, size: 1)
      network.pool()
      all.append(("1×1 \(channels), pooled", network.graph))
      network = NetworkDescription(channels: channels)
      network.convolve(channels, size: 5)
      all.append(("5×5, \(channels) → \(channels)", network.graph))
    }
    for (channels, filters) in [(64, 128), (128, 64), (128, 128), (256, 64)] {
      var network = NetworkDescription(channels: channels)
      network.convolve(filters)
      all.append(("3×3, \(channels) → \(filters)", network.graph))
    }
    all.append(("small UNet", NetworkDescription.uNet(8, 16, 32)))
    all.append(("small VGGNet", NetworkDescription.smallVGGNet))
    all.append(("UNet S", NetworkDescription.uNetS))
    all.append(("VGGNet M", NetworkDescription.vggNetM))
    return all
  }
}
