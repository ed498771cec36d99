import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Components of a higher threshold, without reading again")
struct ComponentsAboveTests {
  private func find(
    _ volume: Volume<Float>, _ threshold: Float, _ connectivity: Connectivity = .faces, least: Int = 1
  ) throws -> ComponentRuns {
    try ComponentRuns.find(
      in: VolumeSource(volume), above: threshold, connectivity: connectivity, minimumVoxelCount: least,
      keepsValues: true)
  }

  @Test("they are those that are found anew, in the same order", arguments: Connectivity.allCases)
  func same(connectivity: Connectivity) throws {
    for seed in 1...12 as ClosedRange<UInt64> {
      // Deeper than a slab, so that values come from several.
      let volume = Volumes.noise(Shape(z: 19, y: 8 + Int(seed), x: 40), seed: seed)
      let low = try find(volume, -0.5, connectivity)
      for threshold in [-0.5, 0, 0.4, 1.2, 9] as [Float] {
        for least in [1, 3] {
          let above = try low.above(threshold, connectivity: connectivity, minimumVoxelCount: least)
          let anew = try find(volume, threshold, connectivity, least: least)
          #expect(above.labels().voxels == anew.labels().voxels)
          #expect(above.components.count == anew.components.count)
          for (a, b) in zip(above.components, anew.components) {
            #expect(a.index == b.index && a.voxelCount == b.voxelCount && a.box == b.box && a.isAtFace == b.isAtFace)
            #expect(a.centroid == b.centroid && a.covariance == b.covariance)
            // The same values in another order.
            #expect(abs(a.sum - b.sum) <= 1e-9 * max(1, abs(b.sum)))
            #expect(above.values(of: a.index).voxels == anew.values(of: b.index).voxels)
          }
        }
      }
    }
  }

  @Test("planes and projections hold the kept values, and nothing else")
  func planes() throws {
    let volume = Volumes.noise(Shape(z: 11, y: 7, x: 9), seed: 3)
    let found = try find(volume, 0.2)
    let shape = volume.shape
    func kept(_ z: Int, _ y: Int, _ x: Int) -> Float {
      let value = volume.voxels[(z * shape.y + y) * shape.x + x]
      return value > 0.2 ? value : 0
    }
    for z in 0..<shape.z {
      let expected = (0..<shape.y).flatMap { y in (0..<shape.x).map { kept(z, y, $0) } }
      #expect(found.plane(.xy, at: z) == expected)
    }
    let xz = (0..<shape.z).flatMap { z in (0..<shape.x).map { kept(z, 4, $0) } }
    #expect(found.plane(.xz, at: 4) == xz)
    let yz = (0..<shape.z).flatMap { z in (0..<shape.y).map { kept(z, $0, 8) } }
    #expect(found.plane(.yz, at: 8) == yz)
    let greatest = (0..<shape.y).flatMap { y in
      (0..<shape.x).map { x in (0..<shape.z).map { kept($0, y, x) }.max() ?? 0 }
    }
    #expect(found.projection(across: .xy) == greatest)
  }

  @Test("a volume in which nothing was found has empty planes")
  func nothing() throws {
    let found = try find(Volume<Float>(shape: Shape(z: 3, y: 4, x: 5), repeating: 0), 0.5)
    #expect(try found.above(0.7).components.isEmpty)
    #expect(found.projection(across: .xz) == [Float](repeating: 0, count: 15))
  }
}
