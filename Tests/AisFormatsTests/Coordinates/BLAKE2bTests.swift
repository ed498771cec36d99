import AisCore
import AisFormats
import Testing

@Suite("BLAKE2b and the ids made with it")
struct BLAKE2bTests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test("the digest of RFC 7693's example comes out")
  func example() {
    #expect(
      hex(BLAKE2b.digest(of: Array("abc".utf8), byteCount: 64))
        == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")
  }

  // The numbers are of Python's hashlib.blake2b(bytes(i % 251 for i in range(n)), digest_size=16).
  @Test(
    "messages of no bytes, around a block and of several blocks",
    arguments: [
      (0, "cae66941d9efbd404e4d88758ea67670"), (1, "7025e075d5e2f6cde3cc051a31f07660"),
      (127, "28b1296c7d4807883de6ee4ec04dcc0a"), (128, "a74787004ef589e31149183900d0294a"),
      (129, "aaf1b0371f6d4ee49ee4fb5ddd9c49ef"), (256, "1142c504dcd26338b7cbcf41424540d0"),
      (1000, "bca120dfd89cd95d82898473a5b01c90"),
    ])
  func lengths(count: Int, digest: String) {
    #expect(hex(BLAKE2b.digest(of: (0..<count).map { UInt8($0 % 251) }, byteCount: 16)) == digest)
  }

  @Test("an id is that of the reference program")
  func identifier() {
    let point = VoxelPoint(z: 20, y: 30, x: 40)
    #expect(ParticleIdentifier.make(file: "T1__Ribo.mrc", point: point) == "XpvXuEYhtS")
    let turned = ParticleIdentifier.make(
      file: "T1__Ribo.mrc", point: point, angles: EulerAngles(rot: 0, tilt: 0, psi: 0))
    #expect(turned != "XpvXuEYhtS" && turned.count == 10)
  }
}
