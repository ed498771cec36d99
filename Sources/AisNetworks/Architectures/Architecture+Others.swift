/// Layouts of other kinds. Those who have networks of them can go on; they are not offered for new ones.
extension Architecture {
  static let others = [
    Architecture(
      "Eman2", sideMultiple: 2, isOffered: false, "three wide convolutions, as in EMAN2 (Chen et al. 2017)"
    ) { n in
      n.convolution(40, size: 15)
      n.pool()
      n.convolution(40, size: 15)
      n.convolution(1, size: 15, activation: .sigmoid)
      n.upsample()
    },
    Architecture(
      "InceptionNet", sideMultiple: 1, isOffered: false, "windows of several sizes side by side (Szegedy et al. 2015)"
    ) { n in
      for _ in 0..<3 {
        let source = n.last
        let one = n.convolution(64, size: 1, of: source)
        n.convolution(64, size: 1, of: source)
        let three = n.convolution(64, size: 3)
        n.convolution(64, size: 1, of: source)
        let five = n.convolution(64, size: 5)
        n.pool(size: 3, stride: 1, padding: .same, of: source)
        n.concatenate(one, three, five, n.convolution(64, size: 1))
      }
      n.convolution(1, size: 1, activation: .sigmoid)
    },
    Architecture("ResNet", sideMultiple: 1, isOffered: false, "residual blocks at full resolution (He et al. 2016)") {
      n in
      for filters in [32, 64, 128, 256] {
        let source = n.last
        n.convolution(filters, activation: .linear)
        let long = n.convolution(filters, activation: .linear)
        n.sum(n.convolution(filters, size: 1, activation: .linear, of: source), long)
        n.activate(.relu)
      }
      n.probability()
    },
  ]

  static let earlier = earlierVGGNets + earlierUNets + earlierPix2pix
}
