/// An amount of memory or disk.
package struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }
  package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }
  package static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count << 30) }

  package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

  /// With a unit and at most one decimal: `512 bytes`, `3.4 GiB`.
  package var description: String {
    var value = Double(bytes)
    var unit = "bytes"
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] where abs(value) >= 1023.95 {
      value /= 1024
      unit = next
    }
    if unit == "bytes" { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths)) \(unit)" : "\(tenths) \(unit)"
  }
}
