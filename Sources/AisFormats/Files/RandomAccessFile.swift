import AisCore
import Glibc

/// An open file that is read by position, from any thread. It is never mapped into memory, so that a file that
/// shrinks or a disk that fails is an error value and not a crash.
package final class RandomAccessFile: Sendable {
  package let path: String
  /// Bytes when opened.
  package let byteCount: Int
  /// Seconds since 1970 of the last change when opened.
  package let modified: Double
  private let descriptor: Int32
  private let kept = KeptPieces()

  /// Opens an ordinary file for reading. Folders, pipes and devices are refused.
  package convenience init(_ path: String) throws(AisError) {
    var descriptor: Int32
    // O_NONBLOCK: opening a pipe without a writer must be refused, not waited for.
    repeat { descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw .fileSystem("open", path, errno) }
    try self.init(adopting: descriptor, path: path)
  }

  /// Takes over an open descriptor; `path` is only for messages. The descriptor is closed in `deinit`, and on failure.
  init(adopting descriptor: Int32, path: String) throws(AisError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .fileSystem("open", path, number)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a pipe or device"
      throw AisError(.unsupported, "'\(path)' is \(kind), not a file.")
    }
    self.descriptor = descriptor
    self.path = path
    self.byteCount = Int(status.st_size)
    self.modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  }

  deinit { close(descriptor) }

  /// Fills `destination` with the bytes from `offset` on: all of them, or an error.
  package func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(AisError) {
    let got = try readUpTo(destination, at: offset)
    if got < destination.count { throw .shrank(path, openedWith: byteCount, endsAt: offset + got) }
  }

  /// Reads as many bytes from `offset` on as there are, at most what fits, and returns their number.
  package func readUpTo(_ destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(AisError) -> Int {
    var done = 0
    while done < destination.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: destination[done...])
      let missing: Int
      switch kept.copy(to: rest, at: offset + done) {
      case .copied(let count):
        done += count
        continue
      case .absent(let count): missing = count
      }
      // Linux moves at most 0x7ffff000 bytes in one call.
      let got = pread(descriptor, rest.baseAddress!, min(missing, 1 << 30), off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw .fileSystem("read", path, errno)
      }
      if got == 0 { break }
      done += got
    }
    return done
  }

  /// The bytes of `range`, or fewer where the file ends.
  package func bytes(_ range: Range<Int>) throws(AisError) -> [UInt8] {
    var failure: AisError?
    let result = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(AisError) {
        count = try readUpTo(
          UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count]),
          at: range.lowerBound)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }

  /// The same, kept in memory as long as this object lives: whoever reads them again does not go to the disk.
  package func keptBytes(_ range: Range<Int>) throws(AisError) -> [UInt8] {
    let bytes = try bytes(range)
    kept.keep(bytes, at: range.lowerBound)
    return bytes
  }

  /// The whole file, refused when it has more than `limit` bytes.
  package func contents(limit: Int) throws(AisError) -> [UInt8] {
    guard byteCount <= limit else {
      throw AisError(.limitExceeded, "'\(path)' has \(byteCount) bytes; files of this kind have at most \(limit).")
    }
    return try bytes(0..<byteCount)
  }

  /// Tells the kernel that `range` will be read soon. A hint: failure does not matter.
  package func prefetch(_ range: Range<Int>) {
    _ = posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
  }

  /// The descriptor, for libraries that read through one. Do not close it and do not use it after this object.
  func withDescriptor<R>(_ body: (Int32) -> R) -> R { body(descriptor) }
}
