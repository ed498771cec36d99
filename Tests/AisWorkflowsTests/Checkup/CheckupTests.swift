import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("The check-up")
struct CheckupTests {
  typealias Fault = PlantedTomogram.Fault

  /// The tomograms that others made, and what is truly wrong with them as they are.
  static let available: [(name: String, path: String, own: Set<String>)] = [
    ("tardis_a", "tomograms/tardis_mt_patch_a.mrc", []), ("tardis_b", "tomograms/tardis_mt_patch_b.mrc", []),
    ("tardis_c", "tomograms/tardis_mt_patch_c.tif", ["voxel-size-unknown"]),
    ("tardis_d", "tomograms/tardis_mt_patch_d.tif", ["voxel-size-unknown"]),
    ("boxmanager", "tomograms/boxmanager_3d.mrc", ["voxel-size-unknown"]),
    // The first bytes of a larger tomogram under a header for a small one: its rows do not fit together.
    ("serialem", "tomograms/serialem_tomogram_3d.mrc", []),
    ("cell_c", "synthetic/cell_c.mrc", []), ("cell_d", "synthetic/cell_d.mrc", []),
  ]

  @Test(
    "names the planted faults of the available tomograms and leaves healthy ones alone",
    .enabled(if: Fixtures.hasShared))
  func plantedFaults() throws {
    let folder = try TemporaryFolder()
    var table: [String] = []
    var (detectable, named, planted, namedOfAll, falseAlarms, healthyChecks) = (0, 0, 0, 0, 0, 0)
    for entry in Self.available {
      let source = Fixtures.shared.appending(path: entry.path).path
      var tomogram = try PlantedTomogram(name: entry.name, path: source)
      if tomogram.voxelSize == nil, entry.path.hasSuffix(".tif") { tomogram.voxelSize = VoxelSize(.angstroms(25)) }
      let healthy = try Checkup().check(source)
      for subject in [Judgement.Subject.length, .byteSign, .voxelSize, .orientation, .contrast] {
        let alarms = healthy[subject].filter { $0.verdict == .fault && !entry.own.contains($0.code) }
        healthyChecks += 1
        falseAlarms += alarms.count
        for alarm in alarms { table.append("\(entry.name): FALSE ALARM \(alarm.code): \(alarm.evidence)") }
      }
      var row = entry.name.padding(toLength: 11, withPad: " ", startingAt: 0)
      for fault in Fault.allCases {
        if fault == .voxelSizeTenfold, tomogram.voxelSize == nil { continue }
        let path = folder.path("\(entry.name)/\(UUID().uuidString).mrc")
        try FileManager.default.createDirectory(
          at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try tomogram.write(fault, to: path)
        let report = try Checkup().check(path)
        let isNamed = report[fault.subject].contains { fault.codes.contains($0.code) }
        try FileManager.default.removeItem(atPath: path)
        // What cannot be said of the healthy file cannot be said of the faulty one.
        let isDetectable =
          fault != .mirrored
          && ![.contrast, .orientation].contains(fault.subject)
          || healthy[fault.subject].contains { $0.verdict == .fine }
        row += isNamed ? " ✓ \(fault.rawValue)" : " \(isDetectable ? "✗" : "–") \(fault.rawValue)"
        if fault == .mirrored {
          #expect(isNamed, "\(entry.name)")
          continue
        }
        planted += 1
        if isNamed { namedOfAll += 1 }
        if isDetectable {
          detectable += 1
          if isNamed { named += 1 }
        }
      }
      table.append(row)
    }
    print(table.joined(separator: "\n"))
    print(
      "planted \(planted), named \(namedOfAll); detectable \(detectable), named \(named); false alarms \(falseAlarms) in \(healthyChecks)"
    )
    #expect(Double(named) >= 0.9 * Double(detectable))
    #expect(Double(namedOfAll) >= 0.9 * Double(planted))
    #expect(healthyChecks >= 24)
    #expect(falseAlarms <= 1)
  }
}
