import AisCore
import Glibc

extension AisError {
  /// The operating system's own words for an error number.
  package static func systemMessage(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.isEmpty ? "error \(number)" : text
  }

  /// What the operating system refused, with what to do about it.
  ///
  /// - Parameters:
  ///   - action: a verb as in "cannot *read*".
  ///   - number: `errno`.
  package static func fileSystem(_ action: String, _ path: String, _ number: Int32) -> AisError {
    let reason = systemMessage(number)
    switch number {
    case ENOENT:
      return AisError(.notFound, "'\(path)' is not there: cannot \(action) it. Check the name and the folder.")
    case ENOSPC, EDQUOT, EFBIG:
      let what =
        number == EDQUOT
        ? "the quota is used up" : number == EFBIG ? "a file may not grow so large" : "the disk is full"
      return AisError(
        .diskFull, "cannot \(action) '\(path)': \(what). Free some space or choose another output folder.")
    case EACCES, EPERM, EROFS:
      return AisError(
        .fileSystem, "cannot \(action) '\(path)': \(reason). Check the permissions of the file and its folder.")
    case EIO, ESTALE:
      return AisError(
        .fileSystem,
        "cannot \(action) '\(path)': \(reason). The disk or the network file system failed; try again, or use a local disk."
      )
    case EMFILE, ENFILE:
      return AisError(.fileSystem, "cannot \(action) '\(path)': \(reason). Raise the limit with 'ulimit -n 4096'.")
    default:
      return AisError(.fileSystem, "cannot \(action) '\(path)': \(reason).")
    }
  }

  /// The file ended before `end`, which its size when opened had promised.
  static func shrank(_ path: String, openedWith size: Int, endsAt end: Int) -> AisError {
    AisError(
      .truncated,
      "'\(path)' shrank while it was read: it had \(size) bytes when opened and ends at byte \(end) now. "
        + "Wait until whatever writes it has finished, then run again.")
  }
}
