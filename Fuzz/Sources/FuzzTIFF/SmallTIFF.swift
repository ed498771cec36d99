/// A minimal writer of TIFF stacks, for seeds: one strip a page, both byte orders, plain or PackBits.
struct SmallTIFF {
  var width = 5
  var height = 4
  var pages = 3
  var bitsPerSample = 8
  /// 1 unsigned, 2 signed, 3 floating point.
  var sampleFormat = 1
  var isBigEndian = false
  var isPacked = false

  func bytes() -> [UInt8] {
    var file: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    append(42, 2, to: &file)
    append(8, 4, to: &file)
    for page in 0..<pages {
      let strip = stripBytes(page)
      let entries: [(tag: Int, type: Int, value: Int)] = [
        (256, 3, width), (257, 3, height), (258, 3, bitsPerSample), (259, 3, isPacked ? 32773 : 1), (262, 3, 1),
        (273, 4, file.count + 2 + 12 * 11 + 4), (277, 3, 1), (278, 3, height), (279, 4, strip.count),
        (284, 3, 1), (339, 3, sampleFormat),
      ]
      append(entries.count, 2, to: &file)
      for entry in entries {
        append(entry.tag, 2, to: &file)
        append(entry.type, 2, to: &file)
        append(1, 4, to: &file)
        append(entry.value, entry.type == 3 ? 2 : 4, to: &file)
        if entry.type == 3 { append(0, 2, to: &file) }
      }
      let padded = strip.count + strip.count % 2
      append(page == pages - 1 ? 0 : file.count + 4 + padded, 4, to: &file)
      file += strip
      if strip.count < padded { file.append(0) }
    }
    return file
  }

  private func stripBytes(_ page: Int) -> [UInt8] {
    let row = (0..<width * bitsPerSample / 8).map { UInt8(truncatingIfNeeded: 7 * $0 + 31 * page) }
    // PackBits: a count less one, then that many bytes as they are.
    let stored = isPacked ? [UInt8(row.count - 1)] + row : row
    return Array(repeating: stored, count: height).flatMap { $0 }
  }

  private func append(_ value: Int, _ count: Int, to file: inout [UInt8]) {
    let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    file += isBigEndian ? little.reversed() : little
  }
}
