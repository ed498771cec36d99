/// Little TIFF files made byte by byte.
struct TIFFBytes {
  struct Page {
    var width = 4
    var height = 3
    var bits = 8
    var format = 1
    var samples = 1
    var rowsPerStrip: Int?
    var tile: (width: Int, height: Int)?
    var compression = 1
    var description: String?
    /// Unit (2 inch, 3 cm) and pixels per unit.
    var resolution: (unit: Int, perUnit: Int)?
    /// Strips or tiles.
    var chunks: [[UInt8]] = []
  }

  var isBigEndian = false
  var pages: [Page] = []
  /// Where the last directory points; 0 is the end.
  var lastLink: UInt32 = 0

  var bytes: [UInt8] {
    var out: [UInt8] = isBigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
    func u16(_ v: Int) -> [UInt8] {
      isBigEndian ? [UInt8(v >> 8 & 255), UInt8(v & 255)] : [UInt8(v & 255), UInt8(v >> 8 & 255)]
    }
    func u32(_ v: Int) -> [UInt8] { isBigEndian ? u16(v >> 16) + u16(v & 0xFFFF) : u16(v & 0xFFFF) + u16(v >> 16) }
    var linkAt = out.count
    out += u32(0)
    for page in pages {
      var offsets: [Int] = []
      for chunk in page.chunks {
        offsets.append(out.count)
        out += chunk
      }
      func stored(_ values: [Int]) -> (count: Int, field: [UInt8]) {
        if values.count == 1 { return (1, u32(values[0])) }
        let place = out.count
        out += values.flatMap(u32)
        return (values.count, u32(place))
      }
      // Tag, type (3 short, 4 long, 2 text, 5 ratio), count, field.
      var entries: [(Int, Int, Int, [UInt8])] = []
      func short(_ tag: Int, _ value: Int) { entries.append((tag, 3, 1, u16(value) + [0, 0])) }
      func long(_ tag: Int, _ value: Int) { entries.append((tag, 4, 1, u32(value))) }
      long(256, page.width)
      long(257, page.height)
      short(258, page.bits)
      short(259, page.compression)
      short(262, 1)
      if let description = page.description {
        let place = out.count
        out += Array(description.utf8) + [0]
        entries.append((270, 2, description.utf8.count + 1, u32(place)))
      }
      let (offsetCount, offsetField) = stored(offsets)
      let (_, sizeField) = stored(page.chunks.map(\.count))
      if page.tile == nil { entries.append((273, 4, offsetCount, offsetField)) }
      short(277, page.samples)
      if page.tile == nil {
        long(278, page.rowsPerStrip ?? page.height)
        entries.append((279, 4, offsetCount, sizeField))
      }
      if let resolution = page.resolution {
        for tag in [282, 283] {
          let place = out.count
          out += u32(resolution.perUnit) + u32(1)
          entries.append((tag, 5, 1, u32(place)))
        }
        short(296, resolution.unit)
      }
      if let tile = page.tile {
        long(322, tile.width)
        long(323, tile.height)
        entries.append((324, 4, offsetCount, offsetField))
        entries.append((325, 4, offsetCount, sizeField))
      }
      short(339, page.format)
      if out.count % 2 == 1 { out.append(0) }
      out.replaceSubrange(linkAt..<linkAt + 4, with: u32(out.count))
      out += u16(entries.count)
      for entry in entries { out += u16(entry.0) + u16(entry.1) + u32(entry.2) + entry.3 }
      linkAt = out.count
      out += u32(0)
    }
    out.replaceSubrange(linkAt..<linkAt + 4, with: u32(Int(lastLink)))
    return out
  }
}
