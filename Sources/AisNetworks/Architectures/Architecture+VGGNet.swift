/// Encoder and decoder without skips, after Simonyan and Zisserman 2015.
extension Architecture {
  static let vggNets = [
    Architecture(
      "VGGNet S", aliases: ["VGGNet"], sideMultiple: 8, "small and quick; the VGGNet of the paper (Last et al. 2024)"
    ) { plainVGG(&$0, [64, 128, 256]) },
    Architecture(
      "VGGNet M", aliases: ["VGGNet double"], sideMultiple: 8, "a good first choice for membranes, filaments, particles"
    ) { plainVGG(&$0, [128, 256, 512]) },
    Architecture("VGGNet L", sideMultiple: 16, "more context, more weights, normalised") {
      vgg(&$0, [128, 256, 512, 1024], [1024, 512, 256, 128], poolDrops: [0, 0, 0, 0.25])
    },
    Architecture("VGGNet X", sideMultiple: 32, "the most context of the VGGNets") {
      vgg(&$0, [64, 128, 256, 512, 1024], [1024, 512, 256, 128, 64], poolDrops: [0, 0, 0, 0, 0.25])
    },
  ]

  static let earlierVGGNets = [
    Architecture(
      "VGGNet L (2024)", sideMultiple: 16, isOffered: false, "VGGNet L until May 2025; the example of the paper's file"
    ) { n in
      let quarter = [Float](repeating: 0.25, count: 4)
      vgg(&n, [128, 256, 512, 512], [512, 512, 256, 128], poolDrops: quarter, upDrops: quarter)
    },
    Architecture("VGGNet X (2025)", sideMultiple: 32, isOffered: false, "VGGNet X until May 2025") {
      vgg(
        &$0, [128, 256, 512, 512, 512], [512, 512, 256, 128, 128], poolDrops: [0, 0, 0, 0.25, 0.25],
        upDrops: [0.25, 0.25, 0, 0, 0])
    },
  ]

  /// The last transposed convolution already makes one channel; a convolution of one pixel then scales and shifts it.
  private static func plainVGG(_ n: inout ArchitectureBuilder, _ encoder: [Int]) {
    levels(&n, encoder, [128, 64], norm: false, poolDrops: [], upDrops: [])
    n.upConvolution(1)
    n.probability()
  }

  private static func vgg(
    _ n: inout ArchitectureBuilder, _ encoder: [Int], _ decoder: [Int], poolDrops: [Float], upDrops: [Float] = []
  ) {
    levels(&n, encoder, decoder, norm: true, poolDrops: poolDrops, upDrops: upDrops)
    n.probability()
  }

  private static func levels(
    _ n: inout ArchitectureBuilder, _ encoder: [Int], _ decoder: [Int], norm: Bool, poolDrops: [Float], upDrops: [Float]
  ) {
    for (level, filters) in encoder.enumerated() {
      n.convolutions([filters, filters], norm: norm)
      n.pool()
      n.drop(level < poolDrops.count ? poolDrops[level] : 0)
    }
    for (level, filters) in decoder.enumerated() {
      n.upConvolution(filters)
      n.convolution(filters, norm: norm)
      n.drop(level < upDrops.count ? upDrops[level] : 0)
    }
  }
}
