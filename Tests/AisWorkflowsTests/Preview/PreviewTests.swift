import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("Previews")
struct PreviewTests {
  /// A tomogram `T.mrc` of 24 × 20 × 10 voxels and a segmentation that lies in slice 7 only.
  private func example(_ folder: TemporaryFolder, type: ElementType = .uint16, full: Float = 255) throws {
    var random = SeededGenerator(seed: 2)
    let shape = Shape(z: 10, y: 20, x: 24)
    let noise = Volume(shape: shape, voxels: (0..<shape.count).map { _ in Float.random(in: 0..<1, using: &random) })
    let tomogram = PlantedTomogram(
      name: "T", volume: noise, elementType: .float32, voxelSize: VoxelSize(.angstroms(10)))
    try tomogram.write(nil, to: folder.path("T.mrc"))
    var found = Volume<Float>(shape: shape, repeating: 0)
    for y in 5..<15 { for x in 6..<18 { found[z: 7, y: y, x: x] = full } }
    try PlantedTomogram(name: "S", volume: found, elementType: type, voxelSize: nil)
      .write(nil, to: folder.path("T__Membrane.mrc"))
  }

  @Test("find segmentations by their names")
  func names() throws {
    let folder = try TemporaryFolder()
    for name in ["T__A.mrc", "T__B_2.mrc.gz", "T__C.txt", "T_x__A.mrc", "T.mrc", ".T__D.mrc.tmp", "TT__A.mrc"] {
      try Data([1]).write(to: URL(filePath: folder.path(name)))
    }
    let found = try SegmentationName.segmentations(of: folder.path("T.rec"), inFolder: folder.root)
    #expect(found == [folder.path("T__A.mrc"), folder.path("T__B_2.mrc.gz")])
    #expect(SegmentationName.feature(of: "x/T__a__Microtubule.mrc.bz2") == "Microtubule")
    #expect(SegmentationName.feature(of: "labels.mrc") == "labels")
    #expect(SegmentationName.stem(of: "raw/TS_03.rec.gz") == "TS_03")
    #expect(SegmentationName.stem(of: ".mrc") == ".mrc")
  }

  @Test(
    "show the slice with most of the features, in its colour",
    arguments: [
      (ElementType.uint16, Float(255)), (.int8, 127), (.float32, 1), (.float32, 255), (.int8, 1), (.uint8, 255),
    ])
  func best(type: ElementType, full: Float) throws {
    let folder = try TemporaryFolder()
    try example(folder, type: type, full: full)
    var options = Preview.Options()
    options.slice = .best
    options.hasCaption = false
    options.size = 24 * 4
    let preview = try Preview(
      tomogram: folder.path("T.mrc"), segmentations: [folder.path("T__Membrane.mrc")], options: options)
    let result = try preview.draw()
    #expect(result.slices == [7])
    #expect(result.features == ["Membrane"])
    #expect(result.picture.width == 96 && result.picture.height == 80)
    // Voxel (x 12, y 10) lies in the feature, (x 2, y 18) does not; row 0 is at the bottom.
    let inside = result.picture[x: 12 * 4 + 2, y: 80 - 10 * 4 - 2]
    let outside = result.picture[x: 2 * 4 + 2, y: 80 - 18 * 4 - 2]
    #expect(inside.red > inside.blue + 0.2)
    #expect(abs(outside.red - outside.blue) < 0.01)
  }

  @Test("of several slices are set in a grid")
  func montage() throws {
    let folder = try TemporaryFolder()
    try example(folder)
    var options = Preview.Options()
    options.slice = .montage(4)
    let result = try Preview(tomogram: folder.path("T.mrc"), options: options).draw()
    #expect(result.slices == [1, 3, 6, 8])
    options.slice = .montage(99)
    #expect(try Preview(tomogram: folder.path("T.mrc"), options: options).draw().slices == Array(0..<10))
  }

  @Test("say which slices there are", arguments: [-1, 10, Int.max])
  func outside(z: Int) throws {
    let folder = try TemporaryFolder()
    try example(folder)
    var options = Preview.Options()
    options.slice = .index(z)
    #expect {
      _ = try Preview(tomogram: folder.path("T.mrc"), options: options).draw()
    } throws: { "\($0)".contains("0 to 9") && ($0 as? AisError)?.code == .usage }
  }

  @Test("refuse a segmentation of another size")
  func otherShape() throws {
    let folder = try TemporaryFolder()
    try example(folder)
    try PlantedTomogram(
      name: "S", volume: Volume(shape: Shape(z: 10, y: 20, x: 25), repeating: 0), elementType: .uint16, voxelSize: nil
    ).write(nil, to: folder.path("T__B.mrc"))
    #expect {
      _ = try Preview(tomogram: folder.path("T.mrc"), segmentations: [folder.path("T__B.mrc")])
    } throws: { ($0 as? AisError)?.code == .shapeMismatch && "\($0)".contains("25 × 20 × 10") }
  }

  @Test("turn with the view, segmentation and all")
  func view() throws {
    let folder = try TemporaryFolder()
    try example(folder)
    var reading = TomogramOptions()
    reading.view.rotatesX = true
    var options = Preview.Options()
    options.slice = .best
    let result = try Preview(
      tomogram: folder.path("T.mrc"), reading: reading, segmentations: [folder.path("T__Membrane.mrc")],
      options: options
    ).draw()
    // y 5–14 of 20 becomes z 5–14, counted from the other end.
    #expect(result.slices.allSatisfy { (5...14).contains($0) })
    #expect(result.texts.contains { $0.value.contains("rotated") })
  }

  @Test("use the colour of the network that made the segmentation", .enabled(if: Fixtures.hasShared))
  func modelColour() throws {
    let folder = try TemporaryFolder()
    try example(folder)
    let model = Fixtures.shared.appending(path: "ais/MembraneC.scnm").path
    var options = Preview.Options()
    options.slice = .index(7)
    options.hasCaption = false
    options.opacity = 1
    let picture = try Preview(
      tomogram: folder.path("T.mrc"), segmentations: [folder.path("T__Membrane.mrc")], models: [model], options: options
    ).draw().picture
    let colour = picture[x: picture.width / 2, y: picture.height / 2]
    #expect(abs(colour.red - 66 / 255) < 0.02 && abs(colour.green - 214 / 255) < 0.02)
  }

  @Test("of a slice without numbers are refused")
  func noNumbers() throws {
    let folder = try TemporaryFolder()
    try PlantedTomogram(
      name: "N", volume: Volume(shape: Shape(z: 1, y: 8, x: 8), repeating: .nan), elementType: .float32, voxelSize: nil
    ).write(nil, to: folder.path("N.mrc"))
    #expect { _ = try Preview(tomogram: folder.path("N.mrc")).draw() } throws: { "\($0)".contains("holds no number") }
  }
}
