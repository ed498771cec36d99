import AisCore
import AisFormats
import AisProject
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("TomogramFinder")
struct TomogramFinderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func touch(_ name: String) throws -> String {
    let path = folder.path(name)
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try "x".write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func finder(_ others: [String] = []) -> TomogramFinder {
    TomogramFinder(home: folder.path("home/scns"), others: others)
  }

  @Test("a file where it was noted is taken, whatever lies elsewhere")
  func noted() throws {
    let there = try touch("away/TS_01.mrc")
    _ = try touch("home/scns/TS_01.mrc")
    #expect(finder().find(there) == there)
  }

  @Test("the longest end of the path that leads to a file wins over a nearer folder")
  func longestEnd() throws {
    _ = try touch("home/scns/TS_01.mrc")
    let better = try touch("home/rec/TS_01.mrc")
    #expect(finder().find("/gone/disk/rec/TS_01.mrc") == better)
    #expect(finder().find("/gone/disk/other/TS_01.mrc") == folder.path("home/scns/TS_01.mrc"))
  }

  @Test(
    "Windows paths are understood",
    arguments: [#"D:\data\rec\TS_01.mrc"#, #"\\server\rec\TS_01.mrc"#, #"rec\TS_01.mrc"#])
  func windows(path: String) throws {
    let there = try touch("home/rec/TS_01.mrc")
    #expect(finder().find(path) == there)
  }

  @Test("folders that were named are looked in last")
  func named() throws {
    let there = try touch("disk/rec/TS_01.mrc")
    #expect(finder().find("/gone/TS_01.mrc") == nil)
    #expect(finder([folder.path("disk/rec")]).find("/gone/TS_01.mrc") == there)
    #expect(finder([folder.path("disk")]).find("/gone/rec/TS_01.mrc") == there)
  }

  @Test("a file is present, moved, changed or missing, and only a known one is used")
  func states() throws {
    let project = ProjectFolder(folder.path("home/P.ais"))
    let finder = TomogramFinder(home: project.path)
    let path = folder.path("home/T.mrc")
    try FileManager.default.createDirectory(atPath: folder.path("home/sub"), withIntermediateDirectories: true)
    func write(_ value: Float) throws {
      let writer = try MRCWriter(
        path: path, output: MRCOutput(shape: Shape(z: 1, y: 2, x: 3), elementType: .float32, voxelSize: nil))
      let values = [Float](repeating: value, count: 6)
      try values.withUnsafeBufferPointer { try writer.writeSlice(0, $0) }
      try writer.finish()
    }
    try write(1)
    let reference = try TomogramReference(path, in: project)
    #expect(reference.relativePath == "../T.mrc")
    #expect(finder.look(for: reference, in: project).code == "present")
    try write(2)
    #expect(finder.look(for: reference, in: project).code == "changed")
    #expect(finder.look(for: reference, in: project).usablePath == nil)
    try write(1)
    try FileManager.default.moveItem(atPath: path, toPath: folder.path("T.mrc"))
    #expect(finder.look(for: reference, in: project).usablePath == folder.path("T.mrc"))
    try FileManager.default.removeItem(atPath: folder.path("T.mrc"))
    #expect(finder.look(for: reference, in: project).code == "missing")
    try "no tomogram".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(finder.look(for: reference, in: project).code == "unreadable")
  }
}

@Suite("VersionName")
struct VersionNameTests {
  @Test(
    "names say what was done to a tomogram",
    arguments: [
      ("a/TS_01.mrc", "TS_01", "raw", "raw"), ("TS_01_denoised.mrc", "TS_01", "denoised", "denoised"),
      ("TS_01_bin4_EVN.rec", "TS_01", "even", "bin4 EVN"), ("TS_01_ODD.mrc.gz", "TS_01", "odd", "ODD"),
      ("TS_01-cryocare-even.mrc", "TS_01", "even", "cryocare even"),
      ("lam2_ts_004_rec_13.48Apx_deconv.mrc", "lam2_ts_004", "deconvolved", "rec 13.48Apx deconv"),
      ("TS_01.rec.isonet.mrc", "TS_01", "corrected", "rec isonet"), ("denoised.mrc", "denoised", "raw", "raw"),
      ("TS_01_membrane.mrc", "TS_01_membrane", "raw", "raw"), ("2024_b4.mrc", "2024", "raw", "b4"),
    ])
  func names(path: String, stem: String, kind: String, title: String) {
    let name = VersionName(path)
    #expect(name.stem == stem && name.kind.rawValue == kind && name.title == title)
  }

  private func file(_ path: String, _ shape: Shape, _ voxel: Double? = 10) -> TomogramReference {
    TomogramReference(
      path: path, relativePath: nil, byteCount: 1, modified: 0, sampleHash: path, shape: shape,
      voxelSize: voxel.map { VoxelSize(.angstroms($0)) })
  }

  @Test("files are grouped by name when their sizes allow it, the raw one first")
  func groups() {
    let full = Shape(z: 100, y: 400, x: 400)
    let half = Shape(z: 50, y: 200, x: 200)
    let groups = VersionName.groups([
      file("TS_01_denoised.mrc", full), file("TS_01.mrc", full), file("TS_01_bin2.mrc", half, 20),
      file("TS_02.mrc", full), file("TS_01_odd.mrc", Shape(z: 90, y: 400, x: 400)),
      file("TS_01_bin2_x.mrc", half, 15),
    ])
    #expect(
      groups.map { $0.map(\.path) } == [
        ["TS_01.mrc", "TS_01_denoised.mrc", "TS_01_bin2.mrc"], ["TS_02.mrc"], ["TS_01_odd.mrc"], ["TS_01_bin2_x.mrc"],
      ])
  }
}
