import AisCore
import Foundation
import GRDB

/// The wording of errors of the project's database.
extension AisError {
  /// What SQLite refused, with what to do about it.
  static func database(_ error: any Error, _ path: String) -> AisError {
    if let error = error as? AisError { return error }
    guard let error = error as? DatabaseError else {
      return AisError(.malformed, "the project's database '\(path)' cannot be used", cause: error)
    }
    let reason = error.message ?? "code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL:
      return AisError(
        .diskFull,
        "the project's database '\(path)' cannot be written: the disk is full. Free some space; nothing acknowledged is lost"
      )
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
      return AisError(
        .fileSystem,
        "the project's database '\(path)' cannot be opened for writing (\(reason)). Check the permissions of its folder"
      )
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return AisError(
        .inUse, "the project's database '\(path)' is open in another program (\(reason)). Close it there and try again")
    case .SQLITE_IOERR:
      return AisError(
        .fileSystem,
        "the project's database '\(path)' cannot be read or written (\(reason)). The disk or the network file system failed, or "
          + "your quota is used up; nothing acknowledged is lost. Look at the disk, and try again")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return AisError(
        .malformed,
        "the project's database '\(path)' is damaged (\(reason)). Keep the folder as it is and restore a backup "
          + "('ais project backup' makes them)")
    case .SQLITE_CONSTRAINT:
      return AisError(.usage, "the project refuses this: \(reason)")
    default:
      return AisError(.fileSystem, "the project's database '\(path)' cannot be used: \(reason)")
    }
  }
}
