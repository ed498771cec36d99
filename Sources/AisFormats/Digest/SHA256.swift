import AisCore
import CCodecs

/// The SHA-256 digest of bytes given piece by piece (FIPS 180-4), computed by nettle.
package struct SHA256 {
  private var context = sha256_ctx()

  package init() { nettle_sha256_init(&context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    nettle_sha256_update(&context, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
  }

  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The digest of everything given so far, 64 hexadecimal digits. Afterwards the digest starts anew.
  package mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    nettle_sha256_digest(&context, digest.count, &digest)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The digest of these bytes.
  package static func hex(of bytes: [UInt8]) -> String {
    var digest = SHA256()
    bytes.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  /// The digest of a whole file, read in pieces.
  package static func hex(of file: RandomAccessFile) throws(AisError) -> String {
    var digest = SHA256()
    for start in stride(from: 0, to: file.byteCount, by: 1 << 20) {
      try file.bytes(start..<min(start + (1 << 20), file.byteCount)).withUnsafeBytes { digest.update($0) }
    }
    return digest.finish()
  }
}
