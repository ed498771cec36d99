import AisCore

/// The order of the bytes of a number in a file.
package enum ByteOrder: String, Sendable, Hashable {
  case littleEndian = "little-endian"
  case bigEndian = "big-endian"

  package static var native: ByteOrder { 1.littleEndian == 1 ? .littleEndian : .bigEndian }
}

/// Numbers at known places of a header, bounds checked.
struct HeaderBytes {
  let bytes: [UInt8]
  let order: ByteOrder

  func integer(at offset: Int) -> Int { Int(Int32(bitPattern: word(at: offset))) }
  func real(at offset: Int) -> Float { Float(bitPattern: word(at: offset)) }
  func word(at offset: Int) -> UInt32 {
    let raw = bytes[offset..<offset + 4]
    return order == .littleEndian
      ? raw.reversed().reduce(0) { $0 << 8 | UInt32($1) } : raw.reduce(0) { $0 << 8 | UInt32($1) }
  }
  func integers(at offset: Int) -> MRCHeader.Triple<Int> {
    .init(integer(at: offset), integer(at: offset + 4), integer(at: offset + 8))
  }
  func reals(at offset: Int) -> MRCHeader.Triple<Float> {
    .init(real(at: offset), real(at: offset + 4), real(at: offset + 8))
  }
  /// Text of `count` bytes without trailing blanks and zeros; bytes that are not text become `?`.
  func text(at offset: Int, count: Int) -> String {
    var raw = Array(bytes[offset..<offset + count])
    if let end = raw.firstIndex(of: 0) { raw.removeSubrange(end...) }
    while raw.last == 0x20 { raw.removeLast() }
    // A label may be UTF-8; control characters could drive a terminal and are shown as '?'.
    let cleaned = raw.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
    return String(decoding: cleaned, as: UTF8.self)
  }
}

/// Where each field stands.
private enum Offset {
  static let size = 0, mode = 12, start = 16, sampling = 28, cell = 40, angles = 52, axes = 64
  static let minimum = 76, maximum = 80, mean = 84, spaceGroup = 88, extendedByteCount = 92
  static let extendedType = 104, version = 108, imodStamp = 152, imodFlags = 156
  static let origin = 196, map = 208, machineStamp = 212, rms = 216, labelCount = 220, labels = 224
}

extension MRCHeader {
  /// Reads the fields in the given byte order. Nothing is judged here: see `MRCHeader+Validation.swift`.
  ///
  /// - Parameter bytes: at least 1024.
  package init(bytes: [UInt8], order: ByteOrder) {
    precondition(bytes.count >= Self.byteCount, "an MRC header has 1024 bytes")
    let b = HeaderBytes(bytes: bytes, order: order)
    size = b.integers(at: Offset.size)
    mode = b.integer(at: Offset.mode)
    start = b.integers(at: Offset.start)
    sampling = b.integers(at: Offset.sampling)
    cell = b.reals(at: Offset.cell)
    angles = b.reals(at: Offset.angles)
    axes = b.integers(at: Offset.axes)
    minimum = b.real(at: Offset.minimum)
    maximum = b.real(at: Offset.maximum)
    mean = b.real(at: Offset.mean)
    spaceGroup = b.integer(at: Offset.spaceGroup)
    extendedByteCount = b.integer(at: Offset.extendedByteCount)
    extendedType = b.text(at: Offset.extendedType, count: 4)
    version = b.integer(at: Offset.version)
    imodStamp = Int32(truncatingIfNeeded: b.integer(at: Offset.imodStamp))
    imodFlags = Int32(truncatingIfNeeded: b.integer(at: Offset.imodFlags))
    origin = b.reals(at: Offset.origin)
    mapBytes = Array(bytes[Offset.map..<Offset.map + 4])
    machineStamp = Array(bytes[Offset.machineStamp..<Offset.machineStamp + 4])
    rms = b.real(at: Offset.rms)
    labelCount = b.integer(at: Offset.labelCount)
    labels = (0..<max(0, min(10, labelCount))).map { b.text(at: Offset.labels + 80 * $0, count: 80) }
  }

  /// The 1024 bytes, little-endian. Fields that are not in this struct are zero.
  package func encoded() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    func put(_ value: Int, _ offset: Int) { putWord(UInt32(bitPattern: Int32(clamping: value)), offset) }
    func put(_ value: Float, _ offset: Int) { putWord(value.bitPattern, offset) }
    func putWord(_ word: UInt32, _ offset: Int) {
      for i in 0..<4 { bytes[offset + i] = UInt8(truncatingIfNeeded: word >> (8 * i)) }
    }
    func put(_ values: Triple<Int>, _ offset: Int) {
      for (i, v) in values.values.enumerated() { put(v, offset + 4 * i) }
    }
    func put(_ values: Triple<Float>, _ offset: Int) {
      for (i, v) in values.values.enumerated() { put(v, offset + 4 * i) }
    }
    func put(_ raw: [UInt8], _ offset: Int) { bytes.replaceSubrange(offset..<offset + raw.count, with: raw) }

    put(size, Offset.size)
    put(mode, Offset.mode)
    put(start, Offset.start)
    put(sampling, Offset.sampling)
    put(cell, Offset.cell)
    put(angles, Offset.angles)
    put(axes, Offset.axes)
    put(minimum, Offset.minimum)
    put(maximum, Offset.maximum)
    put(mean, Offset.mean)
    put(spaceGroup, Offset.spaceGroup)
    put(extendedByteCount, Offset.extendedByteCount)
    put(Array(extendedType.utf8.prefix(4)), Offset.extendedType)
    put(version, Offset.version)
    put(Int(imodStamp), Offset.imodStamp)
    put(Int(imodFlags), Offset.imodFlags)
    put(origin, Offset.origin)
    put(mapBytes, Offset.map)
    put(machineStamp, Offset.machineStamp)
    put(rms, Offset.rms)
    put(labels.count, Offset.labelCount)
    put(Self.encodedLabels(labels), Offset.labels)
    return bytes
  }

  /// Writes sampling, cell, origin and labels over an encoded header and leaves every other byte alone.
  func patch(_ bytes: inout [UInt8], order: ByteOrder, keepingLabels: Bool) {
    func put(_ words: [UInt32], _ offset: Int) {
      for (i, word) in words.enumerated() {
        for k in 0..<4 {
          let shift = order == .littleEndian ? 8 * k : 24 - 8 * k
          bytes[offset + 4 * i + k] = UInt8(truncatingIfNeeded: word >> shift)
        }
      }
    }
    put(sampling.values.map { UInt32(bitPattern: Int32(clamping: $0)) }, Offset.sampling)
    put(cell.values.map(\.bitPattern), Offset.cell)
    if hasMapID { put(origin.values.map(\.bitPattern), Offset.origin) }
    if keepingLabels { return }
    put([UInt32(labels.count)], Offset.labelCount)
    bytes.replaceSubrange(Offset.labels..<Offset.labels + 800, with: Self.encodedLabels(labels))
  }

  /// The ten label lines as 800 bytes: blanks fill each used line, unused lines are zero.
  package static func encodedLabels(_ labels: [String]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 800)
    for (i, label) in labels.prefix(10).enumerated() {
      let text = label.utf8.prefix(80)
      for k in 0..<80 { bytes[80 * i + k] = 0x20 }
      for (k, byte) in text.enumerated() { bytes[80 * i + k] = byte }
    }
    return bytes
  }
}
