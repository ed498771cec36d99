import AisCore
import AisFormats
import Foundation

/// Judges the voxel size: against what microscopes give, the file's name, and the other files of its folder.
struct VoxelSizeCheck {
  private(set) var judgements: [Judgement] = []
  private let tomogram: Tomogram
  private let path: String

  /// Voxels beyond these edges do not occur in electron tomograms, not even in binned overviews.
  static let plausible = 0.5...60.0
  /// Specimens thicker than this let no electrons through.
  static let thickestSlab = Length.nanometers(2000)

  init(tomogram: Tomogram, path: String, neighbours: FolderVoxelSizes? = nil) {
    self.tomogram = tomogram
    self.path = path
    let neighbours = neighbours ?? FolderVoxelSizes(beside: path)
    let named = Self.named(in: path)
    let common = neighbours.common(for: tomogram)
    guard let size = tomogram.voxelSize, size.x.angstrom > 0 else {
      judgeUnknown(named: named, common: common)
      return
    }
    judgeKnown(size, named: named, common: common, neighbours: neighbours)
    if judgements.isEmpty {
      judgements.append(.fine(.voxelSize, "The voxel size is \(Self.text(size)): nothing speaks against it."))
    }
  }

  /// The voxel size that a file's name states, as in `TS_01_10.00Apx.mrc`, in ångström.
  static func named(in path: String) -> Double? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let pattern = #"(?:^|[_\-. ])([0-9]+(?:\.[0-9]+)?)\s*(?:[Aa]p(?:i)?x|[Aa]ngpix|A_px|Å)"#
    guard let expression = try? NSRegularExpression(pattern: pattern),
      let match = expression.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)),
      let range = Range(match.range(at: 1), in: name), let value = Double(name[range]), value > 0
    else { return nil }
    return value
  }

  static func text(_ size: VoxelSize) -> String {
    size.isIsotropic
      ? "\(angstromText(size.x.angstrom)) Å"
      : "\(angstromText(size.x.angstrom)) × \(angstromText(size.y.angstrom)) × \(angstromText(size.z.angstrom)) Å"
  }

  /// The option for one run and the command that mends the file, which only an uncompressed MRC file can take.
  private func remedy(_ angstrom: Double?, advice: String? = nil) -> Remedy {
    let value = angstrom.map { angstromText($0) + "A" }
    let isEditable = tomogram.info.format == .mrc && tomogram.info.container == .plain
    let command = isEditable ? "ais header \(shellWord(path)) --voxel-size \(value ?? "SIZE")" : nil
    return Remedy(option: value.map { "--voxel-size \($0)" }, command: command, advice: advice)
  }

  private mutating func judgeUnknown(named: Double?, common: FolderVoxelSizes.Common?) {
    let start = "The voxel size is unknown: the header holds none."
    if let named {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-unknown", .warning, "\(start) The file's name says \(angstromText(named)) Å.",
          remedy: remedy(named)))
    } else if let common {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-unknown", .warning,
          "\(start) \(common.count) others of the same size in its folder have \(angstromText(common.angstrom)) Å.",
          remedy: remedy(common.angstrom)))
    } else {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-unknown", .warning, start,
          remedy: remedy(
            nil,
            advice: "Take the size from the reconstruction's settings, such as 10A; --voxel-size 10A "
              + "gives it for one run.")))
    }
  }

  private mutating func judgeKnown(
    _ size: VoxelSize, named: Double?, common: FolderVoxelSizes.Common?, neighbours: FolderVoxelSizes
  ) {
    let x = size.x.angstrom
    if let named, abs(x / named - 1) > 0.01 {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-contradicts-name", .warning,
          "The header says \(angstromText(x)) Å, the file's name \(angstromText(named)) Å\(Self.factorText(x / named)).",
          remedy: remedy(named, advice: "If the name is wrong, rename the file.")))
      return
    }
    if abs(x - 1) < 1e-4, named == nil {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-one", .warning,
          "The voxel size is exactly 1 Å, which programs write when they do not know it\(extent(size)).",
          confidence: .likely,
          remedy: remedy(
            common?.angstrom,
            advice: common == nil
              ? "Take the size from the reconstruction's settings, such as 10A."
              : "\(common!.count) others of the same size in its folder have it.")))
      return
    }
    if let common, abs(x / common.angstrom - 1) > 0.01 {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-contradicts-folder", .warning,
          "The header says \(angstromText(x)) Å, but \(common.count) others of the same size in its folder say "
            + "\(angstromText(common.angstrom)) Å\(Self.factorText(x / common.angstrom)).",
          confidence: .likely, remedy: remedy(common.angstrom)))
      return
    }
    if let usual = neighbours.tenfold(of: x) {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-contradicts-folder", .warning,
          "The header says \(angstromText(x)) Å, most others of its folder \(angstromText(usual)) Å\(Self.factorText(x / usual)).",
          confidence: .likely, remedy: remedy(usual)))
      return
    }
    judgePlausibility(size)
  }

  private mutating func judgePlausibility(_ size: VoxelSize) {
    let x = size.x.angstrom
    let shape = tomogram.shape
    let thickness = Length.angstroms(
      min(Double(shape.z) * size.z.angstrom, Double(shape.y) * size.y.angstrom, Double(shape.x) * x))
    if x > Self.plausible.upperBound || (thickness > Self.thickestSlab && x > 10) {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-implausible", .warning,
          "A voxel of \(angstromText(x)) Å is too large\(extent(size)): ten times less is likely (nanometres taken for "
            + "ångström, or a wrong binning).",
          confidence: .likely,
          remedy: remedy(x / 10, advice: "Look up the size in the reconstruction's settings first.")))
    } else if x < Self.plausible.lowerBound {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-implausible", .warning,
          "A voxel of \(angstromText(x)) Å is smaller than microscopes give\(extent(size)): ten times more is likely "
            + "(nanometres written as ångström).",
          confidence: .likely,
          remedy: remedy(x * 10, advice: "Look up the size in the reconstruction's settings first.")))
    } else if !size.isIsotropic {
      judgements.append(
        .fault(
          .voxelSize, "voxel-size-uneven", .note,
          "The voxel's edges differ: \(Self.text(size)) (x × y × z).",
          remedy: remedy(x, advice: "Only if the volume was not meant to be so.")))
    }
  }

  /// " (the volume would be 20 × 20 × 6.4 nm)"
  private func extent(_ size: VoxelSize) -> String {
    let shape = tomogram.shape
    let parts = [
      Double(shape.x) * size.x.nanometer, Double(shape.y) * size.y.nanometer, Double(shape.z) * size.z.nanometer,
    ].map(number).joined(separator: " × ")
    return " (the volume would be \(parts) nm)"
  }

  private static func factorText(_ ratio: Double) -> String {
    for factor in [10.0, 0.1] where abs(ratio / factor - 1) < 0.02 {
      return ": ten times \(factor > 1 ? "more" : "less"), as when nanometres and ångström are mixed up"
    }
    return ""
  }
}
