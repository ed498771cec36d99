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

  @Test("an empty volume has nothing")
  func empty() throws {
    let picker = ReferencePicker(threshold: 0.5, minimumVoxelCount: 1, margin: 0)
    let source = VolumeSource(Volume<Float>(shape: Shape(z: 9, y: 9, x: 9), repeating: 0))
    #expect(try picker.peaks(in: source, minimumDistance: 3).isEmpty)
    #expect(try picker.centroids(in: source).isEmpty)
  }
}
