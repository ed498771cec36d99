import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

/// One small list in every format, kept in `Tests/Fixtures/coordinates`, where `Tests/python/test_coordinate_formats.py` gives
/// the files to readers that we did not write. `RECORD_SNAPSHOTS=1` writes them anew and fails the run.
@Suite("Kept files of coordinates")
struct CoordinateGoldenTests {
  /// Odd and even sizes, a bin, and voxels of 5.4 Å.
  private static let grid = SampleLists.Grid(unbinned: Shape(z: 301, y: 960, x: 1023), pixel: 1.35, binning: 4)

  private static func list(_ format: CoordinateFormat) -> ParticleList {
    var list = SampleLists.list(grid, seed: 2026, tomograms: format.holdsSeveralTomograms ? 2 : 1)
    list.particles.removeLast(list.particles.count - 12)
    return list
  }

  @Test("are what is written today", arguments: CoordinateFormat.allCases.filter { $0.isWrittenFreely })
  func kept(format: CoordinateFormat) throws {
    var options = CoordinateOptions()
    options.tiltSeries = Self.grid.table
    options.boxSize = 31
    if format == .text { options.decimals = 4 }
    let encoding = try CoordinateFile.encode(
      Self.list(format), path: "kept." + format.fileExtension, format: format, options: options,
      provenance: ["Made by the tests of Ais."])
    try compare(encoding.bytes, "\(format.rawValue).\(format.fileExtension)")
    for companion in encoding.companions {
      try compare(companion.bytes, "\(format.rawValue).\(companion.fileExtension)")
    }
  }

  @Test("tell the truth that foreign readers are measured against")
  func truth() throws {
    let list = Self.list(.csv)
    let points = list.particles.map { particle in
      [
        "tomogram": list.tomograms[particle.tomogram].name, "x": particle.point.x, "y": particle.point.y,
        "z": particle.point.z,
        "rot": particle.angles?.rot ?? 0, "tilt": particle.angles?.tilt ?? 0, "psi": particle.angles?.psi ?? 0,
      ] as [String: Any]
    }
    let single = Self.list(.text).particles.map { ["x": $0.point.x, "y": $0.point.y, "z": $0.point.z] }
    let truth: [String: Any] = [
      "voxelSizeAngstrom": 5.4, "unbinnedPixelAngstrom": 1.35, "unbinnedSizeXYZ": [1023, 960, 301], "points": points,
      "pointsOfOneTomogram": single,
      "matricesOfOneTomogram": Self.list(.text).particles.map {
        RotationMatrix($0.angles ?? EulerAngles(rot: 0, tilt: 0, psi: 0)).elements
      },
    ]
    let json = try JSONSerialization.data(withJSONObject: truth, options: [.prettyPrinted, .sortedKeys])
    try compare(Array(json) + [0x0A], "truth.json")
  }

  private func compare(_ bytes: [UInt8], _ name: String) throws {
    let url = Fixtures.kept.appending(path: "coordinates/\(name)")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
      Issue.record("'\(name)' was written anew; look at the difference and run again without RECORD_SNAPSHOTS")
    }
    #expect(Array(try Data(contentsOf: url)) == bytes, "'\(name)' is written differently now")
  }
}
