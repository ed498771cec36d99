import AisCore

extension AisError {
  /// The numbers at the start make no sense as an MRC header in either byte order.
  static func notMRC(_ path: String, found: String?) -> AisError {
    if let found {
      return AisError(.unsupported, "'\(path)' is \(found), not a tomogram. Expected an MRC or TIFF file.")
    }
    return AisError(
      .malformed,
      "'\(path)' is not an MRC file: its first 1024 bytes are no MRC header in either byte order. Expected an MRC or TIFF file."
    )
  }

  static func tooShortForHeader(_ path: String, byteCount: Int) -> AisError {
    if byteCount == 0 { return AisError(.truncated, "'\(path)' is empty. Copy the file again.") }
    return AisError(
      .truncated,
      "'\(path)' is truncated: an MRC header has 1024 bytes, the file has \(byteCount). Copy the file again.")
  }

  static func truncatedVoxels(_ path: String, promised: Int, found: Int) -> AisError {
    AisError(
      .truncated,
      "'\(path)' is truncated: its header promises \(promised) bytes of voxels, \(found) follow. "
        + "Copy the file again, or read what is there with --permissive.")
  }

  static func extendedHeader(_ path: String, promised: Int, fileByteCount: Int) -> AisError {
    AisError(
      .malformed,
      "'\(path)' has a broken header: it promises an extended header of \(promised) bytes in a file of \(fileByteCount) bytes."
    )
  }
}
