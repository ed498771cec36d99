import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Testing

@Suite("Particles looked up in an occupancy volume")
struct OccupancyTests {
  let folder = try! TemporaryFolder()

  /// 8 × 4 × 3 voxels: particle 1 at x 0–1, particle 2 at x 4, particle 3 (a vesicle) at x 6–7, in slice 1, row 1.
  func volume(_ values: [Int: Float] = [0: 1, 1: 1, 4: 2, 6: 3, 7: 3]) throws -> String {
    let shape = Shape(z: 3, y: 4, x: 8)
    let path = folder.path("occupancy.mrc")
    let writer = try MRCWriter(path: path, output: MRCOutput(shape: shape, elementType: .int16, voxelSize: nil))
    for z in 0..<3 {
      var slice = [Float](repeating: 0, count: shape.sliceCount)
      if z == 1 { for (x, value) in values { slice[8 + x] = value } }
      try slice.withUnsafeBufferPointer { try writer.writeSlice(z, $0) }
    }
    try writer.finish()
    return path
  }

  func set(_ points: [(x: Double, y: Double, z: Double, name: String)]) -> PointSet {
    var set = PointSet()
    let tomogram = set.tomogram("T", voxelSize: VoxelSize(.angstroms(10)))
    for point in points {
      set.add(
        VoxelPoint(z: point.z, y: point.y, x: point.x), tomogram: tomogram, feature: set.feature(point.name))
    }
    return set
  }

  func compare(_ found: PointSet, _ path: String) throws -> PointEvaluation {
    var rule = MatchingRule(.shrec2021)
    rule.counting = .occupancy(path)
    let truth = set([(0, 1, 1, "1BXN"), (4, 1, 1, "3CF3"), (6, 1, 1, "vesicle")])
    return try PointComparison.compare(found: found, truth: truth, rule: rule)
  }

  @Test("a hit is a voxel of the particle or one beside it; vesicles count neither way")
  func hits() throws {
    let found = set([
      (1.4, 1, 1, "1bxn"), (0, 1, 1, "3cf3"), (4, 2, 1, "3cf3"), (4, 3, 1, "3cf3"), (6, 1, 1, "1bxn"),
    ])
    let result = try compare(found, volume())
    #expect(result.total.counts.truePositives == 2 && result.total.counts.truthCount == 2)
    // The organisers divide by all predictions, also those in vesicles and doubles.
    #expect(result.total.counts.precision == 0.4)
    let counts = try #require(result.occupancy)
    #expect(counts.background == 1 && counts.hitRepeatedly == 1 && counts.outside == 0)
    // The first of the two points in particle 1 names its class.
    #expect(counts.classes == ["1BXN", "3CF3"] && counts.confusion == [[1, 0, 0], [0, 1, 0]])
    #expect(abs((result.total.errors.angstrom?.meanDistance ?? 0) - (14 + 10) / 2) < 1e-9)
  }

  @Test("halves go to the even voxel, and what lies outside to the nearest")
  func rounding() throws {
    // 2.5 rounds to 2, beside particle 1; 3.5 to 4, in particle 2; -9 is brought to 0.
    let result = try compare(set([(2.5, 1, 1, "1bxn"), (3.5, 1, 1, "1bxn"), (-9, 1, 1, "1bxn")]), volume())
    let counts = try #require(result.occupancy)
    #expect(result.total.counts.truePositives == 2 && counts.background == 0 && counts.outside == 1)
    #expect(counts.confusion == [[1, 0, 0], [1, 0, 0]])
  }

  @Test("a volume that does not belong to the list is refused")
  func foreign() throws {
    let path = try volume([0: 9])
    let error = #expect(throws: AisError.self) { try compare(set([(0, 1, 1, "1bxn")]), path) }
    #expect(error?.code == .malformed && error?.message.contains("counted from 1") == true)
  }
}
