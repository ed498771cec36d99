import AisCore
import AisImaging
import Testing

/// A tomogram in memory.
private struct Phantom: SliceSource {
  var shape: Shape
  var voxelSize: VoxelSize? { nil }
  var voxels: [Float]
  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    _ = destination.update(fromContentsOf: voxels[z * shape.sliceCount..<(z + 1) * shape.sliceCount])
  }
}

@Suite("Global statistics")
struct GlobalStatisticsTests {
  @Test("look where the reference looks", arguments: ImagingGoldens.all.samples.indices)
  func sample(index: Int) {
    let golden = ImagingGoldens.all.samples[index]
    let sample = CentralSample(Shape(z: golden.shape[0], y: golden.shape[1], x: golden.shape[2]))
    #expect(sample.slices == golden.indices)
    #expect(sample.rows == golden.margins[0]..<golden.shape[1] - golden.margins[0])
    #expect(sample.columns == golden.margins[1]..<golden.shape[2] - golden.margins[1])
  }

  @Test("are NumPy's mean and median deviation, kept or streamed", arguments: ImagingGoldens.all.statistics.indices)
  func values(index: Int) throws {
    let golden = ImagingGoldens.all.statistics[index]
    let phantom = Phantom(
      shape: Shape(z: golden.shape[0], y: golden.shape[1], x: golden.shape[2]), voxels: golden.seeded)
    let kept = try GlobalStatistics.measure(phantom)
    #expect(abs(Double(kept.centre) - golden.centre) <= 1e-6 * abs(golden.centre))
    #expect(abs(Double(kept.scale) - golden.scale) <= 1e-6 * golden.scale)
    #expect(try GlobalStatistics.measure(phantom, memoryLimit: 0) == kept)
  }

  @Test("pass over what is not a number, and say how much")
  func notFinite() throws {
    var voxels = (0..<5 * 10 * 10).map { Float($0 % 37) }
    let clean = try GlobalStatistics.measure(Phantom(shape: Shape(z: 5, y: 10, x: 10), voxels: voxels))
    voxels[255] = .nan
    voxels[144] = .infinity
    let spoiled = try GlobalStatistics.measure(Phantom(shape: Shape(z: 5, y: 10, x: 10), voxels: voxels))
    #expect(spoiled.skipped == 2)
    #expect(abs(spoiled.centre - clean.centre) < 0.5)
  }

  @Test("refuse a tomogram without any number")
  func nothing() {
    let empty = Phantom(shape: Shape(z: 2, y: 8, x: 8), voxels: Array(repeating: .nan, count: 128))
    #expect { try GlobalStatistics.measure(empty) } throws: { ($0 as? AisError)?.code == .malformed }
  }

  @Test("stop when asked")
  func cancelled() {
    let stop = Cancellation()
    stop.cancel()
    let phantom = Phantom(shape: Shape(z: 2, y: 8, x: 8), voxels: Array(repeating: 1, count: 128))
    #expect { try GlobalStatistics.measure(phantom, cancellation: stop) } throws: {
      ($0 as? AisError)?.code == .cancelled
    }
  }

  @Test("the median is exact for any values", arguments: [1, 2, 3, 10, 1001, 4096])
  func median(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let values = (0..<count).map { _ in
      Float.random(in: -1e6...1e6, using: &generator) * Float.random(in: 0...1, using: &generator)
    }
    let sorted = values.sorted()
    let found = try MedianSearch.median { (visit) throws(AisError) in values.withUnsafeBufferPointer(visit) }
    let low = sorted[(count - 1) / 2]
    let high = sorted[count / 2]
    #expect(found == (low == high ? low : (low + high) / 2))
  }
}
