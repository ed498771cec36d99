import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Binning")
struct BinningTests {
  @Test("blocks become their means, as NumPy computes them", arguments: VolumeGoldens.all.noises.indices)
  func numpy(index: Int) {
    let golden = VolumeGoldens.all.noises[index]
    for bin in golden.bins {
      #expect(CRC32.sum(BlockMean.binned(golden.volume, by: bin.factor, threads: 2).voxels) == bin.voxels)
    }
  }

  @Test("slices binned one by one are those of the volume binned as a whole", arguments: [1, 2, 3, 5])
  func streaming(factor: Int) throws {
    let volume = Volumes.noise(Shape(z: 11, y: 23, x: 17), seed: 3)
    let size = VoxelSize(z: .angstroms(2), y: .angstroms(3), x: .angstroms(4))
    let source = BinnedSource(VolumeSource(volume, voxelSize: size), by: factor)
    let whole = BlockMean.binned(volume, by: factor)
    #expect(source.shape == whole.shape)
    #expect(source.shape == Shape(z: 11 / factor, y: 23 / factor, x: 17 / factor))
    #expect(source.voxelSize?.y.angstrom == Double(3 * factor))
    for z in (0..<whole.shape.z).reversed() { #expect(try source.slice(z) == Array(whole.slice(z))) }
    #expect(BlockMean.binned(volume, by: factor, threads: 3).voxels == whole.voxels)
  }

  @Test("a ball's centre stays where it was to a thirtieth of a voxel", arguments: [2, 3, 4])
  func centre(factor: Int) throws {
    var volume = Volume<Float>(shape: Shape(z: 45, y: 46, x: 47), repeating: 0)
    let centre = VoxelPoint(z: 20.3, y: 22.7, x: 23.1)
    for voxel in Volumes.indices(volume.shape) where Metric.euclidean.distance(VoxelPoint(voxel), centre) <= 12 {
      volume[voxel] = 1
    }
    let before = try ComponentRuns.find(in: VolumeSource(volume), above: 0).components[0].centroid
    let binned = BinnedSource(VolumeSource(volume), by: factor)
    let after = try ComponentRuns.find(in: binned, above: 0).components[0].weightedCentroid
    #expect(Metric.euclidean.distance(after.unbinned(by: factor), before) < 0.03)
  }

  @Test("an axis shorter than the factor leaves nothing, and NaN spreads to its block alone")
  func odd() throws {
    let flat = Volumes.noise(Shape(z: 1, y: 8, x: 8), seed: 1)
    #expect(BlockMean.binned(flat, by: 2).voxels.isEmpty)
    #expect(BinnedSource(VolumeSource(flat), by: 2).shape.count == 0)
    var volume = Volume<Float>(shape: Shape(z: 4, y: 4, x: 4), repeating: 1)
    volume[z: 1, y: 2, x: 3] = .nan
    let binned = BlockMean.binned(volume, by: 2)
    #expect(binned.voxels.filter(\.isNaN).count == 1)
    #expect(binned[z: 0, y: 1, x: 1].isNaN)
  }
}
