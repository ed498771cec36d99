import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("Copies of tomograms")
struct TomogramCopyTests {
  private let folder: TemporaryFolder
  private let input: String
  private let volume: Volume<Float>

  init() throws {
    folder = try TemporaryFolder()
    input = folder.path("TS_01.rec.mrc")
    var random = SeededGenerator(seed: 3)
    let shape = Shape(z: 9, y: 11, x: 13)
    volume = Volume(
      shape: shape, voxels: (0..<shape.count).map { _ in Float(Int.random(in: -99...99, using: &random)) })
    let output = MRCOutput(
      shape: shape, elementType: .int16, voxelSize: VoxelSize(z: .angstroms(12), y: .angstroms(10), x: .angstroms(8)),
      origin: .init(z: 1, y: 2, x: -3), start: VoxelIndex(z: 4, y: 8, x: 12))
    let writer = try MRCWriter(path: input, output: output)
    for z in 0..<shape.z { try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) } }
    try writer.finish()
  }

  @Test("a binned copy holds the means, and lies where the tomogram lies", arguments: [2, 3, 4, 9])
  func binned(factor: Int) throws {
    let copy = TomogramCopy(of: input, .binned(factor))
    #expect(copy.name == "TS_01.rec_bin\(factor).mrc")
    let path = folder.path(copy.name)
    var shares: [Double] = []
    try copy.write(to: path) { shares.append($0) }
    let written = try Tomogram.open(path)
    let expected = BlockMean.binned(volume, by: factor)
    #expect(written.shape == expected.shape && written.info.elementType == .float32)
    for z in 0..<written.shape.z { #expect(try written.slice(z) == Array(expected.slice(z))) }
    let size = try #require(written.voxelSize)
    let f = Double(factor)
    #expect(abs(size.z.angstrom - 12 * f) < 1e-3)
    #expect(abs(size.y.angstrom - 10 * f) < 1e-3)
    #expect(abs(size.x.angstrom - 8 * f) < 1e-3)
    // The centre of the first voxel, by the rule for points.
    let centre = VoxelPoint(z: 0, y: 0, x: 0).unbinned(by: factor)
    let origin = TomogramInfo.Origin(z: 1 + centre.z * 12, y: 2 + centre.y * 10, x: -3 + centre.x * 8)
    #expect(written.info.origin == origin)
    var start = VoxelIndex(z: 0, y: 0, x: 0)
    if factor == 2 || factor == 4 { start = VoxelIndex(z: 4 / factor, y: 8 / factor, x: 12 / factor) }
    #expect(written.info.start == start)
    #expect(written.info.labels.contains { $0.contains("binned by \(factor)") })
    #expect(written.info.labels.contains("input TS_01.rec.mrc"))
    #expect(shares.last == 1 && shares == shares.sorted())
  }

  @Test("a mirrored copy of a mirrored copy is the tomogram")
  func mirrored() throws {
    let once = folder.path("once.mrc")
    let twice = folder.path("twice.mrc")
    try TomogramCopy(of: input, .mirrored).write(to: once)
    try TomogramCopy(of: once, .mirrored).write(to: twice)
    let (first, second) = (try Tomogram.open(once), try Tomogram.open(twice))
    #expect(first.info.elementType == .int16 && first.info.origin == .init(z: 1, y: 2, x: -3))
    for z in 0..<9 {
      #expect(try first.slice(z) == Array(volume.slice(8 - z)))
      #expect(try second.slice(z) == Array(volume.slice(z)))
    }
  }

  @Test("factors that leave nothing, and outputs that are there, are refused", arguments: [-1, 0, 1, 10, 65, .max])
  func refused(factor: Int) throws {
    let path = folder.path("copy.mrc")
    #expect(throws: AisError.self) { try TomogramCopy(of: input, .binned(factor)).write(to: path) }
    #expect(!folder.names.contains { $0.contains("copy") })
    #expect(throws: AisError.self) { try TomogramCopy(of: input, .mirrored).write(to: input) }
  }

  @Test("a copy that is stopped leaves nothing")
  func cancelled() throws {
    let cancellation = Cancellation()
    let error = #expect(throws: AisError.self) {
      try TomogramCopy(of: input, .mirrored).write(to: folder.path("copy.mrc"), cancellation: cancellation) {
        if $0 > 0.4 { cancellation.cancel() }
      }
    }
    #expect(error?.code == .cancelled)
    #expect(folder.names == ["TS_01.rec.mrc"])
  }

  @Test("what was made is accounted for beside it, and not left without its account")
  func account() throws {
    let path = folder.path("TS_01_bin2.mrc")
    try TomogramCopy(of: input, .binned(2)).write(to: path)
    let text = try String(contentsOfFile: path + ".json", encoding: .utf8)
    for words in ["ais.copy/1", "\"factor\" : 2", "TS_01.rec.mrc", "TS_01_bin2.mrc", "sampleHash"] {
      #expect(text.contains(words))
    }
    // A folder where the account should be.
    let other = folder.path("TS_01_bin3.mrc")
    try FileManager.default.createDirectory(atPath: other + ".json/x", withIntermediateDirectories: true)
    #expect(throws: AisError.self) { try TomogramCopy(of: input, .binned(3)).write(to: other) }
    #expect(!FileManager.default.fileExists(atPath: other))
  }

  @Test("a template is the cube around its centre, with its place in the header")
  func template() throws {
    let cut = TemplateCut(from: input, centre: VoxelIndex(z: 4, y: 5, x: 6), size: 4)
    let path = folder.path(cut.name)
    #expect(cut.name == "TS_01.rec_template_6_5_4.mrc")
    try cut.write(to: path)
    let written = try Tomogram.open(path)
    for z in 0..<4 {
      let slice = try written.slice(z)
      for y in 0..<4 { for x in 0..<4 { #expect(slice[y * 4 + x] == volume[z: 2 + z, y: 3 + y, x: 4 + x]) } }
    }
    #expect(written.info.start == VoxelIndex(z: 6, y: 11, x: 16))
    #expect(written.info.origin == .init(z: 25, y: 32, x: 29))
  }

  @Test("a template that reaches beyond the tomogram is filled with its mean; one outside is refused")
  func templateAtEdge() throws {
    let path = folder.path("template.mrc")
    try TemplateCut(from: input, centre: VoxelIndex(z: 0, y: 0, x: 0), size: 4).write(to: path)
    let written = try Tomogram.open(path)
    let inside = (0..<8).map { volume[z: $0 / 4, y: $0 / 2 % 2, x: $0 % 2] }
    let mean = inside.reduce(0, +) / 8
    #expect(abs(try written.slice(0)[0] - mean) < 1e-4)
    #expect(try written.slice(2)[2 * 4 + 2] == volume[z: 0, y: 0, x: 0])
    for (centre, size) in [
      (VoxelIndex(z: 9, y: 0, x: 0), 4), (VoxelIndex(z: 0, y: -1, x: 0), 4), (VoxelIndex(z: 1, y: 1, x: 1), 2000),
    ] {
      #expect(throws: AisError.self) {
        try TemplateCut(from: input, centre: centre, size: size).write(to: folder.path("other.mrc"))
      }
    }
  }
}
