import AisCore
import CCodecs
import Glibc

/// Turns pixels into the bytes of a PNG file.
package enum PNGEncoder {
  /// A keyword and its value, kept inside the picture ("Software", "Title", "Description", …).
  package struct Text: Sendable {
    package var keyword: String
    package var value: String
    package init(_ keyword: String, _ value: String) {
      self.keyword = keyword
      self.value = value
    }
  }

  /// The largest picture written, in pixels on a side: browsers and image viewers refuse more.
  package static let maximumSide = 32_768

  /// Encodes 8-bit RGB pixels.
  ///
  /// - Parameters:
  ///   - pixels: `height × width × 3` bytes, rows from the top, red green blue.
  ///   - texts: stored as UTF-8; a keyword has 1 to 79 Latin letters.
  /// - Throws: `.limitExceeded` for a picture without pixels or beyond `maximumSide`; `.outOfMemory`.
  package static func encode(
    rgb pixels: [UInt8], width: Int, height: Int, texts: [Text] = []
  ) throws(AisError) -> [UInt8] {
    guard width > 0, height > 0, width <= maximumSide, height <= maximumSide else {
      throw AisError(
        .limitExceeded,
        "a picture of \(width) × \(height) pixels cannot be written: each side must have 1 to \(maximumSide)")
    }
    precondition(pixels.count == width * height * 3, "an RGB picture has three bytes per pixel")

    // The C strings live until the end of this function.
    let keywords = texts.map { strdup($0.keyword) }
    let values = texts.map { strdup($0.value) }
    defer { (keywords + values).forEach { free($0) } }
    let entries = zip(keywords, values).map { ccodecs_png_text(keyword: $0, text: $1) }

    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    let status = ccodecs_png_encode_rgb(
      pixels, Int32(width), Int32(height), entries, Int32(entries.count), &bytes, &count, &message, message.count)
    guard status == 0, let bytes else {
      let words = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw AisError(.outOfMemory, "a picture of \(width) × \(height) pixels could not be encoded: \(words)")
    }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
