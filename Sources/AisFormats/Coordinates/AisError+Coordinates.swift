import AisCore

extension AisError {
  /// Something must be told before the points of a file can be placed in a tomogram.
  static func coordinateNeed(_ need: CoordinateNeed, _ path: String, _ format: CoordinateFormat) -> AisError {
    let what: String
    switch need {
    case .voxelSize:
      what = "counts in ångström and does not say how large a voxel is. Give --voxel-size, as in --voxel-size 10A"
    case .tiltSeries:
      what =
        "counts from the middle of the unbinned volume and does not say where that is. "
        + "Give RELION's table with --tomograms tomograms.star, or the unbinned size and pixel with --size and --voxel-size"
    case .shape:
      what = "cannot be placed without the number of voxels of its tomogram. Give --size, as in --size 512,512,200"
    }
    return AisError(.needsDecision, "'\(path)' (\(format.phrase)) \(what).")
  }

  /// A text where a number should be.
  static func notANumber(_ text: String, column: String, row: Int, _ path: String) -> AisError {
    AisError(
      .malformed,
      "'\(path)' has '\(text.prefix(40))' in column '\(column)' of row \(row + 1), where a finite number was expected. "
        + "Mend or remove the row.")
  }

  /// A list that does not have what the format must say.
  static func missingVoxelSize(_ name: String, for format: CoordinateFormat, _ path: String) -> AisError {
    AisError(
      .needsDecision,
      "'\(path)' (\(format.phrase)) counts in ångström, and the voxel size of '\(name)' is not known. Give --voxel-size."
    )
  }
}
