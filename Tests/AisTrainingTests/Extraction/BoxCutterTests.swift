import AisCore
import AisFormats
import AisTestSupport
import AisTraining
import Foundation
import Testing

@Suite("Boxes cut from a tomogram")
struct BoxCutterTests {
  let folder = try! TemporaryFolder()

  /// Slices of 10 × 10 pixels with values 0 … 99, and the statistics that take them to what a cutter gives.
  private func ramp(depth: Int = 1) throws -> (tomogram: Tomogram, restore: (Float) -> Float) {
    let path = folder.path("ramp.mrc")
    var values: [Float] = []
    for z in 0..<depth { values += (0..<100).map { Float($0 + 1000 * z) } }
    let volume = Volume(shape: Shape(z: depth, y: 10, x: 10), voxels: values)
    try Data(MRCImage(volume, voxelSize: VoxelSize(.angstroms(10))).encoded()).write(to: URL(filePath: path))
    let tomogram = try Tomogram.open(path)
    let whole = try BoxCutter(tomogram, geometry: BoxGeometry(size: 1, depth: 1, target: .angstroms(10), native: nil))
    let zero = try whole.image(at: VoxelIndex(z: 0, y: 0, x: 0)).voxels[0]
    let one = try whole.image(at: VoxelIndex(z: 0, y: 0, x: 1)).voxels[0]
    return (tomogram, { (($0 - zero) / (one - zero)).rounded() })
  }

  private func geometry(_ size: Int, depth: Int = 1, native: Double? = nil) -> BoxGeometry {
    BoxGeometry(size: size, depth: depth, target: .angstroms(10), native: native.map { .angstroms($0) })
  }

  @Test("an image at the border is mirrored about its first pixel")
  func border() throws {
    let (tomogram, restore) = try ramp()
    let image = try BoxCutter(tomogram, geometry: geometry(4)).image(at: VoxelIndex(z: 0, y: 1, x: 1))
    #expect(image.voxels.map(restore) == [11, 10, 11, 12, 1, 0, 1, 2, 11, 10, 11, 12, 21, 20, 21, 22])
  }

  @Test("slices beyond the volume repeat its first and its last")
  func slices() throws {
    let (tomogram, restore) = try ramp(depth: 3)
    let image = try BoxCutter(tomogram, geometry: geometry(2, depth: 2)).image(at: VoxelIndex(z: 1, y: 5, x: 5))
    #expect(image.shape.z == 18)
    let slices = (0..<18).map { Int(restore(image.slice($0).first!) / 1000) }
    #expect(slices == Array(repeating: 0, count: 9) + [1] + Array(repeating: 2, count: 8))
  }

  private func feature(_ boxSize: Int?, boxes: [VoxelIndex] = [], painted: [Int: SliceMask]) -> AnnotatedFeature {
    AnnotatedFeature(title: "F", boxSize: boxSize, boxes: boxes) { painted[$0] }
  }

  private func mask(_ isPainted: (Int, Int) -> Bool) -> SliceMask {
    var mask = SliceMask(height: 10, width: 10)
    for y in 0..<10 { for x in 0..<10 where isPainted(y, x) { mask[y: y, x: x] = true } }
    return mask
  }

  @Test("a label is unknown beyond the border")
  func labelBorder() throws {
    let (tomogram, _) = try ramp()
    let label = try BoxCutter(tomogram, geometry: geometry(4)).label(
      of: feature(4, painted: [0: mask { y, x in y == 0 && x > 0 || x == 2 }]), at: VoxelIndex(z: 0, y: 1, x: 1),
      isSlab: false)
    #expect(label.voxels == [2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 0, 1, 2, 0, 0, 1])
  }

  @Test("a box larger than the drawn one is unknown in its margin")
  func margin() throws {
    let (tomogram, _) = try ramp()
    let label = try BoxCutter(tomogram, geometry: geometry(6)).label(
      of: feature(3, painted: [0: mask { _, _ in true }]), at: VoxelIndex(z: 0, y: 5, x: 5), isSlab: false)
    // (6 − 3) / 2 = 1 on each side.
    #expect(label.voxels.count { $0 == 1 } == 16 && label.voxels.count { $0 == 2 } == 20)
  }

  @Test("a slice without paint, and a feature that is not to be found, give zeros")
  func zeros() throws {
    let (tomogram, _) = try ramp(depth: 2)
    let cutter = try BoxCutter(tomogram, geometry: geometry(4))
    let painted = feature(4, painted: [0: mask { _, _ in true }])
    let centre = VoxelIndex(z: 0, y: 5, x: 5)
    #expect(try cutter.label(of: painted, at: centre, isSlab: false).voxels.allSatisfy { $0 == 1 })
    #expect(try cutter.label(of: painted, at: centre, isSlab: false, isNegative: true).voxels.allSatisfy { $0 == 0 })
    #expect(
      try cutter.label(of: painted, at: VoxelIndex(z: 1, y: 5, x: 5), isSlab: false).voxels.allSatisfy { $0 == 0 })
  }

  @Test("in a slab, other slices are known inside their own boxes only")
  func slab() throws {
    let (tomogram, _) = try ramp(depth: 12)
    let boxes = [VoxelIndex(z: 5, y: 5, x: 5), VoxelIndex(z: 6, y: 4, x: 4)]
    let painted = feature(
      4, boxes: boxes, painted: [5: mask { _, _ in true }, 6: mask { _, _ in true }, 7: mask { _, _ in true }])
    let cutter = try BoxCutter(tomogram, geometry: geometry(4, depth: 2))
    let label = try cutter.label(of: painted, at: boxes[0], isSlab: true)
    #expect(label.shape.z == 18)
    let own = 18 / 2
    #expect(label.slice(own).allSatisfy { $0 == 1 })
    #expect(label.slice(own + 1).count { $0 == 1 } == 9, "the drawn box covers three of the four rows and columns")
    #expect(label.slice(own + 1).count { $0 == 2 } == 7)
    for z in 0..<18 where z != own && z != own + 1 { #expect(label.slice(z).allSatisfy { $0 == 2 }) }
  }

  @Test(
    "a tomogram of another pixel size gives boxes of the asked size",
    arguments: [(5.0, 8), (20, 2), (10.4, 4), (9.6, 4)])
  func rescaled(native: Double, expected: Int) throws {
    let (tomogram, _) = try ramp()
    let geometry = geometry(4, native: native)
    #expect(geometry.nativeSize == expected)
    let cutter = try BoxCutter(tomogram, geometry: geometry)
    #expect(try cutter.image(at: VoxelIndex(z: 0, y: 5, x: 5)).shape == Shape(z: 1, y: 4, x: 4))
    let label = try cutter.label(
      of: feature(nil, painted: [0: mask { y, _ in y < 5 }]), at: VoxelIndex(z: 0, y: 5, x: 5), isSlab: false)
    #expect(label.voxels == Array(repeating: 1, count: 8) + Array(repeating: 0, count: 8))
  }

  @Test("the boxes of an annotated dataset are those that the reference program cuts", .enabled(if: Fixtures.hasShared))
  func reference() throws {
    let set = try TrainingSetFile.open(Fixtures.shared.appending(path: "ais/64x64x1_10.00Apx_Membrane.scnt").path)
    let file = try AnnotatedDataset.read(Fixtures.shared.appending(path: "ais/cell_c.scns").path)
    let tomogram = try Tomogram.open(Fixtures.shared.appending(path: "synthetic/cell_c.mrc").path)
    let membrane = file.features[0]
    let boxes = membrane.boxes.flatMap { z, boxes in boxes.map { VoxelIndex(z: z, y: Int($0.y), x: Int($0.x)) } }
    let feature = AnnotatedFeature(title: membrane.title, boxSize: membrane.boxSize, boxes: boxes) {
      (z) throws(AisError) in try membrane.masks[z]?.read()
    }
    let cutter = try BoxCutter(
      tomogram, geometry: BoxGeometry(size: 64, depth: 1, target: .angstroms(10), native: tomogram.voxelSize?.x))
    #expect(boxes.count == set.count)
    for centre in boxes {
      let name = TrainingBoxSource(
        tomogram: "cell_c", tomogramPath: "", feature: membrane.title, centre: centre, annotatedSize: 64,
        extractedSize: 64
      ).identifier
      let index = try #require(set.identifiers.firstIndex(of: name))
      let (image, expected) = (try cutter.image(at: centre), try set.image(index, flavour: 0))
      // Both take the same sums in another order; values are some units large.
      #expect(zip(image.voxels, expected.voxels).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(try cutter.label(of: feature, at: centre, isSlab: false).voxels == set.label(index).voxels)
    }
  }
}
