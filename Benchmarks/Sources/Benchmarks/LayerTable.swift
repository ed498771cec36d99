import AisCore
import AisNetworks
import CKernels

/// Effective GFLOP/s of single 3×3 and 3×3×3 layers, one thread.
enum LayerTable {
  struct Layer {
    var name: String
    var channels: Int
    var filters: Int
    var side: Int
    var depth = 1
  }

  static let layers = [
    Layer(name: "UNet S 2", channels: 64, filters: 128, side: 256),
    Layer(name: "UNet S 3", channels: 128, filters: 256, side: 128),
    Layer(name: "UNet S 4", channels: 384, filters: 128, side: 256),
    Layer(name: "UNet S 5", channels: 192, filters: 64, side: 512),
    Layer(name: "VGGNet M 2", channels: 128, filters: 128, side: 512),
    Layer(name: "VGGNet M 3", channels: 128, filters: 256, side: 256),
    Layer(name: "VGGNet M 4", channels: 256, filters: 256, side: 256),
    Layer(name: "VGGNet M 5", channels: 256, filters: 512, side: 128),
    Layer(name: "VGGNet M 6", channels: 512, filters: 512, side: 128),
    Layer(name: "VGGNet M 7", channels: 128, filters: 128, side: 128),
    Layer(name: "VGGNet M 8", channels: 64, filters: 64, side: 256),
    Layer(name: "3D, 32", channels: 32, filters: 32, side: 128, depth: 8),
    Layer(name: "3D, 64", channels: 64, filters: 64, side: 128, depth: 8),
    Layer(name: "3D, 128", channels: 128, filters: 128, side: 64, depth: 8),
  ]

  static func print(_ set: InstructionSet) throws {
    let limit = 2 / ckernels_measure_peak(set.kernels)
    Swift.print(
      "\nLayers, \(set.rawValue), one thread; limit of direct convolution \(limit.rounded(toDigits: 0)) GFLOP/s")
    Swift.print("layer             in → out      size           Winograd  × limit  indirect  × limit")
    for layer in layers {
      let winograd = try speed(of: layer, isDilated: false, set)
      let indirect = try speed(of: layer, isDilated: true, set)
      let size = layer.depth > 1 ? "\(layer.side)² × \(layer.depth)" : "\(layer.side)²"
      Swift.print(
        layer.name.padded(to: 16, isNumber: false),
        "\(layer.channels)".padded(to: 7), "→", "\(layer.filters)".padded(to: 4, isNumber: false),
        size.padded(to: 10, isNumber: false),
        winograd.rounded(toDigits: 0).padded(to: 12), (winograd / limit).rounded(toDigits: 2).padded(to: 8),
        indirect.rounded(toDigits: 0).padded(to: 9), (indirect / limit).rounded(toDigits: 2).padded(to: 8))
    }
  }

  /// Effective GFLOP/s. A dilated layer of the same size is not one for Winograd's algorithm: the indirect kernel has the
  /// same work with it as without dilation.
  private static func speed(of layer: Layer, isDilated: Bool, _ set: InstructionSet) throws -> Double {
    var network = NetworkDescription(channels: layer.channels, isDeep: layer.depth > 1)
    let kernel = Extent(z: layer.depth > 1 ? 3 : 1, y: 3, x: 3)
    let dilation = Extent(z: 1, y: isDilated ? 2 : 1, x: 1)
    network.add(
      .convolution(.init(filters: layer.filters, kernel: kernel, dilation: dilation, activation: .relu)))
    let shape = TensorShape(z: layer.depth, y: layer.side, x: layer.side, channels: layer.channels)
    let plan = try CPUEngine(threads: 1, instructionSet: set).load(network.graph).plan(for: shape)
    let seconds = try NetworkTable.time(plan, runs: 3).processor
    let products = Double(kernel.count * shape.channels * layer.filters) * Double(shape.positions)
    return 2 * products / seconds * 1e-9
  }
}

extension InstructionSet {
  var kernels: ckernels_instruction_set {
    switch self {
    case .baseline: CKERNELS_BASELINE
    case .avx2: CKERNELS_AVX2
    case .avx512: CKERNELS_AVX512
    }
  }
}
