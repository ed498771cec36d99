import Glibc

/// Numbers as texts, with the rounding of C and Python.
package enum DecimalText {
  /// With that many digits after the point (17 at most), correctly rounded (`%.6f`).
  package static func fixed(_ value: Double, _ digits: Int = 6) -> String {
    withVaList([Int32(max(0, min(digits, 17))), value]) { arguments in
      // 309 digits before the point at most.
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 384) { buffer in
        let count = vsnprintf(buffer.baseAddress, buffer.count, "%.*f", arguments)
        return String(
          decoding: UnsafeRawBufferPointer(start: buffer.baseAddress, count: min(Int(count), buffer.count - 1)),
          as: UTF8.self)
      }
    }
  }

  /// The shortest text that is read back as the same number; whole numbers without a point.
  package static func exact(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    return "\(value)"
  }

  /// The nearest whole number, halves away from zero.
  package static func rounded(_ value: Double) -> String {
    guard abs(value) < 1e15 else { return "\(value)" }
    return String(Int(value.rounded()))
  }
}
