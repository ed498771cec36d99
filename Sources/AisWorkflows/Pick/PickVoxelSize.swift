import AisCore
import AisFormats

/// Stops a run whose lengths would be counted in voxels of unknown or unbelievable size.
enum PickVoxelSize {
  /// Throws `needs-decision`, naming the options that decide. Lengths in voxels need no voxel size, and a voxel size given on
  /// the command line is never doubted.
  static func check(_ tomogram: Tomogram, path: String, _ request: PickRequest) throws(AisError) {
    guard let option = request.optionInUnits, let fault = VoxelSizeCheck.doubt(about: tomogram, path: path) else {
      return
    }
    throw AisError(
      .needsDecision,
      "'\(path)': \(fault.evidence) Lengths such as that of '\(option)' cannot be counted in its voxels. Say how large they are, "
        + "for example '\(fault.remedy?.option ?? "--voxel-size 10A")', or give lengths in voxels, for example '\(option) 12px'"
    )
  }
}

extension PickRequest {
  /// The first option that needs to know the voxel size.
  var optionInUnits: String? {
    if case .length = spacing { return isAlongCurves ? "--every" : "--spacing" }
    if case .cubicAngstroms = minimumVolume { return "--min-volume" }
    if case .length = margin { return "--margin" }
    for (option, extent) in curveLengths { if case .length = extent { return option } }
    return nil
  }
}
