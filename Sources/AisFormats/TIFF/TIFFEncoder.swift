import AisCore

/// A small uncompressed TIFF: one page of float64 for each slice, as model files carry the slice that their picture was made of.
package enum TIFFEncoder {
  private static let headerBytes = 8
  private static let entryCount = 11

  /// The bytes of a little-endian TIFF of planes (z, y, x), described as `{"shape": [z, y, x]}`.
  ///
  /// Throws `limitExceeded` beyond 4 GiB, which the format cannot address.
  package static func encode(_ planes: [[Float]], height: Int, width: Int) throws(AisError) -> [UInt8] {
    precondition(!planes.isEmpty && planes.allSatisfy { $0.count == height * width }, "planes are of one size")
    let text = Array("{\"shape\": [\(planes.count), \(height), \(width)]}".utf8) + [0]
    let pageBytes = 8 * height * width
    let directoryBytes = 2 + 12 * entryCount + 4
    // Of an even length: what follows must lie on even places.
    let textBytes = text.count + text.count % 2
    let total = headerBytes + textBytes + planes.count * (directoryBytes + pageBytes)
    guard total < 1 << 32 else {
      throw AisError(
        .limitExceeded, "a TIFF of \(planes.count) pages of \(width) × \(height) pixels is larger than 4 GiB")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(total)
    func add(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    bytes += Array("II".utf8)
    add(UInt16(42))
    add(UInt32(headerBytes + textBytes))
    bytes += text + [UInt8](repeating: 0, count: textBytes - text.count)
    for (index, plane) in planes.enumerated() {
      let data = bytes.count + directoryBytes
      add(UInt16(entryCount))
      // Tag, type (2 text, 3 two bytes, 4 four bytes), count, value or where it is.
      let entries: [(tag: UInt16, type: UInt16, count: Int, value: Int)] = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 64), (259, 3, 1, 1), (262, 3, 1, 1),
        (270, 2, text.count, headerBytes), (273, 4, 1, data), (277, 3, 1, 1), (278, 4, 1, height),
        (279, 4, 1, pageBytes), (339, 3, 1, 3),
      ]
      for entry in entries {
        add(entry.tag)
        add(entry.type)
        add(UInt32(entry.count))
        add(UInt32(entry.value))
      }
      add(UInt32(index == planes.count - 1 ? 0 : data + pageBytes))
      for value in plane { add(Double(value).bitPattern) }
    }
    return bytes
  }
}
