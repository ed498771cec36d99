import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

/// What the check-up proposes must mend the fault, voxel for voxel.
@Suite("The check-up's remedies")
struct RemedyTests {
  /// A simulated tomogram of two vesicles and particles, as 16-bit integers of 12 Å.
  static let healthy: PlantedTomogram = {
    var phantom = WedgePhantom()
    phantom.shape = Shape(z: 32, y: 64, x: 80)
    phantom.signalToNoise = 1
    let volume = phantom.volume()
    return PlantedTomogram(
      name: "phantom", volume: Volume(shape: volume.shape, voxels: volume.voxels.map { ($0 * 1000).rounded() }),
      elementType: .int16, voxelSize: VoxelSize(.angstroms(12)))
  }()

  private func voxels(_ path: String, _ options: TomogramOptions) throws -> [Float] {
    let tomogram = try Tomogram.open(path, options: options)
    return try (0..<tomogram.shape.z).flatMap { try tomogram.slice($0) }
  }

  /// The option of a remedy as the reader takes it.
  private func options(_ text: String) throws -> TomogramOptions {
    var options = TomogramOptions()
    let words = text.split(separator: " ").map(String.init)
    switch words[0] {
    case "--invert": options.view.isInverted = true
    case "--rotate-x": options.view.rotatesX = true
    case "--axes": options.view.axes = try #require(TomogramView.Axes(rawValue: words[1]))
    case "--byte-sign": options.byteSign = try #require(ByteSign(rawValue: words[1]))
    default: Issue.record("'\(text)' is not an option that this test knows")
    }
    return options
  }

  @Test(
    "give back the healthy voxels, and the file passes when read so",
    arguments: [PlantedTomogram.Fault.inverted, .unrotated])
  func viewsGiveBackTheVoxels(_ fault: PlantedTomogram.Fault) throws {
    let folder = try TemporaryFolder()
    try Self.healthy.write(fault, to: folder.path("a.mrc"))
    let report = try Checkup().check(folder.path("a.mrc"))
    let judgement = try #require(report[fault.subject].first { $0.verdict == .fault })
    let option = try #require(judgement.remedy?.option)
    let reading = try options(option)
    #expect(try voxels(folder.path("a.mrc"), reading) == Self.healthy.volume.voxels)
    var again = Checkup.Options()
    again.reading = reading
    #expect(try Checkup(options: again).check(folder.path("a.mrc")).faults.isEmpty)
  }

  @Test("name the other option for a stack whose axes were exchanged")
  func exchangedAxes() throws {
    let folder = try TemporaryFolder()
    try Self.healthy.write(.exchanged, to: folder.path("a.mrc"))
    let judgement = try #require(Checkup().check(folder.path("a.mrc"))[.orientation].first)
    #expect(judgement.remedy?.advice?.contains("--axes xzy") == true)
    #expect(try voxels(folder.path("a.mrc"), options("--axes xzy")) == Self.healthy.volume.voxels)
  }

  @Test("give back bytes that were read with the wrong sign")
  func byteSign() throws {
    let folder = try TemporaryFolder()
    try Self.healthy.write(.bytesReinterpreted, to: folder.path("a.mrc"))
    let judgement = try #require(Checkup().check(folder.path("a.mrc"))[.byteSign].first)
    #expect(judgement.code == "byte-sign-wrong")
    #expect(
      try voxels(folder.path("a.mrc"), options(try #require(judgement.remedy?.option))) == Self.healthy.unsignedBytes())
  }

  @Test("mend the voxel size in the file")
  func voxelSize() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("TS_01_12.00Apx.mrc")
    try Self.healthy.write(.voxelSizeTenfold, to: path)
    let judgement = try #require(Checkup().check(path)[.voxelSize].first)
    #expect(judgement.code == "voxel-size-contradicts-name")
    #expect(judgement.remedy?.option == "--voxel-size 12A")
    #expect(judgement.remedy?.command == "ais header \(path) --voxel-size 12A")
    try MRCHeaderEdit(voxelSize: VoxelSize(.angstroms(12))).apply(to: path)
    let report = try Checkup().check(path)
    #expect(report.faults.isEmpty, "\(report.faults)")
  }
}
