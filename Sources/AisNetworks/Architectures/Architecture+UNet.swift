/// Encoder and decoder joined by skips, after Ronneberger, Fischer and Brox 2015. Joined is always what comes from below, then
/// the skip.
extension Architecture {
  static let uNets =
    [
      Architecture(
        "UNet S", aliases: ["UNet", "UNet deep"], sideMultiple: 4, "the smallest and quickest; the UNet of the paper"
      ) { n in
        let first = n.convolution(64)
        n.pool()
        let second = n.convolution(128)
        n.pool()
        n.convolution(256)
        n.concatenate(n.upsample(), second)
        n.convolution(128)
        n.concatenate(n.upsample(), first)
        n.convolution(64)
        n.probability()
      },
      Architecture("UNet M", sideMultiple: 16, "more levels and normalisation at moderate cost") {
        uNet(&$0, pairs(32, 64, 128, 256), [512, 512], pairs(256, 128, 64, 32), bottomDrop: 0.5)
      },
      Architecture("UNet L", sideMultiple: 16, "many weights; for large training sets") {
        uNet(
          &$0, [[64, 64], [128, 128], [256, 512], [512, 512]], [1024, 1024], pairs(512, 512, 128, 64), bottomDrop: 0.5)
      },
    ]
    + [
      (
        "ezm-2d", ["easymode-2d", "ezm-2d-0.3-0.7"], Objective.mixture(crossentropy: 1, dice: 1),
        "cross-entropy and Dice"
      ),
      ("ezm-2d-bxe", ["ezm-2d-bxe-lw"], .crossentropy, "cross-entropy"), ("ezm-2d-dice", [], .dice, "Dice"),
    ].map { name, aliases, objective, loss in
      Architecture(
        name, aliases: aliases, sideMultiple: 16, objective: objective, learningRate: 5e-5,
        "a wide U-Net for general networks, trained on \(loss)"
      ) {
        uNet(
          &$0, [64, 128, 256, 512].map { [$0, $0, $0] }, [1024, 1024, 1024], pairs(512, 256, 128, 64), bottomDrop: 0.25)
      }
    }

  static let earlierUNets =
    [
      Architecture("UNet L (2025)", sideMultiple: 16, isOffered: false, "UNet L until May 2025") { n in
        let quarter = [Float](repeating: 0.25, count: 4)
        uNet(
          &n, pairs(128, 256, 512, 512), [1024, 1024], pairs(512, 512, 256, 128), bottomDrop: 0.25, poolDrops: quarter,
          upDrops: quarter)
      },
      Architecture("UNet lite", sideMultiple: 2, isOffered: false, "two levels, until 2024") { shallow(&$0, drop: 0) },
      Architecture("UNet dropout", sideMultiple: 2, isOffered: false, "two levels with dropout, until 2024") {
        shallow(&$0, drop: 0.1)
      },
    ]
    + [
      ("cryoPom-bxe", Objective.crossentropy), ("cryoPom-comb", .mixture(crossentropy: 0.3, dice: 0.7)),
      ("cryoPom-dice", .dice),
    ].map { name, objective in
      Architecture(
        name, sideMultiple: 16, objective: objective, learningRate: 5e-5, isOffered: false,
        "a general U-Net, until 2026"
      ) {
        uNet(
          &$0, pairs(64, 128, 256, 512), [1024, 1024], pairs(512, 256, 128, 64), bottomDrop: 0.3,
          poolDrops: [0, 0, 0.15, 0.15], upDrops: [0.15, 0.15, 0.15, 0])
      }
    }

  /// Two convolutions of as many filters each.
  static func pairs(_ filters: Int...) -> [[Int]] { filters.map { [$0, $0] } }

  /// `encoder`, `bottom`, `decoder`: the filters of each level's convolutions.
  private static func uNet(
    _ n: inout ArchitectureBuilder, _ encoder: [[Int]], _ bottom: [Int], _ decoder: [[Int]], bottomDrop: Float,
    poolDrops: [Float] = [], upDrops: [Float] = []
  ) {
    var skips: [ArchitectureBuilder.Layer] = []
    for (level, filters) in encoder.enumerated() {
      skips.append(n.convolutions(filters, norm: true))
      n.pool()
      n.drop(level < poolDrops.count ? poolDrops[level] : 0)
    }
    n.convolutions(bottom, norm: true)
    n.drop(bottomDrop)
    for (level, filters) in decoder.enumerated() {
      n.concatenate(n.upConvolution(filters[0]), skips.removeLast())
      n.convolutions(filters, norm: true)
      n.drop(level < upDrops.count ? upDrops[level] : 0)
    }
    n.probability()
  }

  private static func shallow(_ n: inout ArchitectureBuilder, drop rate: Float) {
    n.convolution(64)
    let skip = n.drop(rate)
    n.pool()
    n.convolution(128)
    n.drop(rate)
    n.concatenate(n.upsample(), skip)
    n.convolution(64)
    n.probability()
  }
}
