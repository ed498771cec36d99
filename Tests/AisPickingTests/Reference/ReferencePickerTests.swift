import AisCore
import AisImaging
import AisPicking
import Testing

@Suite("Picking as the reference program does")
struct ReferencePickerTests {
  /// Balls of radius 6, 5 and 5 (9 voxels apart) and 4; one of radius 3 close to the lower face and one of radius 2.
  private static let volume = Phantom.volume(
    Shape(z: 64, y: 96, x: 96),
    [
      .init(z: 32, y: 30, x: 30, radius: 6), .init(z: 30, y: 60, x: 30, radius: 5),
      .init(z: 30, y: 60, x: 39, radius: 5), .init(z: 28, y: 60, x: 66, radius: 4),
      .init(z: 5, y: 40, x: 60, radius: 3), .init(z: 30, y: 40, x: 60, radius: 2),
    ])

  @Test("peaks: the touching pair is two, what is small or near a face is gone")
  func peaks() throws {
    let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 30, margin: 16)
    let peaks = try picker.peaks(in: VolumeSource(Self.volume), minimumDistance: 8)
    #expect(peaks.map(\.distance) == [6, 5, 5, 4])
    #expect(peaks[0].voxel == VoxelIndex(z: 32, y: 30, x: 30))
    #expect(peaks[3].voxel == VoxelIndex(z: 28, y: 60, x: 66))
  }

  @Test("peaks nearer to a face than their distance are not seen, without any margin")
  func faces() throws {
    let volume = Phantom.volume(Shape(z: 40, y: 40, x: 40), [.init(z: 8, y: 20, x: 20, radius: 5)])
    let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 1, margin: 0)
    #expect(try picker.peaks(in: VolumeSource(volume), minimumDistance: 10).isEmpty)
    #expect(try picker.peaks(in: VolumeSource(volume), minimumDistance: 8).count == 1)
  }

  @Test("centroids: one point for each piece, the largest first")
  func centroids() throws {
    let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 30, margin: 16)
    let pieces = try picker.centroids(in: VolumeSource(Self.volume))
    #expect(pieces.map(\.voxelCount).first == 970)
    #expect(pieces.count == 3)
    #expect(pieces[0].centroid == VoxelPoint(z: 30, y: 60, x: 34.5))
  }

  @Test("the margin keeps its first voxel and drops the one at the far end")
  func margin() throws {
    for (x, count) in [(15.0, 0), (16, 1), (79, 1), (80, 0)] {
      let volume = Phantom.volume(Shape(z: 48, y: 48, x: 96), [.init(z: 24, y: 24, x: x, radius: 3)])
      let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 1, margin: 16)
      #expect(try picker.centroids(in: VolumeSource(volume)).count == count)
      #expect(try picker.peaks(in: VolumeSource(volume), minimumDistance: 3).count == count)
    }
  }

  @Test("what does not fit the memory is refused before it is begun, with the reason")
  func memory() throws {
    let ball = Phantom.volume(Shape(z: 64, y: 64, x: 64), [.init(z: 32, y: 32, x: 32, radius: 25)])
    let source = VolumeSource(ball)
    var picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 1, margin: 0, memory: ByteCount(1 << 20))
    let error = #expect(throws: AisError.self) { try picker.peaks(in: source, minimumDistance: 8) }
    #expect(error?.code == .outOfMemory)
    #expect(error?.message.contains("voxels lie above") == true && error?.message.contains("--memory") == true)
    picker.memory = ByteCount(8 << 20)
    #expect(try picker.peaks(in: source, minimumDistance: 8).map(\.distance) == [25])
    picker.memory = ByteCount(1 << 16)
    #expect(throws: AisError.self) { try picker.centroids(in: source) }
  }

  @Test("peaks are those of the distances in the whole volume", arguments: [1, 2, 5])
  func naive(distance: Int) throws {
    var random = SeededGenerator(seed: UInt64(40 + distance))
    let shape = Shape(z: 14, y: 21, x: 19)
    let volume = Volume<Float>(
      shape: shape, voxels: (0..<shape.count).map { _ in Float.random(in: 0..<1, using: &random) })
    let mask = Volume<UInt8>(shape: shape, voxels: volume.voxels.map { $0 > 0.3 ? 1 : 0 })
    var whole = DistanceTransform.squared(of: mask)
    for i in whole.voxels.indices where mask.voxels[i] == 0 { whole.voxels[i] = .nan }
    let expected = try LocalMaxima.chebyshev(of: VolumeSource(whole), halfWidth: distance)
    let picker = ReferencePicker(threshold: 0.3, minimumVoxelCount: 1, margin: 0, threads: 2)
    let peaks = try picker.peaks(in: VolumeSource(volume), minimumDistance: distance)
    #expect(peaks.map(\.voxel) == expected.map(\.voxel))
    #expect(peaks.map(\.distance) == expected.map { Double($0.value).squareRoot() })
  }

  @Test("an empty volume has nothing")
  func empty() throws {
    let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 1, margin: 0)
    let source = VolumeSource(Volume<Float>(shape: Shape(z: 9, y: 9, x: 9), repeating: 0))
    #expect(try picker.peaks(in: source, minimumDistance: 3).isEmpty)
    #expect(try picker.centroids(in: source).isEmpty)
  }
}
