/// A generator that a second network judges, after Isola et al. 2017.
extension Architecture {
  static let pix2pix = [
    Architecture(
      "Pix2pix", sideMultiple: 32, objective: .adversarial(distance: 100), learningRate: 2e-4, beta1: 0.5,
      batchMomentum: 0.8, "learns what annotations look like; needs more of them and more time"
    ) { generator(&$0, [64, 128, 256, 512, 512], [512, 256, 128, 64], normsFirst: false, .sigmoid) }
  ]

  static let earlierPix2pix = [
    Architecture(
      "Pix2pix (paper)", sideMultiple: 64, objective: .adversarial(distance: 100), learningRate: 2e-4, beta1: 0.5,
      batchMomentum: 0.8, isOffered: false, "the larger generator of the paper; answers from −1 to 1"
    ) { generator(&$0, [64, 128, 256, 512, 512, 512], [512, 512, 256, 128, 64], normsFirst: true, .tanh) }
  ]

  private static func generator(
    _ n: inout ArchitectureBuilder, _ encoder: [Int], _ decoder: [Int], normsFirst: Bool, _ last: Activation
  ) {
    var skips: [ArchitectureBuilder.Layer] = []
    for (level, filters) in encoder.enumerated() {
      skips.append(
        n.convolution(filters, size: 4, stride: 2, activation: .leakyReLU(slope: 0.2), norm: normsFirst || level > 0))
    }
    skips.removeLast()
    for filters in decoder {
      n.upsample()
      n.concatenate(n.convolution(filters, size: 4, norm: true), skips.removeLast())
    }
    n.upsample()
    n.convolution(1, size: 4, activation: last)
  }

  /// The judge in adversarial training: a label or a made mask and the `depth` slices behind it as channels, in this order; the
  /// answer has a sixteenth of the resolution and no activation.
  package static func discriminator(depth: Int = 1, seed: UInt64 = 1) -> NetworkGraph {
    var n = ArchitectureBuilder(.two, channels: 1 + depth, seed: seed)
    for (level, filters) in [64, 128, 256, 512].enumerated() {
      n.convolution(filters, size: 4, stride: 2, activation: .leakyReLU(slope: 0.2), norm: level > 0)
    }
    n.convolution(1, size: 4, activation: .linear)
    return n.graph(name: "Pix2pix discriminator")
  }
}
