import AisCore

extension AisError {
  /// libtiff's complaint, as an error of ours.
  static func tiff(_ path: String, _ reason: String) -> AisError {
    AisError(.malformed, "'\(path)' cannot be read as TIFF: \(reason). Copy the file again, or save it anew.")
  }

  static func movie(_ path: String) -> AisError {
    AisError(
      .unsupported, "'\(path)' is a movie (EER), not a tomogram. Reconstruct a tomogram from the tilt series first.")
  }
}
