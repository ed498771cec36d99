import AisCore

/// Reads little-endian numbers from one stretch of a file; nothing can be read beyond its end.
struct HDF5Cursor {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int
  private let what: String

  /// A cursor over `range` of `bytes`; errors say that `what` is damaged.
  init(_ bytes: [UInt8], at offset: UInt64, count: UInt64? = nil, reading what: String) throws(HDF5Fault) {
    guard offset <= UInt64(bytes.count), count ?? 0 <= UInt64(bytes.count) - offset else {
      throw .damaged("\(what) at byte \(offset) lies outside the file")
    }
    self.bytes = bytes
    self.what = what
    position = Int(offset)
    end = count.map { Int(offset) + Int($0) } ?? bytes.count
  }

  var remaining: Int { end - position }

  mutating func skip(_ count: Int) throws(HDF5Fault) { _ = try take(count) }

  /// The next `count` bytes, as their place in the file.
  mutating func take(_ count: Int) throws(HDF5Fault) -> Range<Int> {
    guard count >= 0, count <= remaining else { throw .damaged("\(what) ends too early at byte \(end)") }
    defer { position += count }
    return position..<position + count
  }

  mutating func uint8() throws(HDF5Fault) -> UInt8 { UInt8(try integer(1)) }
  mutating func uint16() throws(HDF5Fault) -> UInt16 { UInt16(try integer(2)) }
  mutating func uint32() throws(HDF5Fault) -> UInt32 { UInt32(try integer(4)) }
  mutating func uint64() throws(HDF5Fault) -> UInt64 { try integer(8) }

  /// Goes on if the next bytes are these four letters.
  mutating func expect(signature: String) throws(HDF5Fault) {
    let start = position
    guard bytes[try take(4)].elementsEqual(signature.utf8) else {
      throw .damaged("byte \(start) should begin \(what) ('\(signature)')")
    }
  }

  private mutating func integer(_ count: Int) throws(HDF5Fault) -> UInt64 {
    bytes[try take(count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
