/// The kind of one element of an array or attribute.
enum HDF5Datatype: Sendable, Equatable {
  case float(size: Int, isBigEndian: Bool)
  case integer(size: Int, isSigned: Bool, isBigEndian: Bool)
  case fixedString(length: Int)
  /// Each element is a 4-byte length, an 8-byte address of a global heap and a 4-byte index into it.
  case variableString

  /// Reads a datatype message (versions 1–3): class and version, 24 bits of flags, the element's size, properties.
  init(_ cursor: inout HDF5Cursor) throws(HDF5Fault) {
    let kind = try cursor.uint8() & 0x0F
    let flags = UInt32(try cursor.uint8()) | UInt32(try cursor.uint16()) << 8
    let size = Int(try cursor.uint32())
    switch kind {
    case 0:
      let (offset, precision) = (try cursor.uint16(), try cursor.uint16())
      guard [1, 2, 4, 8].contains(size), offset == 0, Int(precision) == size * 8 else {
        throw .unsupported("integers of \(precision) bits")
      }
      self = .integer(size: size, isSigned: flags & 8 != 0, isBigEndian: flags & 1 != 0)
    case 1:
      // Bit 6 with bit 0 is the VAX order. The fields are those of IEEE 754, or the values would mean something else.
      let layout = [
        try cursor.uint16(), try cursor.uint16(), UInt16(try cursor.uint8()), UInt16(try cursor.uint8()),
        UInt16(try cursor.uint8()), UInt16(try cursor.uint8()),
      ]
      let single: [UInt16] = [0, 32, 23, 8, 0, 23]
      let double: [UInt16] = [0, 64, 52, 11, 0, 52]
      guard flags & 0x40 == 0, size == 4 && layout == single || size == 8 && layout == double else {
        throw .unsupported("floating-point numbers of \(size) bytes that are neither float32 nor float64")
      }
      self = .float(size: size, isBigEndian: flags & 1 != 0)
    case 3:
      self = .fixedString(length: size)
    case 9:
      guard flags & 0x0F == 1, size == 16 else { throw .unsupported("lists of variable length") }
      self = .variableString
    default:
      throw .unsupported("a datatype of class \(kind)")
    }
  }

  var size: Int {
    switch self {
    case .float(let size, _), .integer(let size, _, _), .fixedString(let size): size
    case .variableString: 16
    }
  }

  /// The bytes of an array; an error when they do not fit an `Int`.
  func byteCount(of extents: [Int]) throws(HDF5Fault) -> Int {
    var count = size
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw .excessive("an array has the extents \(extents)") }
      count = product
    }
    return count
  }

  /// All elements in these bytes as float32.
  func floats(in data: ArraySlice<UInt8>) throws(HDF5Fault) -> [Float] {
    if case .float(size: 4, let isBigEndian) = self {
      return data.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { index in
          let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
          return Float(bitPattern: isBigEndian ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits))
        }
      }
    }
    return try numbers(in: data).map { Float($0) }
  }

  /// All elements in these bytes as float64; integers beyond 2⁵³ are rounded.
  func numbers(in data: ArraySlice<UInt8>) throws(HDF5Fault) -> [Double] {
    let count = data.count / max(size, 1)
    func bits(_ index: Int, bigEndian: Bool) -> UInt64 {
      let start = data.startIndex + index * size
      let element = data[start..<start + size]
      return bigEndian
        ? element.reduce(0) { $0 << 8 | UInt64($1) } : element.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    switch self {
    case .float(size: 4, let isBigEndian):
      return (0..<count).map { Double(Float(bitPattern: UInt32(bits($0, bigEndian: isBigEndian)))) }
    case .float(_, let isBigEndian):
      return (0..<count).map { Double(bitPattern: bits($0, bigEndian: isBigEndian)) }
    case .integer(let size, let isSigned, let isBigEndian):
      let spare = 64 - size * 8
      return (0..<count).map { index in
        let value = bits(index, bigEndian: isBigEndian)
        // Shifted up and down again, the sign bit fills the upper bytes.
        return isSigned ? Double(Int64(bitPattern: value << spare) >> spare) : Double(value)
      }
    case .fixedString, .variableString:
      throw .damaged("text where numbers are expected")
    }
  }
}

/// The extents of an array or attribute.
struct HDF5Dataspace {
  /// Slowest axis first; empty for a single value, `[0]` for no value at all.
  let extents: [Int]

  /// Reads a dataspace message, version 1 or 2.
  init(_ cursor: inout HDF5Cursor) throws(HDF5Fault) {
    let (version, rank) = (try cursor.uint8(), Int(try cursor.uint8()))
    try cursor.skip(1)
    switch version {
    case 1: try cursor.skip(5)
    case 2:
      let isNull = try cursor.uint8() == 2
      guard !isNull else {
        extents = [0]
        return
      }
    default: throw .damaged("a dataspace of version \(version), expected 1 or 2")
    }
    guard rank <= 32 else { throw .damaged("an array of \(rank) axes, HDF5 allows 32") }
    var extents: [Int] = []
    for _ in 0..<rank {
      guard let extent = Int(exactly: try cursor.uint64()) else { throw .excessive("an array has a giant extent") }
      extents.append(extent)
    }
    self.extents = extents
  }

  init(_ bytes: [UInt8], _ message: HDF5ObjectHeader.Message) throws(HDF5Fault) {
    guard !message.isShared else { throw .unsupported("extents shared between arrays") }
    var cursor = try HDF5Cursor(bytes, message, reading: "a dataspace")
    try self.init(&cursor)
  }
}
