import AisCore
import AisNetworks
import Testing

@Suite struct TilingTests {
  /// A box of a single-channel array.
  private func cut(_ values: [Float], _ shape: TensorShape, y: Range<Int>, x: Range<Int>) -> [Float] {
    (0..<shape.z).flatMap { z in y.flatMap { y in x.map { x in values[(z * shape.y + y) * shape.x + x] } } }
  }

  @Test(arguments: SmallNetwork.allCases, InstructionSet.available)
  func `a tile with its halo is bit for bit what the whole gives`(network: SmallNetwork, set: InstructionSet) throws {
    let engine = try CPUEngine(threads: 2, instructionSet: set)
    let loaded = try engine.load(network.graph)
    let (alignment, halo) = (loaded.tileAlignment, loaded.halo)
    let shape = network.shape(y: 152, x: 136)
    let input = randomValues(shape.count, seed: 4)
    let whole = try engine.answer(of: network.graph, to: input, shape: shape)

    func roundedUp(_ value: Int, _ multiple: Int) -> Int { (value + multiple - 1) / multiple * multiple }
    func padded(_ tile: Range<Int>, _ before: Int, _ after: Int, _ alignment: Int, _ limit: Int) -> Range<Int> {
      max(0, tile.lowerBound - roundedUp(before, alignment))..<min(limit, roundedUp(tile.upperBound + after, alignment))
    }
    let (ay, ax) = (alignment.y, alignment.x)
    let tilesY = [0..<2 * ay, 2 * ay..<4 * ay, 5 * ay..<shape.y].filter { !$0.isEmpty }
    let tilesX = [0..<3 * ax, 3 * ax..<4 * ax, 4 * ax..<shape.x].filter { !$0.isEmpty }
    for tileY in tilesY {
      for tileX in tilesX {
        let (y, x) = (
          padded(tileY, halo.before.y, halo.after.y, ay, shape.y),
          padded(tileX, halo.before.x, halo.after.x, ax, shape.x)
        )
        let part = TensorShape(z: shape.z, y: y.count, x: x.count, channels: 1)
        let own = try engine.answer(of: network.graph, to: cut(input, shape, y: y, x: x), shape: part)
        let inner = (
          tileY.lowerBound - y.lowerBound..<tileY.upperBound - y.lowerBound,
          tileX.lowerBound - x.lowerBound..<tileX.upperBound - x.lowerBound
        )
        let expected = cut(whole, shape, y: tileY, x: tileX)
        #expect(cut(own, part, y: inner.0, x: inner.1) == expected, "tile \(tileY) × \(tileX)")
      }
    }
  }

  @Test func `alignment and halo of a small U-Net are those counted by hand`() throws {
    let loaded = try CPUEngine(threads: 1).load(SmallNetwork.uNet.graph)
    // The deepest Winograd convolution works on tiles of 4 at a quarter of the resolution.
    #expect(loaded.tileAlignment == Extent(z: 1, y: 16, x: 16))
    // Without blocks: 1 + 2 + 4 + 2 + 1 positions; with blocks of 4, 8 and 16 it is wider.
    #expect(SmallNetwork.uNet.graph.halo.before.y >= 10)
    #expect(loaded.halo.before.y >= SmallNetwork.uNet.graph.halo.before.y)
    #expect(loaded.halo.before.y <= 48)
  }
}
