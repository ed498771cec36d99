import AisCore
import Glibc

/// The contents of a gzip or bzip2 file in a temporary file without a name, so that slices can be read by position
/// in bounded memory. The space is given back when the file is let go of, also after a crash.
struct DecompressedFile {
  let file: RandomAccessFile
  /// Something other than another stream follows after the last stream.
  let hasTail: Bool
  /// Decompression was stopped at the limit that the header gives.
  let isCut: Bool

  /// Decompresses `source`.
  ///
  /// - Parameter limit: looks at the first bytes (up to 1024) and says how many there may be in all, or throws;
  ///   a stream that goes on beyond is cut there, so that no archive fills the disk.
  init(
    _ source: RandomAccessFile, _ kind: TomogramInfo.Container,
    limit: ([UInt8]) throws(AisError) -> Int
  ) throws(AisError) {
    if kind == .bzip2 {
      try self.init(source, .bzip2, Bzip2Decoder(), limit)
    } else {
      try self.init(source, .gzip, GzipDecoder(), limit)
    }
  }

  private init<D: StreamDecoder & ~Copyable>(
    _ source: RandomAccessFile, _ kind: FileKind, _ initial: consuming D,
    _ limit: ([UInt8]) throws(AisError) -> Int
  ) throws(AisError) {
    var decoder = initial
    var target = try Target(for: source.path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer {
      buffer.deallocate()
      output.deallocate()
    }
    var position = 0  // in the source, of the first byte of `input`
    var input = UnsafeRawBufferPointer(rebasing: buffer[..<0])
    var isInside = true
    var hasTail = false
    // Output filled to the brim may have more behind it that needs no further input.
    var mayHaveMore = false
    while !target.isFull {
      if input.isEmpty && !mayHaveMore {
        let count = try source.readUpTo(buffer, at: position)
        if count == 0 { break }
        input = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      }
      if !isInside {
        // Another stream, or padding and rubbish, which is left alone as gzip does.
        guard FileKind(try source.bytes(position..<position + 16)) == kind, decoder.restart() else {
          hasTail = true
          break
        }
        isInside = true
      }
      guard let step = decoder.decode(input, into: output),
        step.taken > 0 || step.given > 0 || step.ended || input.isEmpty
      else { throw Self.corrupt(source, position) }
      position += step.taken
      input = UnsafeRawBufferPointer(rebasing: input[step.taken...])
      mayHaveMore = step.given == output.count && !step.ended
      isInside = !step.ended
      try target.append(UnsafeRawBufferPointer(rebasing: output[..<step.given]), limit)
    }
    if isInside && !target.isFull { throw Self.endsEarly(source, position) }
    file = try target.finished(limit)
    self.hasTail = hasTail
    isCut = target.isFull
  }

  private static func endsEarly(_ source: RandomAccessFile, _ position: Int) -> AisError {
    AisError(
      .truncated,
      "'\(source.path)' is truncated: its compressed data stop at byte \(position), in the middle. Copy the file again."
    )
  }

  private static func corrupt(_ source: RandomAccessFile, _ position: Int) -> AisError {
    AisError(
      .malformed,
      "'\(source.path)' is damaged: its compressed data make no sense near byte \(position). Copy the file again.")
  }
}

/// The bytes as they come, up to the limit that the first ones give.
private struct Target: ~Copyable {
  private let file: UnnamedFile
  private var head: [UInt8] = []
  private var most = Int.max
  private var written = 0
  /// There was more than the limit allows.
  private(set) var isFull = false

  init(for path: String) throws(AisError) { file = try UnnamedFile(for: path) }

  mutating func append(_ bytes: UnsafeRawBufferPointer, _ limit: ([UInt8]) throws(AisError) -> Int) throws(AisError) {
    if head.count < MRCHeader.byteCount {
      head += bytes.prefix(MRCHeader.byteCount - head.count)
      if head.count == MRCHeader.byteCount { most = try limit(head) }
    }
    let kept = min(bytes.count, most - written)
    try file.append(UnsafeRawBufferPointer(rebasing: bytes[..<kept]), at: written)
    written += kept
    isFull = kept < bytes.count
  }

  borrowing func finished(_ limit: ([UInt8]) throws(AisError) -> Int) throws(AisError) -> RandomAccessFile {
    // Too short for a header: the limit function knows how to say so.
    if head.count < MRCHeader.byteCount { _ = try limit(head) }
    return try file.reopened()
  }
}

/// A temporary file that has no name any more.
private struct UnnamedFile: ~Copyable {
  private let descriptor: Int32
  private let source: String
  private let folder: String

  /// In `TMPDIR` or `/var/tmp`, which is on a disk where `/tmp` may be in memory.
  init(for source: String) throws(AisError) {
    self.source = source
    let asked = getenv("TMPDIR").map { String(cString: $0) }
    let folder = asked.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    var template = Array((folder + "/ais-XXXXXX").utf8CString)
    descriptor = mkstemp(&template)
    self.folder = folder
    guard descriptor >= 0 else {
      throw AisError(
        .fileSystem,
        "'\(source)' cannot be decompressed: the folder for temporary files '\(folder)' refuses: \(AisError.systemMessage(errno)). "
          + "Set TMPDIR to another folder.")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  borrowing func append(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(AisError) {
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if wrote < 0 && errno == EINTR { continue }
      guard wrote > 0 else {
        let number = wrote < 0 ? errno : ENOSPC
        throw AisError(
          number == ENOSPC || number == EDQUOT ? .diskFull : .fileSystem,
          "'\(source)' cannot be decompressed into '\(folder)': \(AisError.systemMessage(number)). Set TMPDIR to a folder with more space."
        )
      }
      done += wrote
    }
  }

  /// The bytes written, for reading; messages name the source.
  borrowing func reopened() throws(AisError) -> RandomAccessFile {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .fileSystem("read", source, errno) }
    return try RandomAccessFile(adopting: copy, path: source)
  }
}
