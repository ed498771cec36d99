import AisCore
import CCodecs
import Glibc
import Synchronization

/// A file that is written beside its final place under a hidden name and appears under its own name only when whole.
///
/// The hidden name is `.NAME.HOST.PID.N.part`: whoever finds one can tell whether the process that wrote it still lives.
final class TemporaryFile: Sendable {
  /// The final place.
  let path: String
  /// Where the bytes are until `commit()`.
  let temporaryPath: String
  // Closed only in `seal()` and `deinit`, when nobody writes: a thread that still writes while another abandons must not
  // meet a reused descriptor. −1 when closed.
  private let descriptor: Atomic<Int32>
  private enum State { case open, committed, abandoned }
  private let state = Mutex(State.open)
  private static let serial = Atomic<Int>(0)

  /// Creates the hidden file. The folder must be there and writable.
  init(for path: String) throws(AisError) {
    let (folder, name) = Self.split(path)
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw AisError(.usage, "'\(path)' is a folder: give the name of a file to write.")
    }
    let number = Self.serial.add(1, ordering: .relaxed).newValue
    let owner = "\(Self.hostName).\(getpid()).\(number).part"
    // A long name must leave room for the owner within the 255 bytes that file systems allow.
    let stem = String(decoding: Array(name.utf8.prefix(max(1, 250 - owner.utf8.count))), as: UTF8.self)
    self.path = path
    self.temporaryPath = "\(folder)/.\(stem).\(owner)"
    let descriptor = Glibc.open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else {
      let number = errno
      if number == ENOENT {
        throw AisError(.notFound, "cannot write '\(path)': its folder '\(folder)' is not there. Make it first.")
      }
      throw .fileSystem("write", path, number)
    }
    self.descriptor = Atomic(descriptor)
  }

  deinit {
    abandon()
    closeDescriptor()
  }

  private func closeDescriptor() {
    let old = descriptor.exchange(-1, ordering: .relaxed)
    if old >= 0 { close(old) }
  }

  /// Sets the length and asks for the space at once, so that a full disk shows before the work and not after it.
  func reserve(_ byteCount: Int) throws(AisError) {
    let descriptor = descriptor.load(ordering: .relaxed)
    let number = ccodecs_reserve(descriptor, Int64(byteCount))
    // File systems without the call (some NFS versions) simply grow the file as it is written.
    if number != 0 && number != EOPNOTSUPP && number != ENOSYS { throw failed("write", number) }
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw failed("write", errno) }
  }

  /// Writes all bytes at `offset`. Any thread.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(AisError) {
    guard state.withLock({ $0 == .open }) else {
      throw AisError(.cancelled, "writing '\(path)' was given up before its end")
    }
    let descriptor = descriptor.load(ordering: .relaxed)
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw failed("write", errno)
      }
      if wrote == 0 { throw failed("write", ENOSPC) }
      done += wrote
    }
  }

  /// Brings the bytes to the disk and lets go of the descriptor, so that any number of files can wait for their names.
  /// Nothing may be written afterwards.
  func seal() throws(AisError) {
    let descriptor = descriptor.load(ordering: .relaxed)
    guard descriptor >= 0 else { return }
    CrashPoint.reached(.beforeFsync)
    if fsync(descriptor) != 0 {
      let number = errno
      abandon()
      throw failed("write", number)
    }
    closeDescriptor()
  }

  /// Brings the bytes to the disk and puts the file under its own name. After this the object is spent.
  func commit() throws(AisError) {
    guard state.withLock({ $0 != .abandoned }) else {
      throw AisError(.cancelled, "writing '\(path)' was given up before its end")
    }
    precondition(state.withLock { $0 == .open }, "'\(path)' was already finished")
    try seal()
    CrashPoint.reached(.beforeRename)
    guard rename(temporaryPath, path) == 0 else {
      let number = errno
      abandon()
      throw failed("write", number)
    }
    state.withLock { $0 = .committed }
    CrashPoint.reached(.afterRename)
    Self.syncFolder(of: path)
  }

  /// As `commit()`, but only where nothing has the name yet: of several writers, on any machines that share the folder,
  /// exactly one is told `true`. The others' bytes are removed.
  func commitIfAbsent() throws(AisError) -> Bool {
    try seal()
    CrashPoint.reached(.beforeRename)
    let linked = link(temporaryPath, path) == 0
    let number = errno
    // A server's answer may be lost and the call sent again, which then fails although the first one succeeded: the
    // number of the file's names tells.
    var status = stat()
    let isOurs = linked || (stat(temporaryPath, &status) == 0 && status.st_nlink > 1)
    abandon()
    if isOurs {
      Self.syncFolder(of: path)
      return true
    }
    if number == EEXIST { return false }
    throw failed("write", number)
  }

  /// Removes the hidden file. Safe to call again, and after `commit()`.
  func abandon() {
    state.withLock { state in
      guard state == .open else { return }
      unlink(temporaryPath)
      state = .abandoned
    }
  }

  private func failed(_ action: String, _ number: Int32) -> AisError { .fileSystem(action, path, number) }

  /// Makes the new name itself survive a power cut. File systems that cannot do it are left alone.
  private static func syncFolder(of path: String) {
    let folder = Glibc.open(split(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
  }

  static let hostName: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "host" }
    let name = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    // Dots separate the parts of the name, so the host keeps only its first label.
    let label = name.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "/") }.prefix(63)
    return label.isEmpty ? "host" : String(decoding: label, as: UTF8.self)
  }()
}
