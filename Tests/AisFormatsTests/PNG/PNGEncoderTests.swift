import AisCore
import AisFormats
import CCodecs
import Testing

@Suite("PNG files")
struct PNGEncoderTests {
  /// Chunks of a PNG file; checks every checksum.
  private func chunks(_ bytes: [UInt8]) throws -> [(type: String, data: [UInt8])] {
    #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var result: [(String, [UInt8])] = []
    var i = 8
    func word(_ at: Int) -> UInt { bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt($1) } }
    while i < bytes.count {
      let length = Int(word(i))
      let data = Array(bytes[i + 8..<i + 8 + length])
      let checked = Array(bytes[i + 4..<i + 8 + length])
      #expect(crc32(0, checked, UInt32(checked.count)) == word(i + 8 + length))
      result.append((String(decoding: bytes[i + 4..<i + 8], as: UTF8.self), data))
      i += 12 + length
    }
    return result
  }

  /// Undoes the filters of PNG (specification, section 9) on rows of RGB.
  private func unfiltered(_ filtered: [UInt8], width: Int, height: Int) -> [UInt8] {
    var rows: [UInt8] = []
    let stride = width * 3
    for y in 0..<height {
      let kind = filtered[y * (stride + 1)]
      for x in 0..<stride {
        let raw = filtered[y * (stride + 1) + 1 + x]
        let left = x >= 3 ? Int(rows[y * stride + x - 3]) : 0
        let up = y > 0 ? Int(rows[(y - 1) * stride + x]) : 0
        let corner = x >= 3 && y > 0 ? Int(rows[(y - 1) * stride + x - 3]) : 0
        let p = left + up - corner
        let distances = (abs(p - left), abs(p - up), abs(p - corner))
        let paeth =
          distances.0 <= distances.1 && distances.0 <= distances.2 ? left : distances.1 <= distances.2 ? up : corner
        let guess = [0, left, up, (left + up) / 2, paeth][Int(kind)]
        rows.append(UInt8(truncatingIfNeeded: Int(raw) + guess))
      }
    }
    return rows
  }

  @Test("hold the pixels and texts that were given", arguments: [(1, 1), (3, 2), (64, 17), (301, 40)])
  func roundTrip(width: Int, height: Int) throws {
    var random = SeededGenerator(seed: 9)
    let rgb = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    let bytes = try PNGEncoder.encode(
      rgb: rgb, width: width, height: height, texts: [.init("Software", "ais"), .init("Description", "10 Å · 5 µm")])
    let chunks = try chunks(bytes)
    #expect(chunks.first?.type == "IHDR" && chunks.last?.type == "IEND")
    #expect(chunks[0].data[8..<13].elementsEqual([8, 2, 0, 0, 0]))
    var filtered = [UInt8](repeating: 0, count: (width * 3 + 1) * height)
    var count = UInt(filtered.count)
    let packed = chunks.filter { $0.type == "IDAT" }.flatMap(\.data)
    #expect(uncompress(&filtered, &count, packed, UInt(packed.count)) == Z_OK)
    #expect(Int(count) == filtered.count)
    #expect(unfiltered(filtered, width: width, height: height) == rgb)
    let texts = chunks.filter { $0.type == "iTXt" }.map { String(decoding: $0.data, as: UTF8.self) }
    #expect(texts.count == 2)
    #expect(texts.contains { $0.hasPrefix("Description\0") && $0.hasSuffix("10 Å · 5 µm") })
  }

  @Test("cannot be empty or beyond what viewers open", arguments: [(0, 1), (1, 0), (40_000, 1)])
  func size(width: Int, height: Int) {
    #expect {
      try PNGEncoder.encode(rgb: [UInt8](repeating: 0, count: width * height * 3), width: width, height: height)
    } throws: { ($0 as? AisError)?.code == .limitExceeded }
  }
}
