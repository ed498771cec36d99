import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Logging
import Testing

@Suite("The reference program's own list", .enabled(if: Fixtures.hasShared))
struct ReferenceListTests {
  @Test("is found again: the same points with the same sizes and ids, in the same order")
  func equal() throws {
    let folder = try TemporaryFolder()
    let ais = Fixtures.shared.appending(path: "ais")
    var request = PickRequest(
      inputs: [ais.appending(path: "cell_c__MembraneC.mrc.gz").path], outputFolder: folder.root,
      memoryLimit: 1 << 30, threads: 2)
    request.method = .referencePeaks
    request.threshold = .level(100)
    request.spacing = .length(.angstroms(100))
    request.minimumVolume = .cubicAngstroms(100_000)
    request.margin = .voxels(4)
    request.drawsContactSheet = false
    let cancellation = Cancellation()
    let plan = try PickPlan.make(request, cancellation: cancellation)
    let outcomes = try PickRun(plan, cancellation: cancellation, logger: Logger(label: "test")).run { _ in }
    #expect(outcomes.flatMap(\.failures).isEmpty)
    let found = try rows(folder.path("cell_c__MembraneC_coords.star"))
    let wanted = try rows(ais.appending(path: "cell_c__MembraneC_coords.star").path)
    #expect(wanted.count == 54)
    #expect(found == wanted)
  }

  /// X, Y, Z, micrograph, size and id, as they are written.
  private func rows(_ path: String) throws -> [String] {
    var columns: [String] = []
    var rows: [String] = []
    for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline) {
      let words = line.split { $0 == "\t" || $0 == " " }.map(String.init)
      guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix("data_"), first != "loop_" else {
        continue
      }
      if first.hasPrefix("_") {
        columns.append(String(first.dropFirst()))
        continue
      }
      let named = Dictionary(uniqueKeysWithValues: zip(columns, words))
      rows.append(
        [
          "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnMicrographName", "aisParticleSize", "aisParticleID",
        ].map { named[$0] ?? "?" }.joined(separator: " "))
    }
    return rows
  }
}
