import CCodecs

/// The MD5 digest (RFC 1321), computed by nettle: for names that other programs make with it, never for trust.
package enum MD5 {
  /// Thirty-two hexadecimal digits.
  package static func hex(of text: String) -> String {
    var context = md5_ctx()
    nettle_md5_init(&context)
    let bytes = Array(text.utf8)
    nettle_md5_update(&context, bytes.count, bytes)
    var digest = [UInt8](repeating: 0, count: Int(MD5_DIGEST_SIZE))
    nettle_md5_digest(&context, digest.count, &digest)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
