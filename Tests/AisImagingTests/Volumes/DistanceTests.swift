import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Distance transform")
struct DistanceTests {
  private func sum(_ distances: Volume<Float>) -> UInt32 { CRC32.sum(distances.voxels.map { Int32($0) }) }

  @Test("squared distances are SciPy's on noise, bit for bit in cubes", arguments: VolumeGoldens.all.noises.indices)
  func scipy(index: Int) {
    let golden = VolumeGoldens.all.noises[index]
    for distances in golden.distances {
      let mask = Volumes.mask(golden.volume, above: distances.threshold)
      #expect(sum(DistanceTransform.squared(of: mask, threads: 2)) == distances.squared)
      let spaced = DistanceTransform.squared(of: mask, spacing: (2.5, 1, 1.3), threads: 2)
      for (number, expected) in distances.spaced.enumerated() {
        let ours = Double(spaced.voxels[number * distances.step])
        #expect(abs(ours - expected) <= 2e-7 * expected)
      }
    }
  }

  @Test("squared distances are SciPy's in balls", arguments: VolumeGoldens.all.particles.indices)
  func balls(index: Int) {
    let golden = VolumeGoldens.all.particles[index]
    #expect(sum(DistanceTransform.squared(of: golden.mask, threads: 2)) == golden.squared)
  }

  @Test(
    "squared distances are SciPy's in and around real segmentations", .enabled(if: Fixtures.hasShared),
    arguments: VolumeGoldens.all.files.indices)
  func files(index: Int) throws {
    let golden = VolumeGoldens.all.files[index]
    let volume = try golden.read()
    #expect(sum(DistanceTransform.squared(of: Volumes.mask(volume, above: 0), threads: 2)) == golden.inside)
    let outside = Volume<UInt8>(shape: volume.shape, voxels: volume.voxels.map { $0 > 0 ? 0 : 1 })
    #expect(sum(DistanceTransform.squared(of: outside)) == golden.around)
  }

  @Test("distances are the smallest of all", arguments: [0.5, 0.9, 0.99, 0.999] as [Float])
  func naive(density: Float) {
    for seed in 1...6 as ClosedRange<UInt64> {
      let shape = Shape(z: 3 + Int(seed), y: 14 - Int(seed), x: 8 + 2 * Int(seed))
      let noise = Volumes.noise(shape, seed: seed)
      let mask = Volume<UInt8>(shape: shape, voxels: noise.voxels.map { $0 < density ? 200 : 0 })
      #expect(
        DistanceTransform.squared(of: mask, threads: 3).voxels == NaiveKernels.squaredDistances(mask).map { Float($0) })
      let spacing = (z: 3.1, y: 0.7, x: 1.9)
      let ours = DistanceTransform.distance(of: mask, spacing: spacing, threads: 2)
      for (a, b) in zip(ours.voxels, NaiveKernels.squaredDistances(mask, spacing: spacing)) {
        #expect(a == Float(b) || abs(Double(a) - b.squareRoot()) <= 2e-7 * b.squareRoot())
      }
    }
  }

  @Test("a component alone has the distances of the whole volume, also at its faces", arguments: Connectivity.allCases)
  func components(connectivity: Connectivity) throws {
    let golden = VolumeGoldens.all.particles[1]
    let mask = golden.mask
    let whole = DistanceTransform.squared(of: mask)
    let values = Volume(shape: mask.shape, voxels: mask.voxels.map { Float($0) })
    let found = try ComponentRuns.find(in: VolumeSource(values), above: 0, connectivity: connectivity)
    #expect(found.components.contains { $0.isAtFace })
    for component in found.components {
      let (crop, origin) = found.mask(of: component.index, margin: 1)
      let alone = DistanceTransform.squared(of: crop)
      for voxel in Volumes.indices(crop.shape) where crop[voxel] == 1 {
        let place = VoxelIndex(z: voxel.z + origin.z, y: voxel.y + origin.y, x: voxel.x + origin.x)
        #expect(alone[voxel] == whole[place])
      }
    }
  }

  @Test("without an outside everything is infinitely far, and an empty mask is 0 everywhere")
  func extremes() {
    for shape in [Shape(z: 1, y: 1, x: 1), Shape(z: 3, y: 1, x: 40), Shape(z: 5, y: 6, x: 7)] {
      #expect(DistanceTransform.squared(of: Volume(shape: shape, repeating: 1)).voxels.allSatisfy { $0 == .infinity })
      #expect(DistanceTransform.squared(of: Volume(shape: shape, repeating: 0)).voxels.allSatisfy { $0 == 0 })
    }
    #expect(DistanceTransform.squared(of: Volume(shape: Shape(z: 0, y: 3, x: 3), voxels: [])).voxels.isEmpty)
    // One voxel outside, far away: 3000² is exact.
    var line = Volume<UInt8>(shape: Shape(z: 1, y: 1, x: 3001), repeating: 1)
    line.voxels[0] = 0
    #expect(DistanceTransform.squared(of: line).voxels[3000] == 9_000_000)
    var column = Volume<UInt8>(shape: Shape(z: 3001, y: 1, x: 1), repeating: 1)
    column.voxels[3000] = 0
    #expect(DistanceTransform.squared(of: column).voxels[0] == 9_000_000)
  }
}
