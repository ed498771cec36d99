import AisCore
import AisFormats

/// What tells one version of a tomogram's file from another without reading it whole.
package struct InputFingerprint: Sendable, Hashable, Encodable {
  /// Bytes of the file.
  package var bytes: Int
  /// Seconds since 1970; not part of what is compared, for copies keep their content and not their date.
  package var modified: Double
  /// SHA-256 of the first 64 KiB (the header with them), the last, and 14 pieces between.
  package var sampleHash: String

  package init(_ path: String) throws(AisError) { try self.init(RandomAccessFile(path)) }

  /// Of a file that is going to be read: it keeps the pieces.
  init(_ file: RandomAccessFile) throws(AisError) {
    bytes = file.byteCount
    modified = file.modified
    var digest = SHA256()
    let piece = 64 << 10
    let starts =
      file.byteCount <= 16 * piece
      ? Array(stride(from: 0, to: file.byteCount, by: piece))
      : (0..<16).map { (file.byteCount - piece) / 15 * $0 }
    for start in starts {
      let part = try file.keptBytes(start..<min(start + piece, file.byteCount))
      part.withUnsafeBytes { digest.update($0) }
    }
    sampleHash = digest.finish()
  }

  /// Whether the file still has the size and the date that it had: then it need not be read again.
  func isCurrent(_ file: RandomAccessFile) -> Bool { file.byteCount == bytes && file.modified == modified }
}
