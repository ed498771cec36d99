import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("The check-up of odd files")
struct CheckupCaseTests {
  private func check(_ tomogram: PlantedTomogram, name: String = "a.mrc", in folder: TemporaryFolder) throws
    -> CheckupReport
  {
    try tomogram.write(nil, to: folder.path(name))
    return try Checkup().check(folder.path(name))
  }

  private func flat(_ shape: Shape, _ value: Float = 0, voxelSize: Double? = 10) -> PlantedTomogram {
    PlantedTomogram(
      name: "flat", volume: Volume(shape: shape, repeating: value), elementType: .float32,
      voxelSize: voxelSize.map { VoxelSize(.angstroms($0)) })
  }

  private func codes(_ report: CheckupReport) -> Set<String> { Set(report.faults.map(\.code)) }

  @Test(
    "says that a file is not there, empty, or of another kind, without failing",
    arguments: ["missing.mrc", "empty.mrc", "text.mrc"])
  func unreadable(name: String) throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(filePath: folder.path("empty.mrc")))
    try Data(String(repeating: "not a tomogram\n", count: 200).utf8).write(to: URL(filePath: folder.path("text.mrc")))
    let report = try Checkup().check(folder.path(name))
    #expect(report.severity == .error)
    #expect(report.judgements.count == 1)
    #expect(report.judgements[0].evidence.contains(name))
  }

  @Test("every prefix of a file gives a report", arguments: [0, 1, 1023, 1024, 1025, 3000, 5119])
  func prefixes(length: Int) throws {
    let folder = try TemporaryFolder()
    try flat(Shape(z: 4, y: 16, x: 16), 1).write(nil, to: folder.path("whole.mrc"))
    let whole = try Data(contentsOf: URL(filePath: folder.path("whole.mrc")))
    try whole.prefix(length).write(to: URL(filePath: folder.path("part.mrc")))
    #expect(try Checkup().check(folder.path("part.mrc")).severity == .error)
  }

  @Test("finds volumes, slices and borders without content")
  func emptiness() throws {
    let folder = try TemporaryFolder()
    #expect(codes(try check(flat(Shape(z: 4, y: 8, x: 8)), in: folder)) == ["all-equal"])

    var tomogram = RemedyTests.healthy
    let shape = tomogram.volume.shape
    for i in 0..<5 * shape.sliceCount { tomogram.volume.voxels[i] = 7 }
    for z in 0..<shape.z { for y in 0..<shape.y { for x in 70..<80 { tomogram.volume[z: z, y: y, x: x] = 7 } } }
    var report = try check(tomogram, in: folder)
    #expect(codes(report) == ["empty-border"])
    #expect(report[.borders].first?.evidence.contains("x 0–69 of 0–79, z 5–31 of 0–31") == true)
    #expect(report[.orientation].first?.verdict == .fine)

    tomogram = RemedyTests.healthy
    for i in 12 * shape.sliceCount..<14 * shape.sliceCount { tomogram.volume.voxels[i] = 7 }
    report = try check(tomogram, in: folder)
    #expect(codes(report) == ["constant-slices"])
    #expect(report[.values].first?.evidence.contains("slice 12, 13,") == true)
  }

  @Test("the border of a thick volume is found between sampled slices", arguments: [1, 67, 68, 133])
  func borderBetweenSamples(first: Int) throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 4)
    var tomogram = flat(Shape(z: 400, y: 6, x: 6))
    for i in first * 36..<399 * 36 { tomogram.volume.voxels[i] = Float.random(in: 0..<1, using: &random) }
    let report = try check(tomogram, in: folder)
    #expect(report[.borders].first?.evidence.contains("z \(first)–398 of 0–399") == true)
  }

  @Test("finds voxels that are no numbers, and judges the rest")
  func notFinite() throws {
    let folder = try TemporaryFolder()
    var tomogram = RemedyTests.healthy
    tomogram.elementType = .float32
    tomogram.volume.voxels[100] = .nan
    tomogram.volume.voxels[9999] = -.infinity
    let report = try check(tomogram, in: folder)
    #expect(codes(report).contains("not-finite"))
    #expect(report[.values].first?.evidence.hasPrefix("1 voxels are NaN and 1 infinite") == true)
    #expect(report[.orientation].first?.verdict == .fine)
    #expect(report[.contrast].first?.verdict == .fine)
  }

  @Test("a mask is called a mask and not judged as a picture")
  func mask() throws {
    let folder = try TemporaryFolder()
    var tomogram = RemedyTests.healthy
    tomogram.volume.voxels = tomogram.volume.voxels.map { $0 < -2000 ? 1 : 0 }
    let report = try check(tomogram, in: folder)
    #expect(codes(report) == ["not-a-tomogram"])
    #expect(report[.contrast].first?.verdict == .unseen)
  }

  @Test(
    "thin volumes and single slices are not judged",
    arguments: [Shape(z: 1, y: 64, x: 64), Shape(z: 8, y: 64, x: 64), Shape(z: 1, y: 1, x: 1)])
  func thin(_ shape: Shape) throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 6)
    var tomogram = flat(shape)
    tomogram.volume.voxels = tomogram.volume.voxels.map { _ in Float.random(in: 0..<1, using: &random) }
    let report = try check(tomogram, in: folder)
    #expect(report[.orientation].first?.verdict == .unseen)
    #expect(report[.contrast].first?.verdict == .unseen)
  }

  @Test("statistics that do not fit the values are told")
  func statistics() throws {
    let folder = try TemporaryFolder()
    try RemedyTests.healthy.write(nil, to: folder.path("a.mrc"))
    let handle = try FileHandle(forUpdating: URL(filePath: folder.path("a.mrc")))
    try handle.seek(toOffset: 76)
    handle.write(withUnsafeBytes(of: (Float(-1), Float(1), Float(0))) { Data($0) })
    try handle.close()
    let report = try Checkup().check(folder.path("a.mrc"))
    #expect(codes(report) == ["statistics-disagree"])
    #expect(report.severity == .note)
  }

  @Test("all slices are looked at when asked")
  func thorough() throws {
    let folder = try TemporaryFolder()
    try flat(Shape(z: 300, y: 4, x: 4), 1).write(nil, to: folder.path("a.mrc"))
    #expect(try Checkup().check(folder.path("a.mrc")).slicesSampled == 64)
    var options = Checkup.Options()
    options.isThorough = true
    #expect(try Checkup(options: options).check(folder.path("a.mrc")).slicesSampled == 300)
  }

  @Test("stops when cancelled")
  func cancelled() throws {
    let folder = try TemporaryFolder()
    try RemedyTests.healthy.write(nil, to: folder.path("a.mrc"))
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect {
      try Checkup().check(folder.path("a.mrc"), cancellation: cancellation)
    } throws: { ($0 as? AisError)?.code == .cancelled }
  }

  @Test("filaments without noise and wedge raise no alarm")
  func filamentsWithoutNoise() throws {
    let folder = try TemporaryFolder()
    var phantom = WedgePhantom()
    phantom.content = .fibres
    phantom.hasWedge = false
    phantom.signalToNoise = 1000
    let tomogram = PlantedTomogram(
      name: "fibres", volume: phantom.volume(), elementType: .float32, voxelSize: VoxelSize(.angstroms(10)))
    #expect(codes(try check(tomogram, in: folder)) == [])
  }

  @Test("rows that do not fit together are noticed", .enabled(if: Fixtures.hasShared))
  func rowsOutOfStep() throws {
    // The first bytes of a larger tomogram under a header for a small one.
    let path = Fixtures.shared.appending(path: "tomograms/serialem_tomogram_3d.mrc").path
    let report = try Checkup().check(path)
    #expect(report[.orientation].map(\.code) == ["rows-out-of-step"])
    #expect(report[.contrast].map(\.verdict) == [.unseen])
  }

  // MARK: Voxel size

  @Test(
    "the voxel size in a name is found",
    arguments: [
      ("TS_01_10.00Apx.mrc", "contradicts"), ("lam_13.48apix.rec", "contradicts"), ("a-14.08Å.mrc", "contradicts"),
      ("12Apx.mrc", "fine"), ("TS_12.0Apx_denoised.mrc", "fine"), ("bin4_TS12.mrc", "fine"), ("10.mrc", "fine"),
    ])
  func namedVoxelSize(name: String, expected: String) throws {
    let folder = try TemporaryFolder()
    let report = try check(RemedyTests.healthy, name: name, in: folder)
    let codes = report[.voxelSize].map(\.code)
    #expect(codes == [expected == "fine" ? "fine" : "voxel-size-contradicts-name"])
  }

  @Test("the other files of the folder give an unknown voxel size and contradict a wrong one")
  func neighbours() throws {
    let folder = try TemporaryFolder()
    for name in ["b.mrc", "c.mrc", "d.rec"] { try RemedyTests.healthy.write(nil, to: folder.path(name)) }
    var tomogram = RemedyTests.healthy
    tomogram.voxelSize = nil
    var report = try check(tomogram, in: folder)
    #expect(report[.voxelSize].first?.code == "voxel-size-unknown")
    #expect(report[.voxelSize].first?.remedy?.option == "--voxel-size 12A")
    tomogram.voxelSize = VoxelSize(.angstroms(6))
    report = try check(tomogram, in: folder)
    #expect(report[.voxelSize].first?.code == "voxel-size-contradicts-folder")
    tomogram.voxelSize = VoxelSize(.angstroms(1.2))
    report = try check(tomogram, in: folder)
    #expect(report[.voxelSize].first?.evidence.contains("ten times less") == true)
    #expect(report[.voxelSize].first?.remedy?.option == "--voxel-size 12A")
  }

  @Test("a smaller voxel of a larger volume beside others is no contradiction")
  func binnings() throws {
    let folder = try TemporaryFolder()
    for name in ["b.mrc", "c.mrc", "d.rec"] { try RemedyTests.healthy.write(nil, to: folder.path(name)) }
    let report = try check(flat(Shape(z: 64, y: 128, x: 160), voxelSize: 6), in: folder)
    #expect(report[.voxelSize].first?.verdict == .fine)
  }

  @Test(
    "implausible sizes are told",
    arguments: [
      (0.13, "voxel-size-implausible"), (134.8, "voxel-size-implausible"), (1.0, "voxel-size-one"), (2.2, "fine"),
      (27.0, "fine"),
    ])
  func plausibility(size: Double, code: String) throws {
    let folder = try TemporaryFolder()
    let report = try check(flat(Shape(z: 20, y: 40, x: 40), 1, voxelSize: size), in: folder)
    #expect(report[.voxelSize].map(\.code) == [code])
  }

  @Test("a compressed file is not told to be mended in place", .enabled(if: Fixtures.hasShared))
  func compressed() throws {
    let path = Fixtures.shared.appending(path: "segmentations/golgi_crop.mrc.gz").path
    let report = try Checkup().check(path)
    #expect(report[.voxelSize].first?.code == "voxel-size-unknown")
    #expect(report[.voxelSize].first?.remedy?.command == nil)
  }

  @Test("no file of the collection makes it fail", .enabled(if: Fixtures.hasShared))
  func oddFiles() throws {
    for folder in ["odd_mrc", "segmentations", "networks"] {
      let url = Fixtures.shared.appending(path: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() {
        let report = try Checkup().check(url.appending(path: name).path)
        #expect(!report.judgements.isEmpty)
        for judgement in report.judgements {
          #expect(judgement.evidence.hasSuffix(".") || judgement.subject == .file, "\(name): \(judgement.evidence)")
        }
      }
    }
  }
}
