import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Local maxima")
struct PeakTests {
  private func check(_ peaks: VolumeGoldens.Peaks, of mask: Volume<UInt8>) throws {
    let distances = VolumeSource(DistanceTransform.distance(of: mask, threads: 2))
    for threads in [1, 4] {
      for lowest in [nil, 0] as [Float?] {
        let found = try LocalMaxima.chebyshev(
          of: distances, halfWidth: peaks.halfWidth, lowest: lowest, threads: threads)
        #expect(found.map { [$0.voxel.z, $0.voxel.y, $0.voxel.x] } == peaks.points)
      }
    }
  }

  @Test("peaks of distances in balls are scikit-image's, in its order", arguments: VolumeGoldens.all.particles.indices)
  func balls(index: Int) throws {
    let golden = VolumeGoldens.all.particles[index]
    for peaks in golden.peaks { try check(peaks, of: golden.mask) }
  }

  @Test(
    "peaks of distances in real segmentations are scikit-image's", .enabled(if: Fixtures.hasShared),
    arguments: VolumeGoldens.all.files.indices)
  func files(index: Int) throws {
    let golden = VolumeGoldens.all.files[index]
    let mask = Volumes.mask(try golden.read(), above: 0)
    for peaks in golden.peaks { try check(peaks, of: mask) }
  }

  @Test("a peak is the highest of its cube, and no other lies in it", arguments: [1, 2, 4, 9, 30])
  func cubes(halfWidth: Int) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      var volume = Volumes.noise(Shape(z: 13, y: 11, x: 24), seed: seed)
      if seed == 4 { volume[z: 5, y: 5, x: 5] = .nan }
      let found = try LocalMaxima.chebyshev(
        of: VolumeSource(volume), halfWidth: halfWidth, excludesBorder: false, threads: 2)
      // Noise has no plateaus, so that a peak is what nothing in its cube exceeds.
      let expected = Volumes.indices(volume.shape).filter { voxel in
        let cube = VoxelBox(
          z: voxel.z - halfWidth..<voxel.z + halfWidth + 1, y: voxel.y - halfWidth..<voxel.y + halfWidth + 1,
          x: voxel.x - halfWidth..<voxel.x + halfWidth + 1
        ).intersection(VoxelBox(volume.shape))
        return !volume[voxel].isNaN
          && cube.z.allSatisfy { z in
            cube.y.allSatisfy { y in cube.x.allSatisfy { !(volume[z: z, y: y, x: $0] > volume[voxel]) } }
          }
      }
      #expect(found.map(\.voxel) == expected.sorted { volume[$0] > volume[$1] })
    }
  }

  @Test("a constant volume has no peak among cubes")
  func constant() throws {
    let volume = Volume<Float>(shape: Shape(z: 8, y: 9, x: 10), repeating: 3)
    #expect(try LocalMaxima.chebyshev(of: VolumeSource(volume), halfWidth: 2, excludesBorder: false).isEmpty)
    // Not the lowest of the volume, when something lies deeper.
    var dented = volume
    dented[z: 7, y: 8, x: 9] = 0
    let found = try LocalMaxima.chebyshev(of: VolumeSource(dented), halfWidth: 20, excludesBorder: false)
    #expect(found.map(\.voxel) == [VoxelIndex(z: 0, y: 0, x: 0)])
  }

  @Test("maxima are plateaus without a higher neighbour, each once, at its most central voxel")
  func plateaus() {
    for seed in 1...12 as ClosedRange<UInt64> {
      let noise = Volumes.noise(Shape(z: 6, y: 7, x: 8), seed: seed)
      // Few levels make many plateaus.
      let levels = Float(2 + seed)
      let volume = Volume(shape: noise.shape, voxels: noise.voxels.map { ($0 * levels).rounded(.down) })
      let mask = Volumes.mask(Volumes.noise(noise.shape, seed: seed + 100), above: 0.3)
      let expected = NaiveKernels.maxima(volume, mask: mask)
      let found = LocalMaxima.points(of: volume, mask: mask)
      #expect(Set(found) == Set(expected))
      #expect(found.count == expected.count)
      #expect(LocalMaxima.points(of: volume, mask: mask, threads: 3) == found)
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.value >= $1.value })
      let everywhere = Volume<UInt8>(shape: volume.shape, repeating: 1)
      #expect(Set(LocalMaxima.points(of: volume)) == Set(NaiveKernels.maxima(volume, mask: everywhere)))
    }
  }

  @Test("maxima keep their distance, and a dropped one has a higher one near", arguments: [2.5, 3, 5.2])
  func spacing(distance: Double) {
    let volume = Volumes.noise(Shape(z: 15, y: 16, x: 17), seed: 11)
    let all = LocalMaxima.points(of: volume)
    let kept = LocalMaxima.points(of: volume, minimumDistance: distance)
    func apart(_ a: LocalMaximum, _ b: LocalMaximum) -> Double {
      Metric.euclidean.distance(VoxelPoint(a.voxel), VoxelPoint(b.voxel))
    }
    #expect(kept.count < all.count)
    for (index, maximum) in kept.enumerated() {
      #expect(kept[..<index].allSatisfy { apart($0, maximum) >= distance })
    }
    for maximum in all where !kept.contains(maximum) {
      #expect(kept.contains { apart($0, maximum) < distance && $0.value >= maximum.value })
    }
  }

  @Test("a border leaves out what is near the faces")
  func border() {
    let volume = Volumes.noise(Shape(z: 15, y: 16, x: 17), seed: 12)
    let inner = VoxelBox(z: 3..<12, y: 3..<13, x: 3..<14)
    #expect(
      Set(LocalMaxima.points(of: volume, border: 3))
        == Set(LocalMaxima.points(of: volume).filter { inner.contains($0.voxel) })
    )
    #expect(LocalMaxima.points(of: volume, border: 8).isEmpty)
  }

  @Test("a volume of one value has its maximum in the middle; NaN is none; an empty one has none")
  func odd() {
    let flat = Volume<Float>(shape: Shape(z: 5, y: 7, x: 9), repeating: .infinity)
    #expect(LocalMaxima.points(of: flat).map(\.voxel) == [VoxelIndex(z: 2, y: 3, x: 4)])
    #expect(LocalMaxima.points(of: Volume(shape: flat.shape, repeating: .nan)).isEmpty)
    #expect(LocalMaxima.points(of: Volume(shape: Shape(z: 0, y: 1, x: 1), voxels: [])).isEmpty)
    #expect(LocalMaxima.points(of: Volume(shape: Shape(z: 1, y: 1, x: 1), voxels: [4])).count == 1)
    var hole = flat
    hole[z: 2, y: 3, x: 4] = .nan
    #expect(LocalMaxima.points(of: hole).count == 1)
  }
}

@Suite("Points and their neighbours")
struct PointGridTests {
  private func points(_ count: Int, seed: UInt64) -> [VoxelPoint] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      VoxelPoint(
        z: .random(in: -20...20, using: &generator), y: .random(in: -20...20, using: &generator),
        x: .random(in: -20...20, using: &generator))
    }
  }

  @Test("neighbours are those that a look at all points finds", arguments: [0.3, 2, 7, 100])
  func neighbours(edge: Double) {
    let all = points(200, seed: 1)
    let grid = PointGrid(all, edge: edge)
    for place in points(40, seed: 2) + [VoxelPoint(z: 900, y: -900, x: 1e300)] {
      let distances = all.map { Metric.euclidean.distance($0, place) }
      for radius in [0.5, 3, 12] {
        #expect(grid.numbers(within: radius, of: place) == all.indices.filter { distances[$0] <= radius })
        #expect(grid.hasPoint(nearerThan: radius, to: place) == distances.contains { $0 < radius })
        let largest = all.map { Metric.chebyshev.distance($0, place) }
        #expect(grid.hasPoint(nearerThan: radius, to: place, metric: .chebyshev) == largest.contains { $0 < radius })
      }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }!
      #expect(grid.nearest(to: place)?.distance == distances[nearest])
    }
    let itself = grid.nearest(to: all[5], except: 5)
    #expect(itself != nil && itself!.number != 5 && itself!.distance > 0)
    #expect(PointGrid(edge: 1).nearest(to: all[0]) == nil)
    #expect(PointGrid([all[0]], edge: 1).nearest(to: all[0], except: 0) == nil)
  }

  @Test("of two points that are too near the lighter goes, also when a dropped one stood between them")
  func greedy() {
    let line = [0, 3, 6, 20].map { VoxelPoint(z: 0, y: 0, x: $0) }
    #expect(MinimumSpacing.kept(line, weights: [5, 9, 4, 1], distance: 4) == [1, 3])
    #expect(MinimumSpacing.kept(line, weights: [5, 4, 4.5, 1], distance: 4) == [0, 2, 3])
    #expect(MinimumSpacing.kept(line, weights: [1, 1, 1, 1], distance: 3) == [0, 1, 2, 3])
    #expect(MinimumSpacing.kept(line, weights: [1, 1, 1, 1], distance: 3.01) == [0, 2, 3])
    #expect(MinimumSpacing.kept(line, weights: [1, 2, 3, 4], distance: 0) == [3, 2, 1, 0])
    let many = points(500, seed: 3)
    let weights = many.indices.map { Double(($0 * 7919) % 101) }
    var expected: [Int] = []
    for index in many.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) })
    where expected.allSatisfy({ Metric.euclidean.distance(many[$0], many[index]) >= 5 }) { expected.append(index) }
    #expect(MinimumSpacing.kept(many, weights: weights, distance: 5) == expected)
  }
}
