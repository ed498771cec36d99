import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Editing a header in place")
struct MRCHeaderEditTests {
  let folder: TemporaryFolder
  var path: String { folder.path("a.mrc") }
  init() throws { folder = try TemporaryFolder() }

  private func file(_ order: ByteOrder = .littleEndian) -> MRCBytes {
    var file = MRCBytes(
      Shape(z: 2, y: 3, x: 5), mode: 1, order: order, voxels: MRCBytes.bytes((0..<30).map { Int16($0) }, order))
    file.extended = Array("extended".utf8)
    (file.header.minimum, file.header.maximum, file.header.mean, file.header.rms) = (0, 29, 14.5, 8.6)
    file.header.labels = ["made by a microscope"]
    return file
  }

  @Test(
    "voxel size, origin and labels change; every other byte stays", arguments: [ByteOrder.littleEndian, .bigEndian])
  func edit(order: ByteOrder) throws {
    try file(order).write(path)
    let before = Array(try Data(contentsOf: URL(filePath: path)))
    let edit = MRCHeaderEdit(
      voxelSize: VoxelSize(z: .angstroms(12), y: .angstroms(11), x: .angstroms(10.5)),
      origin: .init(z: 3, y: 2, x: 1), labels: .append(["mended"]))
    let planned = try edit.apply(to: path, isDryRun: true)
    #expect(Array(try Data(contentsOf: URL(filePath: path))) == before)
    let changes = try edit.apply(to: path)
    #expect(changes == planned && changes.map(\.field) == ["cell (Å)", "origin (Å)", "labels"])
    let after = Array(try Data(contentsOf: URL(filePath: path)))
    let touched = Set(zip(before, after).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset))
    #expect(touched.allSatisfy { (40..<52).contains($0) || (196..<208).contains($0) || (220..<1024).contains($0) })
    let tomogram = try Tomogram.open(path)
    #expect(tomogram.voxelSize == VoxelSize(z: .angstroms(12), y: .angstroms(11), x: .angstroms(10.5)))
    #expect(tomogram.info.origin == .init(z: 3, y: 2, x: 1))
    #expect(tomogram.info.labels == ["made by a microscope", "mended"])
    #expect(tomogram.info.statistics?.maximum == 29)
    #expect(tomogram.info.byteOrder == order)
    #expect(try tomogram.slice(1)[0] == 15)
    #expect(try edit.apply(to: path).map(\.field) == ["labels"])
  }

  @Test("a sampling of 0 is mended with the voxel size, an inverted origin keeps its sign convention")
  func mended() throws {
    var file = file()
    file.header.sampling = .init(0, 0, 0)
    file.header.imodStamp = MRCHeader.IMODFlags.stamp
    file.header.imodFlags = 4
    try file.write(path)
    try MRCHeaderEdit(voxelSize: VoxelSize(.angstroms(8)), origin: .init(z: 3, y: 2, x: 1), labels: .replace(["new"]))
      .apply(to: path)
    let tomogram = try Tomogram.open(path)
    #expect(tomogram.voxelSize == VoxelSize(.angstroms(8)))
    #expect(tomogram.info.origin == .init(z: 3, y: 2, x: 1))
    #expect(tomogram.info.header?.origin == .init(-1, -2, -3))
    #expect(tomogram.info.labels == ["new"])
  }

  @Test("what cannot be edited is refused and left alone")
  func refused() throws {
    func error(_ edit: MRCHeaderEdit, _ path: String) -> String {
      (#expect(throws: AisError.self) { try edit.apply(to: path) })?.message ?? ""
    }
    var full = file()
    full.header.labels = (0..<10).map { "label \($0)" }
    try full.write(path)
    #expect(error(.init(labels: .append(["one more"])), path).contains("room for 10"))
    #expect(error(.init(voxelSize: VoxelSize(.angstroms(0))), path).contains("above zero"))
    var old = file()
    old.header.mapBytes = [0, 0, 0, 0]
    try old.write(path)
    #expect(error(.init(origin: .zero), path).contains("'MAP '"))
    try MRCHeaderEdit(voxelSize: VoxelSize(.angstroms(5))).apply(to: path)
    #expect(Array(try Data(contentsOf: URL(filePath: path)))[196..<212].allSatisfy { $0 == 0 })
    var cut = file()
    cut.voxels.removeLast()
    try cut.write(path)
    #expect(error(.init(voxelSize: VoxelSize(.angstroms(5))), path).contains("truncated"))
    try Data(Compressed.gzip(file().bytes)).write(to: URL(filePath: folder.path("a.mrc.gz")))
    #expect(error(.init(voxelSize: VoxelSize(.angstroms(5))), folder.path("a.mrc.gz")).contains("unpack it first"))
  }
}
