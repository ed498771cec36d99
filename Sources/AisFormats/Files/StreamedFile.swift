import AisCore

/// A file written from its start to its end in pieces. It appears under its own name only when `finish()` has brought it
/// whole to the disk.
package final class StreamedFile {
  package let path: String
  /// Of all bytes, once sealed.
  package private(set) var sha256 = ""
  private var digest = SHA256()
  private let file: TemporaryFile
  private var buffer: [UInt8] = []
  /// Bytes that have left the buffer.
  private var written = 0
  private static let bufferSize = 1 << 20

  package init(_ path: String) throws(AisError) {
    self.path = path
    file = try TemporaryFile(for: path)
    buffer.reserveCapacity(Self.bufferSize + (64 << 10))
  }

  /// Bytes given so far.
  package var byteCount: Int { written + buffer.count }

  /// Removes what was written. May be called from any thread, also while another writes, and again.
  package var abandonment: @Sendable () -> Void { { [file] in file.abandon() } }

  package func append(_ bytes: some Sequence<UInt8>) throws(AisError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  package func append(_ text: String) throws(AisError) { try append(text.utf8) }

  /// Lets `body` add to the buffer directly: for many small pieces, at most some kilobytes a call.
  @inline(__always)
  func append(_ body: (inout [UInt8]) -> Void) throws(AisError) {
    body(&buffer)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Writes the rest and brings everything to the disk; the file still waits for its name. Nothing more can be added.
  package func seal() throws(AisError) {
    guard sha256.isEmpty else { return }
    try flush()
    buffer = []
    sha256 = digest.finish()
    CrashPoint.reached(.afterLastByte)
    try file.seal()
  }

  /// Seals the file, if that was not done, and puts it under its name. After this the object is spent.
  package func finish() throws(AisError) {
    try seal()
    try file.commit()
  }

  private func flush() throws(AisError) {
    var failure: AisError?
    buffer.withUnsafeBytes { bytes in
      do throws(AisError) { try file.write(bytes, at: written) } catch { failure = error }
      digest.update(bytes)
    }
    if let failure {
      file.abandon()
      throw failure
    }
    written += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }
}

extension [UInt8] {
  /// Appends the bytes of a value as they lie in the memory of a little-endian machine.
  @inline(__always)
  mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  @inline(__always)
  mutating func appendLittleEndian(_ value: Float) { appendLittleEndian(value.bitPattern) }

  @inline(__always)
  mutating func appendLittleEndian(_ value: SIMD3<Float>) {
    appendLittleEndian(value.x)
    appendLittleEndian(value.y)
    appendLittleEndian(value.z)
  }
}
