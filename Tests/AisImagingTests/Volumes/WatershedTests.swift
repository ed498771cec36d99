import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Watershed")
struct WatershedTests {
  private func negative(_ volume: Volume<Float>) -> Volume<Float> {
    Volume(shape: volume.shape, voxels: volume.voxels.map { -$0 })
  }

  /// Every voxel of the mask that seeds can reach belongs to one basin, basins are connected and hold their seeds.
  private func checkInvariants(_ basins: Volume<Int32>, seeds: [VoxelIndex], mask: Volume<UInt8>) {
    let components = NaiveKernels.labels(mask, connectivity: .faces)
    let reached = Set(seeds.map { components[$0] }).subtracting([0])
    for voxel in Volumes.indices(mask.shape) {
      #expect((basins[voxel] != 0) == (mask[voxel] != 0 && reached.contains(components[voxel])))
    }
    for (number, seed) in seeds.enumerated() where mask[seed] != 0 && !seeds[..<number].contains(seed) {
      #expect(basins[seed] == Int32(number + 1))
      let basin = Volume<UInt8>(shape: mask.shape, voxels: basins.voxels.map { $0 == Int32(number + 1) ? 1 : 0 })
      #expect(NaiveKernels.labels(basin, connectivity: .faces).voxels.max() == 1)
    }
  }

  @Test("basins are those of a flood that searches for the lowest voxel each time", arguments: [3, 8, 1000])
  func naive(levels: Int) {
    for seed in 1...8 as ClosedRange<UInt64> {
      let shape = Shape(z: 4 + Int(seed), y: 9, x: 13 - Int(seed))
      let noise = Volumes.noise(shape, seed: seed)
      let height = Volume(shape: shape, voxels: noise.voxels.map { ($0 * Float(levels)).rounded(.down) - 2 })
      let mask = Volumes.mask(Volumes.noise(shape, seed: seed + 50), above: 0.25)
      var generator = SeededGenerator(seed: seed)
      let seeds = (0..<9).map { _ in Volumes.indices(shape).randomElement(using: &generator)! }
      let basins = Watershed.basins(height: height, seeds: seeds, mask: mask)
      #expect(basins.voxels == NaiveKernels.basins(height: height, seeds: seeds, mask: mask).voxels)
      checkInvariants(basins, seeds: seeds, mask: mask)
    }
  }

  @Test(
    "basins of touching balls are scikit-image's but for voxels that two basins reach at once",
    arguments: VolumeGoldens.all.particles.indices)
  func scikitImage(index: Int) {
    let golden = VolumeGoldens.all.particles[index]
    let mask = golden.mask
    let seeds = golden.basins.seeds.map { VoxelIndex(z: $0[0], y: $0[1], x: $0[2]) }
    let basins = Watershed.basins(height: negative(DistanceTransform.squared(of: mask)), seeds: seeds, mask: mask)
    var expected = [Int32](repeating: 0, count: mask.shape.count)
    for (number, start) in golden.basins.starts.enumerated() {
      let end = number + 1 < golden.basins.starts.count ? golden.basins.starts[number + 1] : expected.count
      for i in start..<end { expected[i] = golden.basins.labels[number] }
    }
    let inside = expected.filter { $0 != 0 }.count
    let different = expected.indices.filter { expected[$0] != basins.voxels[$0] }
    #expect(different.count <= inside / 100)
    checkInvariants(basins, seeds: seeds, mask: mask)
  }

  @Test("two touching balls part halfway between their centres")
  func halves() {
    var mask = Volume<UInt8>(shape: Shape(z: 21, y: 21, x: 40), repeating: 0)
    let seeds = [VoxelIndex(z: 10, y: 10, x: 10), VoxelIndex(z: 10, y: 10, x: 24)]
    for seed in seeds { Volumes.add(ball: seed, radius: 8, to: &mask) }
    let basins = Watershed.basins(height: negative(DistanceTransform.squared(of: mask)), seeds: seeds, mask: mask)
    for voxel in Volumes.indices(mask.shape) where mask[voxel] != 0 && voxel.x != 17 {
      #expect(basins[voxel] == (voxel.x < 17 ? 1 : 2))
    }
  }

  /// Two balls of radius 8 whose centres are so far apart, flooded from the centres and joined.
  private func pair(apart: Int, neck: Double) -> (count: Int, basins: Volume<Int32>) {
    var mask = Volume<UInt8>(shape: Shape(z: 21, y: 21, x: 40), repeating: 0)
    let seeds = [VoxelIndex(z: 10, y: 10, x: 10), VoxelIndex(z: 10, y: 10, x: 10 + apart)]
    for seed in seeds { Volumes.add(ball: seed, radius: 8, to: &mask) }
    let depth = DistanceTransform.squared(of: mask)
    var basins = Watershed.basins(height: negative(depth), seeds: seeds, mask: mask)
    return (Watershed.joinAcrossWideNecks(&basins, squaredDepth: depth, count: 2, neck: neck), basins)
  }

  // The neck of two balls of radius r, d apart, is √(r² − d²/4) wide: 0.87 r for d = r, 0.48 r for d = 1.75 r.
  @Test(
    "balls are joined when the circle in which they meet is wide enough",
    arguments: [(8, 0.7, 1), (8, 0.95, 2), (14, 0.7, 2), (14, 0.4, 1), (10, 1, 2)])
  func necks(apart: Int, neck: Double, expected: Int) {
    let (count, basins) = pair(apart: apart, neck: neck)
    #expect(count == expected)
    #expect(Set(basins.voxels) == Set(0...Int32(expected)))
  }

  @Test("a hollow shell with a rough wall is one basin again, whatever its seeds, and its neighbour keeps its own")
  func shell() {
    var mask = Volume<UInt8>(shape: Shape(z: 33, y: 33, x: 60), repeating: 0)
    let centre = VoxelIndex(z: 16, y: 16, x: 16)
    var generator = SeededGenerator(seed: 4)
    for voxel in Volumes.indices(mask.shape) {
      let squared = (voxel.z - 16) * (voxel.z - 16) + (voxel.y - 16) * (voxel.y - 16) + (voxel.x - 16) * (voxel.x - 16)
      if squared > 49, squared < Int.random(in: 160...200, using: &generator) { mask[voxel] = 1 }
    }
    let ball = VoxelIndex(z: 16, y: 16, x: 40)
    Volumes.add(ball: ball, radius: 8, to: &mask)
    let depth = DistanceTransform.squared(of: mask)
    let seeds = [
      VoxelIndex(z: 16, y: 16, x: 6), VoxelIndex(z: 6, y: 16, x: 16), ball, VoxelIndex(z: 16, y: 26, x: 16),
    ]
    var basins = Watershed.basins(height: negative(depth), seeds: seeds, mask: mask)
    let before = basins
    #expect(Watershed.joinAcrossWideNecks(&basins, squaredDepth: depth, count: 4, neck: 0.7) == 2)
    for voxel in Volumes.indices(mask.shape) where before[voxel] != 0 {
      // The ball is the deepest of all; numbers keep their order.
      #expect(basins[voxel] == (before[voxel] == 3 ? 2 : 1))
    }
    #expect(basins[centre] == 0)
  }

  @Test("seeds outside the mask and doubled seeds count for nothing, and no seed leaves everything dry")
  func seeds() {
    let shape = Shape(z: 2, y: 3, x: 9)
    var mask = Volume<UInt8>(shape: shape, repeating: 1)
    mask[z: 0, y: 0, x: 0] = 0
    let height = Volumes.noise(shape, seed: 1)
    let (corner, inside) = (VoxelIndex(z: 0, y: 0, x: 0), VoxelIndex(z: 1, y: 1, x: 4))
    let basins = Watershed.basins(height: height, seeds: [corner, inside, inside], mask: mask)
    #expect(basins.voxels.filter { $0 == 2 }.count == shape.count - 1)
    #expect(Watershed.basins(height: height, seeds: [], mask: mask).voxels.allSatisfy { $0 == 0 })
    #expect(
      Watershed.basins(
        height: Volume(shape: Shape(z: 0, y: 1, x: 1), voxels: []), seeds: [],
        mask: Volume(shape: Shape(z: 0, y: 1, x: 1), voxels: [])
      ).voxels.isEmpty)
  }

  @Test("the memory of a flood is known beforehand, and what it cannot count too")
  func memory() {
    #expect(Watershed.memory(for: Shape(z: 100, y: 100, x: 100))?.bytes == 102 * 102 * 102 * 12 + 4_000_000)
    #expect(Watershed.memory(for: Shape(z: 0, y: 5, x: 5)) != nil)
    #expect(Watershed.memory(for: Shape(z: 2000, y: 2000, x: 2000)) == nil)
    #expect(Watershed.memory(for: Shape(z: 1, y: 1, x: 1 << 30)) == nil)
    #expect(Watershed.memory(for: Shape(z: 1 << 40, y: 1 << 40, x: 1)) == nil)
  }

  @Test("infinite and missing heights have their place: −∞ first, NaN last")
  func extremes() {
    let mask = Volume<UInt8>(shape: Shape(z: 1, y: 1, x: 7), repeating: 1)
    let ends = [VoxelIndex(z: 0, y: 0, x: 0), VoxelIndex(z: 0, y: 0, x: 6)]
    let height = Volume<Float>(shape: mask.shape, voxels: [0, .nan, 5, 5, 5, -.infinity, 0])
    #expect(Watershed.basins(height: height, seeds: ends, mask: mask).voxels == [1, 1, 2, 2, 2, 2, 2])
    let zeros = Volume<Float>(shape: mask.shape, voxels: [0, -0.0, 0, -0.0, 0, -0.0, 0])
    #expect(Watershed.basins(height: zeros, seeds: ends, mask: mask).voxels == [1, 1, 1, 1, 2, 2, 2])
  }
}
