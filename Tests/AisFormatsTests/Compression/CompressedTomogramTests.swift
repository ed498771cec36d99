import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Compressed tomograms")
struct CompressedTomogramTests {
  enum Kind: String, CaseIterable, Sendable {
    case gzip, bzip2
    func compress(_ bytes: [UInt8]) -> [UInt8] { self == .gzip ? Compressed.gzip(bytes) : Compressed.bzip2(bytes) }
  }

  let folder: TemporaryFolder
  let plain: [UInt8]
  static let shape = Shape(z: 5, y: 40, x: 50)

  init() throws {
    folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 9)
    let values = (0..<Self.shape.count).map { _ in Int16.random(in: -500...500, using: &random) }
    plain = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(values, .littleEndian)).bytes
  }

  private func open(_ bytes: [UInt8]) throws -> Tomogram {
    try Data(bytes).write(to: URL(filePath: folder.path("a.mrc.packed")))
    return try Tomogram.open(folder.path("a.mrc.packed"))
  }

  private func expectRight(_ tomogram: Tomogram) throws {
    try Data(plain).write(to: URL(filePath: folder.path("plain.mrc")))
    let original = try Tomogram.open(folder.path("plain.mrc"))
    #expect(tomogram.shape == original.shape)
    for z in 0..<Self.shape.z { #expect(try tomogram.slice(z) == original.slice(z)) }
  }

  @Test("read as the plain file does", arguments: Kind.allCases)
  func right(kind: Kind) throws {
    let packed = kind.compress(plain)
    let tomogram = try open(packed)
    #expect(tomogram.info.container.rawValue == kind.rawValue)
    #expect(tomogram.info.fileByteCount == packed.count)
    #expect(tomogram.warnings.isEmpty)
    try expectRight(tomogram)
  }

  @Test("streams that follow each other are one file", arguments: Kind.allCases)
  func concatenated(kind: Kind) throws {
    try expectRight(open(kind.compress(Array(plain[..<3000])) + kind.compress(Array(plain[3000...]))))
  }

  @Test("rubbish after the stream is a warning", arguments: Kind.allCases)
  func tail(kind: Kind) throws {
    let tomogram = try open(kind.compress(plain) + [0, 0, 0, 0, 7])
    #expect(tomogram.warnings.map(\.code) == [.compressedTail])
    try expectRight(tomogram)
  }

  @Test("every cut is an error that says truncated", arguments: Kind.allCases)
  func cut(kind: Kind) throws {
    let packed = kind.compress(plain)
    for count in stride(from: 5, to: packed.count, by: packed.count / 23) {
      let error = #expect(throws: AisError.self) { try open(Array(packed[..<count])) }
      #expect(error?.code == .truncated, "\(count): \(error?.message ?? "")")
    }
  }

  @Test("damage in the middle is noticed by the check sum", arguments: Kind.allCases)
  func damaged(kind: Kind) throws {
    var packed = kind.compress(plain)
    packed[packed.count / 2] ^= 0x40
    let error = #expect(throws: AisError.self) { try open(packed) }
    #expect(error?.code == .malformed || error?.code == .truncated)
  }

  @Test("a bomb is cut at the size its header promises", arguments: Kind.allCases)
  func bomb(kind: Kind) throws {
    let tomogram = try open(kind.compress(plain + [UInt8](repeating: 0, count: 8 << 20)))
    #expect(tomogram.warnings.map(\.code) == [.extraBytes])
    try expectRight(tomogram)
  }

  @Test("a bomb without an MRC header is refused after its first bytes", arguments: Kind.allCases)
  func bombOfZeros(kind: Kind) throws {
    let error = #expect(throws: AisError.self) { try open(kind.compress([UInt8](repeating: 0, count: 8 << 20))) }
    #expect(error?.message.contains("not an MRC file") == true)
  }

  @Test("an archive within an archive and an empty archive are refused", arguments: Kind.allCases)
  func nested(kind: Kind) throws {
    #expect(
      (#expect(throws: AisError.self) { try open(kind.compress(Compressed.gzip(plain))) })?.message.contains(
        "gzip-compressed file in") == true)
    #expect((#expect(throws: AisError.self) { try open(kind.compress([])) })?.code == .truncated)
  }

  @Test("the temporary file has no name while it is used, so that nothing is left behind")
  func unnamed() throws {
    let tomogram = try open(Kind.gzip.compress(plain))
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    #expect(names.contains { $0.contains("/ais-") && !$0.contains("ais-test") && $0.hasSuffix("(deleted)") })
    withExtendedLifetime(tomogram) {}
  }
}
