import AisCore
import AisProject
import Testing

@Suite("VersionScale")
struct VersionScaleTests {
  @Test("a voxel of a binned version lies where its block does", arguments: [2, 3, 4, 8])
  func blocks(factor: Int) {
    let scale = VersionScale(up: factor, down: 1)
    // The block of the first voxel is 0 ... factor − 1, with its centre in the middle.
    let middle = Double(factor - 1) / 2
    #expect(scale.framePoint(VoxelPoint(z: 0, y: 0, x: 0)) == VoxelPoint(z: middle, y: middle, x: middle))
    for p in 0..<20 {
      let point = VoxelPoint(z: Double(p), y: Double(p) + 0.5, x: -0.5)
      #expect(scale.framePoint(point) == point.unbinned(by: factor))
      #expect(scale.versionPoint(scale.framePoint(point)) == point)
      #expect(scale.inverse.framePoint(scale.framePoint(point)) == point)
      #expect(scale.frameSlices(p) == p * factor..<(p + 1) * factor)
      for slice in scale.frameSlices(p) { #expect(scale.versionSlice(slice) == p) }
    }
  }

  @Test("the unbinned version of a dataset annotated at bin 4")
  func finer() {
    let scale = VersionScale(up: 2, down: 8)
    #expect(scale == VersionScale(up: 1, down: 4))
    #expect(scale.framePoint(VoxelPoint(z: 1.5, y: 5.5, x: 9.5)) == VoxelPoint(z: 0, y: 1, x: 2))
    #expect(scale.versionPoint(VoxelPoint(z: 0, y: 1, x: 2)) == VoxelPoint(z: 1.5, y: 5.5, x: 9.5))
    // Slices 0 to 3 of the version show slice 0 of the frame.
    for z in 0..<4 { #expect(scale.frameSlices(z) == 0..<1) }
    #expect(scale.versionSlice(0) == 2)
  }

  @Test("scales are found from shapes")
  func detection() {
    let frame = Shape(z: 101, y: 400, x: 402)
    #expect(VersionScale(version: frame, frame: frame) == .same)
    #expect(VersionScale(version: Shape(z: 50, y: 200, x: 201), frame: frame) == VersionScale(up: 2, down: 1))
    #expect(VersionScale(version: Shape(z: 51, y: 200, x: 201), frame: frame) == VersionScale(up: 2, down: 1))
    #expect(VersionScale(version: Shape(z: 25, y: 100, x: 100), frame: frame) == VersionScale(up: 4, down: 1))
    #expect(VersionScale(version: Shape(z: 202, y: 800, x: 804), frame: frame) == VersionScale(up: 1, down: 2))
    #expect(VersionScale(version: Shape(z: 50, y: 200, x: 150), frame: frame) == nil)
    #expect(VersionScale(version: Shape(z: 0, y: 0, x: 0), frame: frame) == nil)
    let (four, ten) = (VoxelSize(.angstroms(4)), VoxelSize(.angstroms(10)))
    #expect(VersionScale(version: Shape(z: 50, y: 200, x: 201), frame: frame, voxelSizes: (ten, four)) == nil)
  }
}
