import AisCore
import AisImaging
import AisTestSupport
import Testing

@Suite("Connected components")
struct ComponentTests {
  private func find(
    _ volume: Volume<Float>, _ threshold: Float, _ connectivity: Connectivity = .faces, threads: Int = 2
  ) throws -> ComponentRuns {
    try ComponentRuns.find(
      in: VolumeSource(volume), above: threshold, connectivity: connectivity, keepsValues: true, threads: threads)
  }

  private func check(_ golden: VolumeGoldens.Components, _ volume: Volume<Float>) throws {
    let found = try find(volume, golden.threshold, Connectivity(rawValue: golden.connectivity)!)
    #expect(found.components.count == golden.count)
    #expect(CRC32.sum(found.labels().voxels) == golden.labels)
    for measured in golden.measured where measured.index < found.components.count {
      let component = found.components[measured.index]
      #expect(component.voxelCount == measured.voxels)
      #expect(
        [component.box.z, component.box.y, component.box.x].map { [$0.lowerBound, $0.upperBound] } == measured.box)
      #expect(abs(component.sum - measured.sum) <= 1e-9 * abs(measured.sum))
      let (centroid, weighted, c) = (component.centroid, component.weightedCentroid, component.covariance)
      let numbers = [
        centroid.z, centroid.y, centroid.x, weighted.z, weighted.y, weighted.x, c.zz, c.zy, c.zx, c.yy, c.yx, c.xx,
      ]
      for (ours, theirs) in zip(numbers, measured.centroid + measured.weighted + measured.covariance) {
        #expect(abs(ours - theirs) <= 1e-9 * max(1, abs(theirs)))
      }
    }
  }

  @Test("labels, order and statistics are SciPy's on noise", arguments: VolumeGoldens.all.noises.indices)
  func scipy(index: Int) throws {
    let golden = VolumeGoldens.all.noises[index]
    for components in golden.components { try check(components, golden.volume) }
  }

  @Test(
    "labels, order and statistics are SciPy's on real segmentations", .enabled(if: Fixtures.hasShared),
    arguments: VolumeGoldens.all.files.indices)
  func files(index: Int) throws {
    let golden = VolumeGoldens.all.files[index]
    let volume = try golden.read()
    for components in golden.components { try check(components, volume) }
    let outside = Volume(shape: volume.shape, voxels: volume.voxels.map { $0 <= 0 ? Float(1) : 0 })
    for components in golden.outside { try check(components, outside) }
  }

  @Test(
    "labels are those of spreading from voxel to voxel, whatever the threads, over the borders of slabs",
    arguments: Connectivity.allCases)
  func naive(connectivity: Connectivity) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let shape = Shape(z: 5 + Int(seed), y: 9, x: 35 + Int(seed))
      let volume = Volumes.noise(shape, seed: seed)
      let threshold = Float(seed % 10) / 10
      let expected = NaiveKernels.labels(Volumes.mask(volume, above: threshold), connectivity: connectivity)
      for threads in [1, 3] {
        let found = try find(volume, threshold, connectivity, threads: threads)
        #expect(found.labels().voxels == expected.voxels)
        #expect(found.components.map(\.index) == Array(0..<Int(expected.voxels.max()!)))
      }
    }
  }

  @Test("every sum is the same bit for bit with any number of threads")
  func threads() throws {
    let volume = Volumes.noise(Shape(z: 40, y: 30, x: 50), seed: 9)
    let one = try find(volume, 0.6, threads: 1).components
    #expect(try find(volume, 0.6, threads: 2).components == one)
    #expect(try find(volume, 0.6, threads: 7).components == one)
  }

  @Test("masks and values are crops that end at the volume's faces")
  func crops() throws {
    let volume = Volumes.noise(Shape(z: 12, y: 11, x: 40), seed: 4)
    let found = try find(volume, 0.65, .edges)
    let labels = found.labels()
    for component in found.components {
      let (mask, origin) = found.mask(of: component.index, margin: 2)
      let values = found.values(of: component.index, margin: 2)
      #expect(mask.shape == values.shape)
      #expect(origin.z == max(0, component.box.z.lowerBound - 2))
      for voxel in Volumes.indices(mask.shape) {
        let place = VoxelIndex(z: voxel.z + origin.z, y: voxel.y + origin.y, x: voxel.x + origin.x)
        let isInside = labels[place] == Int32(component.index + 1)
        #expect((mask[voxel] == 1) == isInside)
        #expect(values[voxel] == (isInside ? volume[place] : 0))
      }
      #expect(mask.voxels.reduce(0) { $0 + Int($1) } == component.voxelCount)
      let open = found.mask(of: component.index, margin: 1, goesBeyondFaces: true)
      #expect(open.mask.shape == component.box.grown(by: 1).shape)
      #expect(open.origin == component.box.grown(by: 1).origin)
      #expect(open.mask.voxels.reduce(0) { $0 + Int($1) } == component.voxelCount)
    }
  }

  @Test("a region and a mask leave the rest out, and faces are those of the region")
  func regions() throws {
    let volume = Volumes.noise(Shape(z: 20, y: 15, x: 45), seed: 5)
    let region = VoxelBox(z: 3..<18, y: 2..<9, x: 5..<41)
    var mask = Volumes.noise(volume.shape, seed: 6)
    for i in mask.voxels.indices { mask.voxels[i] = mask.voxels[i] < 0.1 ? 0 : mask.voxels[i] < 0.2 ? .nan : 7 }
    var expected = Volumes.mask(volume, above: 0.4)
    for voxel in Volumes.indices(volume.shape) where !region.contains(voxel) || mask[voxel].isNaN || mask[voxel] == 0 {
      expected[voxel] = 0
    }
    let found = try ComponentRuns.find(
      in: VolumeSource(volume), above: 0.4, region: region, mask: VolumeSource(mask), keepsValues: true, threads: 2)
    #expect(found.labels().voxels == NaiveKernels.labels(expected, connectivity: .faces).voxels)
    for component in found.components {
      let voxels = Volumes.indices(component.box.shape).contains { voxel in
        let place = VoxelIndex(
          z: voxel.z + component.box.z.lowerBound, y: voxel.y + component.box.y.lowerBound,
          x: voxel.x + component.box.x.lowerBound)
        return found.labels(in: component.box)[voxel] == Int32(component.index + 1)
          && (place.z == 3 || place.z == 17 || place.y == 2 || place.y == 8 || place.x == 5 || place.x == 40)
      }
      #expect(component.isAtFace == voxels)
      let sum = found.values(of: component.index, margin: 0).voxels.reduce(0.0) { $0 + Double($1) }
      #expect(abs(sum - component.sum) < 1e-9 * max(1, sum))
    }
  }

  @Test("small components are dropped and the others keep their order")
  func minimum() throws {
    let volume = Volumes.noise(Shape(z: 20, y: 15, x: 45), seed: 7)
    let all = try find(volume, 0.8).components.filter { $0.voxelCount >= 4 }
    let large = try ComponentRuns.find(in: VolumeSource(volume), above: 0.8, minimumVoxelCount: 4, threads: 2)
      .components
    #expect(large.map(\.box) == all.map(\.box))
    #expect(large.map(\.sum) == all.map(\.sum))
    #expect(large.map(\.index) == Array(0..<large.count))
  }

  @Test("an empty volume has none, a full one one, a single voxel one; NaN belongs to none")
  func odd() throws {
    let shape = Shape(z: 9, y: 4, x: 33)
    #expect(try find(Volume(shape: shape, repeating: 0), 0).components.isEmpty)
    #expect(try find(Volume(shape: shape, repeating: .nan), -.infinity).components.isEmpty)
    #expect(try find(Volume(shape: Shape(z: 0, y: 4, x: 3), voxels: []), 0).components.isEmpty)
    let full = try find(Volume(shape: shape, repeating: 2), 1).components
    #expect(full.count == 1)
    #expect(full[0].voxelCount == shape.count)
    #expect(full[0].centroid == VoxelPoint(z: 4, y: 1.5, x: 16))
    #expect(full[0].isAtFace)
    var one = Volume<Float>(shape: shape, repeating: 0)
    one[z: 3, y: 2, x: 31] = .infinity
    let single = try find(one, 100).components
    #expect(single.map(\.centroid) == [VoxelPoint(z: 3, y: 2, x: 31)])
    #expect(single[0].weightedCentroid == single[0].centroid)
    #expect(!single[0].isAtFace)
    let voxel = try find(Volume(shape: Shape(z: 1, y: 1, x: 1), voxels: [1]), 0).components
    #expect(voxel.map(\.voxelCount) == [1])
  }

  @Test("values that sum to nothing leave the plain centroid")
  func weightless() throws {
    let volume = Volume<Float>(shape: Shape(z: 1, y: 1, x: 4), voxels: [-9, 0, 0, -9])
    let component = try find(volume, -1).components[0]
    #expect(component.weightedCentroid == VoxelPoint(z: 0, y: 0, x: 1.5))
  }

  @Test("a failing source, a mask of another shape, too little memory and Ctrl-C end the search with their reason")
  func failures() throws {
    let volume = Volumes.noise(Shape(z: 40, y: 20, x: 60), seed: 8)
    let source = VolumeSource(volume)
    let other = VolumeSource(Volumes.noise(Shape(z: 40, y: 20, x: 61), seed: 8))
    #expect(throws: AisError.self) { try ComponentRuns.find(in: source, above: 0.5, mask: other) }
    let shortage = #expect(throws: AisError.self) {
      try ComponentRuns.find(in: source, above: 0.5, memory: ByteCount(1000))
    }
    #expect(shortage?.code == .outOfMemory)
    #expect(shortage?.message.contains("above the threshold 0.5") == true)
    // What is counted depends on what is found, not on the threads.
    let enough = (1...200).first {
      (try? ComponentRuns.find(in: source, above: 0.5, memory: ByteCount($0 << 16))) != nil
    }!
    #expect(throws: Never.self) {
      try ComponentRuns.find(in: source, above: 0.5, memory: ByteCount(enough << 16), threads: 5)
    }
    #expect(throws: AisError.self) {
      try ComponentRuns.find(in: source, above: 0.5, memory: ByteCount((enough - 1) << 16), threads: 5)
    }
    let cancellation = Cancellation()
    cancellation.cancel()
    let stopped = #expect(throws: AisError.self) {
      try ComponentRuns.find(in: source, above: 0.5, threads: 3, cancellation: cancellation)
    }
    #expect(stopped?.code == .cancelled)
    let broken = #expect(throws: AisError.self) {
      try ComponentRuns.find(in: BrokenAfter(source: source, slice: 17), above: 0.5, threads: 3)
    }
    #expect(broken?.message == "slice 17 cannot be read")
  }

  @Test("groups of a labelled volume are measured like components")
  func labelled() throws {
    let volume = Volumes.noise(Shape(z: 10, y: 12, x: 30), seed: 10)
    let found = try find(volume, 0.6)
    let labels = found.labels()
    let measured = RegionStatistics.measure(labels: labels, count: found.components.count, values: volume)
    for (a, b) in zip(measured, found.components) {
      #expect(
        a.voxelCount == b.voxelCount && a.box == b.box && a.centroid == b.centroid && a.covariance == b.covariance)
      #expect(abs(a.sum - b.sum) < 1e-9)
      #expect(a.isAtFace == b.isAtFace)
    }
    // A part of the volume, given with its place, says the same of the components that lie within it.
    let box = VoxelBox(z: 2..<9, y: 1..<12, x: 4..<28)
    let part = RegionStatistics.measure(
      labels: found.labels(in: box), count: found.components.count, origin: box.origin, within: volume.shape)
    for (a, b) in zip(part, found.components) where b.box.intersection(box) == b.box {
      #expect(a.box == b.box && a.centroid == b.centroid && a.isAtFace == b.isAtFace)
      #expect(a.sum == Double(a.voxelCount))
    }
    #expect(part.contains { $0.voxelCount == 0 })
  }
}

/// A source that fails from one slice on.
private struct BrokenAfter: SliceSource {
  var source: VolumeSource
  var slice: Int
  var shape: Shape { source.shape }
  var voxelSize: VoxelSize? { nil }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if z >= slice { throw AisError(.fileSystem, "slice \(z) cannot be read") }
    try source.readSlice(z, into: destination)
  }
}
