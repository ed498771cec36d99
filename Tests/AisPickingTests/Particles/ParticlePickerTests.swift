import AisCore
import AisImaging
import AisPicking
import Testing

@Suite("Particles by the paper's procedure")
struct ParticlePickerTests {
  private func picked(
    _ volume: Volume<Float>, spacing: Double = 6, minimum: Int = 1, threshold: Float = 0.5,
    seeds: ParticlePicker.Seeds = .apart, edges: VoxelEdges = .one, threads: Int = 1
  ) throws -> ParticlePicker.Result {
    var settings = ParticlePicker.Settings(threshold: threshold, spacing: spacing, minimumVoxelCount: minimum)
    settings.seeds = seeds
    settings.edges = edges
    return try ParticlePicker(settings, threads: threads).pick(in: VolumeSource(volume))
  }

  @Test("balls that touch are two particles")
  func touching() throws {
    let volume = Phantom.volume(
      Shape(z: 24, y: 24, x: 40),
      [.init(z: 12, y: 12, x: 12, radius: 7), .init(z: 12, y: 12, x: 25, radius: 7)])
    let result = try picked(volume, spacing: 10)
    #expect(result.tally.components == 1)
    #expect(result.groups.count == 2)
    let centres = result.groups.map(\.centroid).sorted { $0.x < $1.x }
    #expect(centres[0].distance(to: VoxelPoint(z: 12, y: 12, x: 12)) < 0.2)
    #expect(centres[1].distance(to: VoxelPoint(z: 12, y: 12, x: 25)) < 0.2)
    #expect(result.groups.reduce(0) { $0 + $1.voxelCount } == volume.voxels.count { $0 > 0 })
  }

  @Test("a hollow particle with a hole in its wall is one, centred, though its wall has many inmost places")
  func hollow() throws {
    var volume = Phantom.volume(Shape(z: 40, y: 40, x: 40), [.init(z: 20, y: 20, x: 20, radius: 14)])
    for z in 0..<40 {
      for y in 0..<40 {
        for x in 0..<40 {
          let squared = (z - 20) * (z - 20) + (y - 20) * (y - 20) + (x - 20) * (x - 20)
          if squared < 81 || (abs(z - 20) < 2 && abs(y - 20) < 2) { volume[z: z, y: y, x: x] = 0 }
        }
      }
    }
    let result = try picked(volume, spacing: 16, minimum: 200)
    #expect(result.groups.count == 1)
    #expect(result.groups[0].centroid.distance(to: VoxelPoint(z: 20, y: 20, x: 20)) < 0.05)
    #expect(result.groups[0].voxelCount == volume.voxels.count { $0 > 0.5 })
    // The paper's wording breaks it up.
    #expect(try picked(volume, spacing: 16, minimum: 1, seeds: .all).tally.groups > 1)
  }

  @Test("of two groups nearer than the spacing the lighter one goes, however large it is")
  func lighter() throws {
    let volume = Phantom.volume(
      Shape(z: 20, y: 20, x: 40),
      [.init(z: 10, y: 10, x: 10, radius: 5, value: 0.6), .init(z: 10, y: 10, x: 21, radius: 4.5, value: 1)])
    let near = try picked(volume, spacing: 12)
    #expect(near.tally.crowded == 1)
    #expect(near.groups.map { $0.centroid.x.rounded() } == [21])
    // As far apart as the spacing is far enough.
    let apart = try picked(volume, spacing: 11)
    #expect(apart.groups.count == 2)
  }

  @Test("a group dropped by a heavier one does not drop a third")
  func greedy() throws {
    let volume = Phantom.volume(
      Shape(z: 16, y: 16, x: 60),
      [
        .init(z: 8, y: 8, x: 10, radius: 4, value: 1), .init(z: 8, y: 8, x: 22, radius: 4, value: 0.9),
        .init(z: 8, y: 8, x: 34, radius: 4, value: 0.8),
      ])
    let result = try picked(volume, spacing: 15)
    #expect(result.groups.map { $0.centroid.x.rounded() } == [10, 34])
  }

  @Test("groups smaller than the minimum volume go, and the heaviest comes first")
  func minimum() throws {
    let volume = Phantom.volume(
      Shape(z: 20, y: 20, x: 60),
      [
        .init(z: 10, y: 10, x: 10, radius: 3, value: 0.9), .init(z: 10, y: 10, x: 30, radius: 5, value: 0.7),
        .init(z: 10, y: 10, x: 50, radius: 2, value: 1),
      ])
    let all = try picked(volume)
    #expect(all.groups.map { $0.centroid.x.rounded() } == [30, 10, 50])
    let count = all.groups[2].voxelCount
    #expect(try picked(volume, minimum: count).groups.count == 3)
    #expect(try picked(volume, minimum: count + 1).groups.count == 2)
  }

  @Test("the weight is the sum of the predictions above the threshold")
  func weight() throws {
    var volume = Volume<Float>(shape: Shape(z: 3, y: 3, x: 3), repeating: 0.2)
    volume[z: 1, y: 1, x: 1] = 0.9
    volume[z: 1, y: 1, x: 2] = 0.7
    let group = try #require(try picked(volume).groups.first)
    #expect(abs(group.sum - 1.6) < 1e-6)
    #expect(group.voxelCount == 2 && group.centroid.x == 1.5)
  }

  @Test("every maximum as a seed shatters a rough particle, maxima apart do not")
  func seeds() throws {
    var random = SeededGenerator(seed: 5)
    let centre = VoxelPoint(z: 20, y: 20, x: 20)
    var volume = Phantom.volume(Shape(z: 40, y: 40, x: 40), [.init(z: 20, y: 20, x: 20, radius: 12)])
    for i in volume.voxels.indices where volume.voxels[i] > 0 && Double.random(in: 0..<1, using: &random) < 0.03 {
      volume.voxels[i] = 0
    }
    let apart = try picked(volume, spacing: 44)
    #expect(apart.tally.groups == 1 && apart.groups.count == 1)
    #expect(apart.groups[0].centroid.distance(to: centre) < 0.3)
    let all = try picked(volume, spacing: 44, seeds: .all)
    #expect(all.tally.groups > 15 && all.groups.count == 1)
  }

  @Test("voxels that are not cubes are measured as they are")
  func anisotropic() throws {
    // Two balls of 60 Å 70 Å apart along z, in voxels of 20 × 10 × 10 Å.
    let bodies = [10.0, 13.5].map {
      Phantom.Body(VoxelPoint(z: $0, y: 12, x: 12), radii: (1.6, 3.2, 3.2))
    }
    let volume = Phantom.volume(Shape(z: 24, y: 24, x: 24), bodies)
    let edges = VoxelEdges(VoxelSize(z: .angstroms(20), y: .angstroms(10), x: .angstroms(10)))
    #expect(try picked(volume, spacing: 6.9, edges: edges).groups.count == 2)
    #expect(try picked(volume, spacing: 7.1, edges: edges).groups.count == 1)
    // Counted in voxels they would be 3.5 apart.
    #expect(try picked(volume, spacing: 6.9).groups.count == 1)
  }

  @Test("the result does not depend on the number of threads")
  func threads() throws {
    var random = SeededGenerator(seed: 11)
    var bodies: [Phantom.Body] = []
    for _ in 0..<150 {
      bodies.append(
        .init(
          z: .random(in: 0..<50, using: &random), y: .random(in: 0..<70, using: &random),
          x: .random(in: 0..<90, using: &random), radius: .random(in: 1..<7, using: &random),
          value: .random(in: 0.4..<1, using: &random)))
    }
    let volume = Phantom.volume(Shape(z: 50, y: 70, x: 90), bodies)
    let one = try picked(volume, spacing: 9, minimum: 20)
    let many = try picked(volume, spacing: 9, minimum: 20, threads: 7)
    #expect(one.groups.count > 20)
    #expect(one.groups == many.groups && one.tally == many.tally)
  }

  @Test(
    "volumes without anything to part are no trouble",
    arguments: [
      Shape(z: 1, y: 1, x: 1), Shape(z: 1, y: 30, x: 40), Shape(z: 12, y: 1, x: 9), Shape(z: 9, y: 11, x: 13),
    ])
  func odd(shape: Shape) throws {
    #expect(try picked(Volume(shape: shape, repeating: 0)).groups.isEmpty)
    #expect(try picked(Volume(shape: shape, repeating: .nan)).groups.isEmpty)
    for seeds in ParticlePicker.Seeds.allCases {
      let full = try picked(Volume(shape: shape, repeating: 1), spacing: 4, seeds: seeds)
      #expect(full.groups.count == 1)
      let centre = VoxelPoint(z: Double(shape.z - 1) / 2, y: Double(shape.y - 1) / 2, x: Double(shape.x - 1) / 2)
      #expect(full.groups[0].centroid.distance(to: centre) < 1e-9 && full.groups[0].isAtFace)
    }
    var one = Volume<Float>(shape: shape, repeating: 0)
    one.voxels[shape.count / 2] = 1
    #expect(try picked(one).groups.map(\.voxelCount) == [1])
  }

  @Test("not-a-number belongs to no particle and spoils none")
  func notANumber() throws {
    var volume = Phantom.volume(Shape(z: 20, y: 20, x: 20), [.init(z: 10, y: 10, x: 10, radius: 5)])
    volume[z: 2, y: 2, x: 2] = .nan
    volume[z: 10, y: 10, x: 10] = .nan
    let result = try picked(volume, spacing: 40)
    #expect(result.groups.count == 1)
    #expect(
      result.groups[0].sum.isFinite && result.groups[0].centroid.distance(to: VoxelPoint(z: 10, y: 10, x: 10)) < 1e-9)
  }

  @Test("a piece that does not fit the memory stops with what to do")
  func memory() {
    let volume = Volume<Float>(shape: Shape(z: 64, y: 64, x: 64), repeating: 1)
    let settings = ParticlePicker.Settings(threshold: 0.5, spacing: 4, minimumVoxelCount: 1)
    #expect {
      _ = try ParticlePicker(settings, memory: .mebibytes(3)).pick(in: VolumeSource(volume))
    } throws: { error in
      let error = error as? AisError
      return error?.code == .outOfMemory
    }
  }

  @Test("asked to stop, it stops")
  func stop() {
    let cancellation = Cancellation()
    cancellation.cancel()
    let settings = ParticlePicker.Settings(threshold: 0.5, spacing: 4, minimumVoxelCount: 1)
    #expect {
      _ = try ParticlePicker(settings).pick(
        in: VolumeSource(Volume(shape: Shape(z: 4, y: 4, x: 4), repeating: 1)), cancellation: cancellation)
    } throws: { ($0 as? AisError)?.code == .cancelled }
  }
}
