import AisCore
import AisNetworks

/// Small networks with the layouts that people use.
enum SmallNetwork: String, CaseIterable, Sendable {
  case uNet, vggNet, resNet, withTransposedConvolutions, threeDimensional

  var graph: NetworkGraph {
    let isDeep = self == .threeDimensional
    var builder = NetworkBuilder(isDeep ? .three : .two, channels: 1, seed: 7)
    func conv(_ filters: Int, _ size: Int = 3, _ activation: Activation = .relu) -> Operation {
      let kernel = Extent(z: isDeep ? size : 1, y: size, x: size)
      return .convolution(.init(filters: filters, kernel: kernel, activation: activation))
    }
    let two = Extent(z: 1, y: 2, x: 2)
    func up(_ filters: Int) -> Operation { .transposedConvolution(.init(filters: filters, kernel: two, stride: two)) }
    let pool = Operation.maxPooling(.init(window: two, stride: two, padding: .valid))
    switch self {
    case .uNet:
      let one = builder.add("c1", conv(16))
      builder.add("p1", pool)
      let half = builder.add("c2", conv(32))
      builder.add("p2", pool)
      builder.add("c3", conv(48))
      let first = builder.add("u1", .upsampling(two))
      builder.add("j1", .concatenation, [first, half])
      builder.add("c4", conv(32))
      let second = builder.add("u2", .upsampling(two))
      builder.add("j2", .concatenation, [second, one])
      builder.add("c5", conv(16))
    case .vggNet:
      builder.add("c1", conv(16))
      builder.add("c2", conv(80))
      builder.add("p1", pool)
      builder.add("c3", conv(32))
      builder.add("d", .dropout(rate: 0.2))
      builder.add("p2", pool)
      builder.add("u1", up(16))
      builder.add("c4", conv(16))
      builder.add("u2", up(1))
    case .resNet:
      builder.add("c1", conv(16, 3, .linear))
      for block in 0..<2 {
        let start = builder.last
        let short = builder.add("s\(block)", conv(24, 1, .linear), [start])
        builder.add("a\(block)", conv(24), [start])
        let long = builder.add("b\(block)", conv(24, 3, .linear))
        builder.add("sum\(block)", .addition, [short, long])
        builder.add("r\(block)", .activation(.relu))
      }
    case .withTransposedConvolutions, .threeDimensional:
      builder.add("c1", conv(16))
      let skip = builder.add("n1", .batchNormalization(epsilon: 1e-3))
      builder.add("p1", pool)
      builder.add("c2", conv(32))
      builder.add("n2", .batchNormalization(epsilon: 1e-3))
      builder.add("c3", conv(32))
      let top = builder.add("u1", up(16))
      builder.add("j1", .concatenation, [top, skip])
      builder.add("c4", conv(16))
      builder.add("n4", .batchNormalization(epsilon: 1e-3))
    }
    builder.add("out", conv(1, 1, .sigmoid))
    return builder.graph().withKernelsOfTrainedSize
  }

  func shape(y: Int, x: Int) -> TensorShape {
    TensorShape(z: self == .threeDimensional ? 5 : 1, y: y, x: x, channels: 1)
  }
}
