import AisCore
import AisImaging
import AisPicking
import Testing

@Suite("Centres of analytic bodies")
struct CentreAccuracyTests {
  /// Half balls and half ellipsoids at random places between the voxels, 250 for each bin: a thousand in all. Volumes have odd
  /// and even edges, most of them no multiples of the bin.
  @Test("are found within a quarter voxel of the bin, without a shift", arguments: [1, 2, 3, 4])
  func accuracy(bin: Int) throws {
    var random = SeededGenerator(seed: UInt64(700 + bin))
    var errors: [Double] = []
    var sum = (z: 0.0, y: 0.0, x: 0.0)
    let count = 250
    for turn in 0..<count {
      func radius() -> Double { .random(in: 2.5..<6, using: &random) * Double(bin) }
      let ball = radius()
      let radii = turn % 2 == 0 ? (ball, ball, ball) : (radius(), radius(), radius())
      let reach = max(radii.0, radii.1, radii.2)
      func edge() -> Int {
        Int(2 * reach) + Int.random(in: 6..<14, using: &random) * bin + Int.random(in: 0..<4, using: &random)
      }
      let shape = Shape(z: edge(), y: edge(), x: edge())
      // Within the whole blocks, so that no bin cuts a body off.
      func place(_ n: Int) -> Double { .random(in: (reach + 1)...(Double(n / bin * bin) - reach - 2), using: &random) }
      let truth = VoxelPoint(z: place(shape.z), y: place(shape.y), x: place(shape.x))
      let volume = Phantom.volume(shape, [.init(truth, radii: radii)])
      let settings = ParticlePicker.Settings(threshold: 0.5, spacing: 40, minimumVoxelCount: 1)
      let result = try ParticlePicker(settings).pick(in: BinnedSource(VolumeSource(volume), by: bin))
      #expect(result.groups.count == 1)
      let error = try #require(result.groups.first).centroid.unbinned(by: bin) - truth
      let unit = Double(bin)
      sum = (sum.z + error.z / unit, sum.y + error.y / unit, sum.x + error.x / unit)
      errors.append(error.distance(to: VoxelPoint(z: 0, y: 0, x: 0)) / unit)
    }
    errors.sort()
    #expect(errors[count / 2] <= 0.25)
    let mean = (z: sum.z / Double(count), y: sum.y / Double(count), x: sum.x / Double(count))
    #expect(abs(mean.z) <= 0.03 && abs(mean.y) <= 0.03 && abs(mean.x) <= 0.03, "mean error \(mean)")
  }
}
