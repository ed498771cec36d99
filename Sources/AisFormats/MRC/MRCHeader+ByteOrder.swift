import AisCore

extension MRCHeader {
  /// Whether the numbers could be those of an MRC header; used to tell byte orders apart and files of other kinds.
  var isPlausible: Bool {
    size.values.allSatisfy { $0 >= 1 && $0 <= 1 << 24 }
      && MRCMode.bitCount(mode) != nil
      && (axes.values.allSatisfy { $0 == 0 } || axes.values.allSatisfy { (1...3).contains($0) } || hasMapID)
      && sampling.values.allSatisfy { $0 >= -1 << 24 && $0 <= 1 << 24 }
  }

  /// Bytes of the voxels, or `nil` when the numbers do not make sense.
  var dataByteCount: Int? {
    guard let bits = MRCMode.bitCount(mode) else { return nil }
    let (rowBits, rowOverflow) = size.first.multipliedReportingOverflow(by: bits)
    guard size.values.allSatisfy({ $0 > 0 }), !rowOverflow, rowBits <= Int.max - 7 else { return nil }
    return Shape(z: size.third, y: size.second, x: (rowBits + 7) / 8).countIfRepresentable
  }

  /// Whether header, extended header and voxels together have exactly the size of the file.
  func fits(_ fileByteCount: Int) -> Bool {
    guard let data = dataByteCount, extendedByteCount >= 0 else { return false }
    return data <= fileByteCount && Self.byteCount + extendedByteCount + data == fileByteCount
  }

  /// The byte order that a machine stamp names, or `nil` for anything else.
  static func order(ofStamp stamp: [UInt8]) -> ByteOrder? {
    switch (stamp[0], stamp[1]) {
    case (0x44, 0x44), (0x44, 0x41): .littleEndian
    case (0x11, 0x11): .bigEndian
    default: nil
    }
  }

  /// Reads a header, finding out its byte order: what the machine stamp says if that makes sense, else the order in
  /// which the numbers do.
  ///
  /// - Returns: the header, its order and how it was found; `nil` when the bytes make sense in neither order.
  static func detect(
    _ bytes: [UInt8], fileByteCount: Int
  ) -> (header: MRCHeader, order: ByteOrder, reason: String, warning: TomogramWarning?)? {
    let little = MRCHeader(bytes: bytes, order: .littleEndian)
    let big = MRCHeader(bytes: bytes, order: .bigEndian)
    let stamp = Array(bytes[212..<216])
    let stampText = stamp.map { hexadecimal($0) }.joined(separator: " ")

    func header(_ order: ByteOrder) -> MRCHeader { order == .littleEndian ? little : big }
    let better: ByteOrder?
    switch (little.isPlausible, big.isPlausible) {
    case (false, false): return nil
    case (true, false): better = .littleEndian
    case (false, true): better = .bigEndian
    case (true, true):
      let fits = (little.fits(fileByteCount), big.fits(fileByteCount))
      better = fits == (true, false) ? .littleEndian : fits == (false, true) ? .bigEndian : nil
    }

    guard let stamped = order(ofStamp: stamp) else {
      let order = better ?? .littleEndian
      let warning = TomogramWarning(
        .machineStampMissing,
        "the machine stamp (bytes 213–216) is '\(stampText)' and names no byte order; the header makes sense as \(order.rawValue)."
      )
      return (header(order), order, "the machine stamp is missing; the header makes sense this way", warning)
    }
    if let better, better != stamped {
      let warning = TomogramWarning(
        .machineStampWrong,
        "the machine stamp '\(stampText)' says \(stamped.rawValue), but the header makes sense only as \(better.rawValue), which is used."
      )
      return (header(better), better, "the machine stamp is wrong; the header makes sense only this way", warning)
    }
    return (header(stamped), stamped, "the machine stamp", nil)
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }
}
