import AisCore
import AisFormats

extension CoordinateContext {
  /// What was said of the tomograms that lists lie in: part of the account of work on them.
  package struct Account: Encodable, Sendable {
    var sizeXYZ: [Int]?
    var voxelSizeAngstromXYZ: [Double]?
    var coordinateSpacingAngstrom: Double?
    var center: String
    var grid: String
    var tomogramName: String?
    /// Sizes and voxel sizes by the tomograms' names, from their headers.
    var tomograms: [String: String]
  }

  package var account: Account {
    Account(
      sizeXYZ: hints.shape.map { [$0.x, $0.y, $0.z] },
      voxelSizeAngstromXYZ: hints.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] },
      coordinateSpacingAngstrom: hints.coordinateSpacing?.angstrom, center: hints.center.rawValue,
      grid: hints.alignment.rawValue, tomogramName: hints.tomogramName,
      tomograms: hints.frames.mapValues { frame in
        "\(frame.shape.map { "\($0)" } ?? "size unknown"), \(frame.voxelSize.map { VoxelSizeCheck.text($0) } ?? "voxel size unknown")"
      })
  }
}
