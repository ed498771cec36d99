import AisFormats
import Testing

@Suite("SHA256")
struct SHA256Tests {
  @Test("digests are those of FIPS 180-4")
  func knownDigests() {
    #expect(SHA256.hex(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test("bytes given in pieces count as one text")
  func pieces() {
    var digest = SHA256()
    digest.update("a")
    digest.update("bc")
    #expect(digest.finish() == SHA256.hex(of: Array("abc".utf8)))
  }
}
