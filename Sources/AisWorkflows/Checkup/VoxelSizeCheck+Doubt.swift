import AisCore
import AisFormats

extension VoxelSizeCheck {
  /// Why lengths cannot be counted in a file's voxels: their size is unknown, or cannot be right. `nil` when nothing speaks
  /// against it. A voxel size given on the command line is never doubted.
  static func doubt(about tomogram: Tomogram, path: String) -> Judgement? {
    guard tomogram.options.voxelSize == nil else { return nil }
    return VoxelSizeCheck(tomogram: tomogram, path: path, neighbours: FolderVoxelSizes(entries: [])).judgements.first {
      $0.verdict == .fault && $0.severity >= .warning && $0.code != "voxel-size-contradicts-name"
    }
  }

  /// Throws `needs-decision` when there is a doubt, with the option that decides.
  ///
  /// - Parameter need: what the lengths are for, a sentence.
  static func require(_ tomogram: Tomogram, path: String, need: String) throws(AisError) {
    guard let fault = doubt(about: tomogram, path: path) else { return }
    throw AisError(
      .needsDecision,
      "'\(path)': \(fault.evidence) \(need) Say how large the voxels are, for example "
        + "'\(fault.remedy?.option ?? "--voxel-size 10A")'")
  }
}
