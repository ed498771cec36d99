import AisCore
import AisFormats
import AisSegmentation
import Logging

/// Stops a run that would rescale by a voxel size that is unknown or cannot be right: the result would look like a
/// segmentation and be none.
enum VoxelSizeGuard {
  /// Names that differ from the header by more than this make the header suspicious; smaller differences are rounding or
  /// calibration.
  static let nameTolerance = 0.2

  /// Throws `needs-decision`, naming the option to use. A voxel size given on the command line is never doubted.
  ///
  /// - Parameter hasRadii: whether results are changed within a radius of others, a length too.
  static func check(
    _ tomogram: Tomogram, path: String, models: [SegmentPlan.LoadedModel], settings: InferenceSettings,
    hasRadii: Bool = false, logger: Logger
  ) throws(AisError) {
    guard tomogram.options.voxelSize == nil else { return }
    func target(of model: SegmentPlan.LoadedModel) -> Length? {
      SegmentationPass.target(of: model.model, model.settings(settings))
    }
    let rescaled = models.first { target(of: $0) != nil }
    let target = rescaled.flatMap(target)
    if rescaled == nil, !hasRadii { return }
    let check = VoxelSizeCheck(tomogram: tomogram, path: path, neighbours: FolderVoxelSizes(entries: []))
    for judgement in check.judgements where judgement.verdict == .fault && judgement.severity >= .warning {
      if judgement.code == "voxel-size-contradicts-name", let size = tomogram.voxelSize,
        let named = VoxelSizeCheck.named(in: path), abs(size.x.angstrom / named - 1) < nameTolerance
      {
        logger.warning("'\(path)': \(judgement.evidence)")
        continue
      }
      let option = judgement.remedy?.option ?? "--voxel-size 10A"
      guard let rescaled, let target else {
        throw AisError(
          .needsDecision,
          "the radii of the group's interactions are lengths, but the voxel size of '\(path)' cannot be trusted. \(judgement.evidence) Say how large its voxels are, for example '\(option)'"
        )
      }
      throw AisError(
        .needsDecision,
        "'\(path)' would be rescaled to the \(angstromText(target.angstrom)) Å pixels of model '\(rescaled.model.title)', but its "
          + "voxel size cannot be trusted. \(judgement.evidence) Say how large its voxels are, for example '\(option)', or leave "
          + "the slices as they are with '--processing-voxel-size native'")
    }
  }
}
