import AisCore

/// What is wrong inside a Python pickle, before the file's name is added.
package enum PickleFault: Error {
  /// Not a pickle at all.
  case foreign
  /// The file ends before the pickle does.
  case truncated
  /// The bytes contradict the format.
  case damaged(String)
  /// The file names something of Python that the kind of file does not need.
  case foreignGlobal(String)
  /// Sound, but outside the part that is read.
  case unsupported(String)
  /// More than any sound file needs.
  case excessive(String)
  /// The operating system refused.
  case unreadable(AisError)
}

/// The wording of errors about pickles.
extension AisError {
  static func pickle(_ fault: PickleFault, file: String, size: Int) -> AisError {
    switch fault {
    case .foreign:
      AisError(
        .malformed,
        "'\(file)' is not a Python pickle: it begins with none of its protocols 2 to 5. Expected an annotated dataset (.scns)"
      )
    case .truncated:
      AisError(
        .truncated, "'\(file)' is truncated: it has \(size) bytes and its content goes on. Copy the file again.")
    case .damaged(let what):
      AisError(.malformed, "'\(file)' is damaged: \(what). Copy or save the file again.")
    case .foreignGlobal(let name):
      AisError(
        .unsupported,
        "'\(file)' was refused: it asks Python for '\(PickleVocabulary.shown(name))', which no annotated dataset needs. "
          + "Nothing of it was run. Do not open it with Python either unless you know who wrote it.")
    case .unsupported(let what):
      AisError(.unsupported, "'\(file)' uses a part of Python's pickle that is not read here: \(what).")
    case .excessive(let what):
      AisError(.limitExceeded, "'\(file)' was not read: \(what), far more than an annotated dataset needs.")
    case .unreadable(let error): error
    }
  }
}
