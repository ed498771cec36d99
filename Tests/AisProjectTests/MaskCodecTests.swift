import AisCore
import AisProject
import Testing

@Suite("MaskCodec")
struct MaskCodecTests {
  @Test("the bytes of known masks")
  func knownBytes() throws {
    var mask = SliceMask(height: 2, width: 200)
    #expect(MaskCodec.encode(mask) == [1])
    mask.set(5..<8)
    mask.set(200..<400)
    // 5 unpainted, 3 painted, 192 unpainted, 200 painted.
    #expect(MaskCodec.encode(mask) == [1, 5, 3, 0xC0, 1, 0xC8, 1])
    var dots = SliceMask(height: 1, width: 9)
    for x in stride(from: 0, to: 9, by: 2) { dots[y: 0, x: x] = true }
    #expect(MaskCodec.encode(dots) == [0, 0b0101_0101, 1])
  }

  @Test("what is encoded is decoded, whatever its size and density", arguments: [0, 0.02, 0.3, 0.5, 0.97, 1])
  func roundTrip(density: Double) throws {
    var generator = SeededGenerator(seed: UInt64(density * 100))
    for _ in 0..<40 {
      var mask = SliceMask(
        height: Int.random(in: 1...60, using: &generator), width: Int.random(in: 1...60, using: &generator))
      for index in 0..<mask.pixelCount where Double.random(in: 0..<1, using: &generator) < density {
        mask[index] = true
      }
      let bytes = MaskCodec.encode(mask)
      #expect(try MaskCodec.decode(bytes, height: mask.height, width: mask.width) == mask)
      #expect(bytes.count <= 1 + (mask.pixelCount + 7) / 8)
    }
  }

  @Test(
    "bytes that are no mask are refused",
    arguments: [
      [], [2], [0], [0, 1], [0, 1, 2, 3], [1, 0], [1, 5, 8], [1, 13, 1], [1, 0x80],
      [1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
    ] as [[UInt8]])
  func damage(bytes: [UInt8]) {
    #expect(throws: AisError.self) { try MaskCodec.decode(bytes, height: 3, width: 4) }
  }

  @Test("random bytes are decoded or refused, and never end the program")
  func randomBytes() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<5000 {
      let count = Int.random(in: 0...12, using: &generator)
      let bytes =
        [UInt8.random(in: 0...2, using: &generator)] + (0..<count).map { _ in .random(in: 0...255, using: &generator) }
      _ = try? MaskCodec.decode(bytes, height: 5, width: 7)
    }
  }
}
