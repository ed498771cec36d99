import AisCore

/// What is wrong inside an HDF5 file, before the file's name is added.
package enum HDF5Fault: Error {
  /// Not an HDF5 file at all.
  case foreign
  /// The file ends before the size that it states.
  case truncated(promised: UInt64)
  /// The bytes contradict the format.
  case damaged(String)
  /// Sound HDF5, but outside the part that the program reads; h5repack brings some of it into that part.
  case unsupported(String, isConvertible: Bool = false)
  /// The file asks for more than any network needs.
  case excessive(String)
}

/// The wording of errors about HDF5 files.
extension AisError {
  /// `place` is the group or dataset inside the file.
  static func hdf5(_ fault: HDF5Fault, file: String, size: Int, place: String? = nil) -> AisError {
    let subject = place.map { "'\(file)' (at '\($0)')" } ?? "'\(file)'"
    switch fault {
    case .foreign:
      return AisError(.malformed, "\(subject) is not an HDF5 file: it does not begin with HDF5's signature")
    case .truncated(let promised):
      return AisError(
        .truncated,
        "\(subject) is truncated: it states a size of \(promised) bytes, \(size) are there. Copy the file again.")
    case .damaged(let what):
      return AisError(.malformed, "\(subject) is damaged: \(what). Copy or save the file again.")
    case .unsupported(let what, let isConvertible):
      return AisError(
        .unsupported,
        "\(subject) uses a part of HDF5 that is not read here: \(what). "
          + (isConvertible
            ? "Convert it: h5repack -f NONE -l CONTI OLD.h5 NEW.h5"
            : "Save the model again with Keras, which writes plain groups and float32 arrays."))
    case .excessive(let what):
      return AisError(.limitExceeded, "\(subject) was not read: \(what), far more than a network file needs")
    }
  }
}
