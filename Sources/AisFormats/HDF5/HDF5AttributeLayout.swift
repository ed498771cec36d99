/// Where the parts of an attribute message lie.
///
///     version 1: version, 0, name size (2), type size (2), space size (2); each part padded to 8 bytes
///     version 2: as 1 without padding; bit 0 and 1 of byte 1 say that type or space are shared
///     version 3: as 2 with the name's character set before the name
struct HDF5AttributeLayout {
  let name: String
  private let type: Range<Int>
  private let space: Range<Int>
  private let data: Range<Int>
  private let isShared: Bool

  init(_ bytes: [UInt8], _ message: HDF5ObjectHeader.Message) throws(HDF5Fault) {
    guard !message.isShared else { throw .unsupported("attributes shared between objects") }
    var cursor = try HDF5Cursor(bytes, message, reading: "an attribute")
    let version = try cursor.uint8()
    guard (1...3).contains(version) else { throw .damaged("an attribute of version \(version), expected 1 to 3") }
    let flags = try cursor.uint8()
    isShared = version > 1 && flags & 3 != 0
    let sizes = (name: Int(try cursor.uint16()), type: Int(try cursor.uint16()), space: Int(try cursor.uint16()))
    if version == 3 { try cursor.skip(1) }
    func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
    let nameRange = try cursor.take(padded(sizes.name))
    name = String(decoding: bytes[nameRange].prefix { $0 != 0 }, as: UTF8.self)
    type = try cursor.take(padded(sizes.type))
    space = try cursor.take(padded(sizes.space))
    data = try cursor.take(cursor.remaining)
  }

  /// The attribute's value; text of variable length is fetched from the global heap.
  func value(
    in bytes: [UInt8], heap: inout HDF5GlobalHeap, budget: inout HDF5Budget
  ) throws(HDF5Fault) -> HDF5Attribute {
    guard !isShared else { throw .unsupported("attributes with a shared type") }
    var cursor = try HDF5Cursor(bytes, at: UInt64(type.lowerBound), count: UInt64(type.count), reading: "a datatype")
    let datatype = try HDF5Datatype(&cursor)
    cursor = try HDF5Cursor(bytes, at: UInt64(space.lowerBound), count: UInt64(space.count), reading: "a dataspace")
    let needed = try datatype.byteCount(of: try HDF5Dataspace(&cursor).extents)
    guard needed <= data.count else {
      throw .damaged("the attribute '\(name)' needs \(needed) bytes, \(data.count) are there")
    }
    // Elements of no bytes would make any number of them free.
    let count = datatype.size == 0 ? 0 : needed / datatype.size
    try budget.spend(steps: count)
    let content = bytes[data.lowerBound..<data.lowerBound + needed]
    switch datatype {
    case .float, .integer:
      return .numbers(try datatype.numbers(in: content))
    case .fixedString(let length):
      try budget.spend(bytes: needed)
      var strings: [String] = []
      for start in stride(from: content.startIndex, to: content.startIndex + count * length, by: max(length, 1)) {
        strings.append(trimmed(text(content[start..<start + length])))
      }
      return .strings(strings)
    case .variableString:
      var strings: [String] = []
      cursor = try HDF5Cursor(bytes, at: UInt64(data.lowerBound), count: UInt64(needed), reading: "an attribute")
      for _ in 0..<count {
        let length = Int(try cursor.uint32())
        let (address, index) = (try cursor.uint64(), try cursor.uint32())
        guard length > 0 else {
          strings.append("")
          continue
        }
        let object = try heap.object(index, at: address, in: bytes, budget: &budget)
        guard length <= object.count else { throw .damaged("the attribute '\(name)' is longer than what was stored") }
        try budget.spend(bytes: length)
        strings.append(text(bytes[object.prefix(length)]))
      }
      return .strings(strings)
    }
  }

  /// Text up to its first NUL, whichever padding was declared.
  private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

  /// Text without the spaces that fill a fixed length.
  private func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// The collections of variable-length values; each is looked through once and remembered.
struct HDF5GlobalHeap {
  private var collections: [UInt64: [UInt16: Range<Int>]] = [:]

  /// Where object `index` of the collection at `address` lies.
  mutating func object(
    _ index: UInt32, at address: UInt64, in bytes: [UInt8], budget: inout HDF5Budget
  ) throws(HDF5Fault) -> Range<Int> {
    if collections[address] == nil {
      collections[address] = try Self.readCollection(bytes, at: address, budget: &budget)
    }
    guard let index = UInt16(exactly: index), let object = collections[address]?[index] else {
      throw .damaged("the global heap at byte \(address) has no object \(index)")
    }
    return object
  }

  private static func readCollection(
    _ bytes: [UInt8], at address: UInt64, budget: inout HDF5Budget
  ) throws(HDF5Fault) -> [UInt16: Range<Int>] {
    var cursor = try HDF5Cursor(bytes, at: address, reading: "a global heap")
    try cursor.expect(signature: "GCOL")
    try cursor.skip(4)
    let size = try cursor.uint64()
    guard size >= 16 else { throw .damaged("the global heap at byte \(address) has a size of \(size)") }
    cursor = try HDF5Cursor(bytes, at: address, count: size, reading: "a global heap")
    try cursor.skip(16)
    var objects: [UInt16: Range<Int>] = [:]
    while cursor.remaining >= 16 {
      try budget.spend(steps: 1)
      let index = try cursor.uint16()
      try cursor.skip(6)
      let length = try cursor.uint64()
      // Object 0 is the free space at the end.
      if index == 0 { break }
      guard length <= UInt64(cursor.remaining) else {
        throw .damaged("an object of the global heap at byte \(address) is larger than the heap")
      }
      objects[index] = try cursor.take(Int(length))
      try cursor.skip(min((8 - Int(length) % 8) % 8, cursor.remaining))
    }
    return objects
  }
}
