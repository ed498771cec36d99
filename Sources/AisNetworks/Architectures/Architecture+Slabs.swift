/// U-Nets of slabs. Z is halved at the first two levels only.
extension Architecture {
  static let slabNetworks = [
    Architecture(
      "ezm-3d-M", form: .slabs, sideMultiple: 16, depthMultiple: 4, objective: .mixture(crossentropy: 1, dice: 1),
      learningRate: 5e-5, "sees slabs, for features that slices do not show"
    ) { n in
      var skips: [ArchitectureBuilder.Layer] = []
      for (level, filters) in pairs(32, 64, 128, 256).enumerated() {
        skips.append(n.convolutions(filters, norm: true))
        halve(&n, level)
      }
      n.convolutions([512, 512], norm: true)
      n.drop(0.25)
      for (level, filters) in [256, 128, 64, 32].enumerated() {
        n.concatenate(n.upConvolution(filters, depth: level < 2 ? 1 : 2), skips.removeLast())
        n.convolution(filters, norm: true)
      }
      n.probability()
    },
    Architecture(
      "ezm-3d-L", form: .slabs, sideMultiple: 16, depthMultiple: 4, objective: .mixture(crossentropy: 1, dice: 1),
      learningRate: 5e-5, "a wider network of slabs"
    ) { n in
      var skips: [ArchitectureBuilder.Layer] = []
      for (level, filters) in [64, 128, 256, 512].enumerated() {
        if level < 2 { n.convolutions([filters, filters, filters], norm: true) } else { planes(&n, filters, count: 2) }
        skips.append(n.last)
        halve(&n, level)
      }
      planes(&n, 512, count: 2)
      n.drop(0.25)
      for (level, filters) in [512, 256, 128, 64].enumerated() {
        n.concatenate(n.upConvolution(filters, depth: level < 2 ? 1 : 2), skips.removeLast())
        if level < 2 { planes(&n, filters, count: 1) } else { n.convolutions([filters, filters], norm: true) }
      }
      n.probability()
    },
  ]

  private static func halve(_ n: inout ArchitectureBuilder, _ level: Int) {
    if level < 2 { n.pool(padding: .same) } else { n.pool(depth: 1) }
  }

  /// Deep levels see one plane at a time; one convolution along z alone couples the planes.
  private static func planes(_ n: inout ArchitectureBuilder, _ filters: Int, count: Int) {
    n.convolution(filters, depth: 1, norm: true)
    n.convolution(filters, size: 1, depth: 3, norm: true)
    n.convolutions([Int](repeating: filters, count: count), depth: 1, norm: true)
  }
}
