import AisCore
import AisNetworks
import Testing

@Suite struct ArchitectureTests {
  /// Counts that Keras gives for the same layouts, with one slice and with five.
  private static let counts: [(name: String, one: Int, five: Int)] = [
    ("VGGNet S", 1_493_059, 1_495_363), ("VGGNet M", 5_053_955, 5_058_563), ("VGGNet L", 38_239_489, 38_244_097),
    ("VGGNet X", 38_420_097, 38_422_401), ("UNet S", 922_881, 925_185), ("UNet M", 7_771_297, 7_772_449),
    ("UNet L", 38_791_489, 38_793_793), ("Pix2pix", 16_661_121, 16_665_217), ("ezm-2d", 43_634_689, 43_636_993),
    ("ezm-2d-bxe", 43_634_689, 43_636_993), ("ezm-2d-dice", 43_634_689, 43_636_993), ("Eman2", 378_081, 414_081),
    ("InceptionNet", 550_529, 551_553), ("ResNet", 1_215_457, 1_216_737), ("ezm-3d-M", 19_579_265, 19_579_265),
    ("ezm-3d-L", 30_981_761, 30_981_761), ("VGGNet L (2024)", 17_521_921, 17_526_529),
    ("VGGNet X (2025)", 22_459_393, 22_464_001), ("UNet L (2025)", 43_655_297, 43_659_905),
    ("UNet lite", 185_217, 187_521), ("UNet dropout", 185_217, 187_521), ("Pix2pix (paper)", 29_249_409, 29_253_505),
    ("cryoPom-bxe", 31_054_145, 31_056_449), ("cryoPom-comb", 31_054_145, 31_056_449),
    ("cryoPom-dice", 31_054_145, 31_056_449),
  ]

  @Test(arguments: counts.indices) func `every architecture is sound and has the weights that Keras counts`(index: Int)
    throws
  {
    let (name, one, five) = Self.counts[index]
    let architecture = try Architecture.named(name)
    #expect(architecture.name == name)
    for (depth, count) in [(1, one), (5, five)] {
      let graph = architecture.graph(depth: depth)
      #expect(graph.problems() == [])
      #expect(graph.parameterCount == count)
      // One answer a pixel, on the smallest input that it is made for.
      let side = 2 * architecture.sideMultiple
      let isSlab = architecture.form == .slabs
      let input = TensorShape(z: isSlab ? 8 : 1, y: side, x: 2 * side, channels: isSlab ? 1 : depth)
      #expect(try graph.outputShape(for: input) == TensorShape(z: input.z, y: side, x: 2 * side, channels: 1))
    }
  }

  @Test func `the list is complete, and no name or alias stands for two`() {
    #expect(Set(Architecture.all.map(\.name)) == Set(Self.counts.map(\.name)))
    let names = Architecture.all.flatMap { [$0.name] + $0.aliases }
    #expect(Set(names).count == names.count)
    #expect(Architecture.all.filter(\.isOffered).count == 13)
  }

  @Test(arguments: [
    ("vggnet m", "VGGNet M"), ("VGGNet", "VGGNet S"), ("VGGNet_double", "VGGNet M"), ("unet", "UNet S"),
    ("EZM3dM", "ezm-3d-M"),
    ("easymode-2d", "ezm-2d"),
  ])
  func `names are found as people type them, also old ones`(typed: String, name: String) throws {
    #expect(try Architecture.named(typed).name == name)
  }

  @Test func `an unknown name is answered with the known ones`() {
    let error = #expect(throws: AisError.self) { try Architecture.named("VGG 16") }
    #expect(error?.message.contains("'VGG 16'") == true)
    #expect(error?.message.contains("'VGGNet M'") == true)
  }

  @Test func `the judge of Pix2pix has the weights that Keras counts`() throws {
    let graph = Architecture.discriminator()
    #expect(graph.problems() == [])
    #expect(graph.parameterCount == 2_767_297)
    #expect(
      try graph.outputShape(for: TensorShape(z: 1, y: 64, x: 96, channels: 2))
        == TensorShape(z: 1, y: 4, x: 6, channels: 1))
  }

  @Test func `the same seed gives the same weights, another one others, all within Glorot's bound`() throws {
    let architecture = try Architecture.named("UNet S")
    let first = architecture.graph(seed: 3)
    #expect(architecture.graph(seed: 3).weights == first.weights)
    #expect(architecture.graph(seed: 4).weights != first.weights)
    let kernel = try #require(first.weights[WeightKey("conv_2", .kernel)])
    let bound = (6 / Float(9 * (64 + 128))).squareRoot()
    #expect(kernel.shape == [1, 3, 3, 64, 128])
    #expect(kernel.values.allSatisfy { abs($0) <= bound })
    // A uniform distribution has a third of the squared bound as variance.
    let variance = kernel.values.reduce(0) { $0 + Double($1) * Double($1) } / Double(kernel.values.count)
    #expect(abs(variance / (Double(bound * bound) / 3) - 1) < 0.02)
    #expect(first.weights[WeightKey("conv_2", .bias)]?.values.allSatisfy { $0 == 0 } == true)
  }

  @Test func `cost is counted by the pixel`() throws {
    // 3×3 convolutions of UNet S: 9 · (1·64 + 64·128/4 + 128·256/16 + 384·128/4 + 192·64) + 64.
    let expected = 9.0 * (64 + 2048 + 2048 + 12288 + 12288) + 64
    #expect(try Architecture.named("UNet S").multiplicationsPerPixel() == expected)
  }
}
