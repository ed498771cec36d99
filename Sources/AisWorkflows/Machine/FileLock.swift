import AisCore
import AisFormats
import Glibc

/// A lock that ends with the process that holds it, however that ends.
package final class FileLock: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Takes the lock, `nil` when another process has it. Throws when the file cannot be opened.
  ///
  /// - Parameter waits: until the others, in their order, have let go of it; `cancelled` when a signal comes meanwhile.
  package static func take(_ path: String, waits: Bool = false) throws(AisError) -> FileLock? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fileSystem("open", path, errno) }
    if flock(descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) == 0 { return FileLock(descriptor) }
    let number = errno
    close(descriptor)
    if number == EWOULDBLOCK { return nil }
    if number == EINTR { throw AisError(.cancelled, "stopped while waiting for '\(path)'") }
    throw .fileSystem("lock", path, number)
  }

  /// Whether a process has the lock. `false` for a file that is not there.
  package static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return false }
    return errno == EWOULDBLOCK
  }
}
