import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Files read by position")
struct RandomAccessFileTests {
  let folder: TemporaryFolder
  let bytes: [UInt8]
  let file: RandomAccessFile

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 5)
    bytes = (0..<2000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    try Data(bytes).write(to: URL(filePath: folder.path("f")))
    file = try RandomAccessFile(folder.path("f"))
  }

  /// Makes the file another, in place: what comes back as it was has not been read again.
  private func overwrite() throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: folder.path("f")))
    try handle.write(contentsOf: Data(bytes.map { ~$0 }))
    try handle.close()
  }

  @Test("pieces that are kept are not read again, wherever reading begins and ends")
  func kept() throws {
    let pieces = [0..<10, 100..<300, 250..<400, 120..<130, 390..<401, 700..<700, 1990..<2100]
    for piece in pieces { _ = try file.keptBytes(piece) }
    try overwrite()
    let expected = bytes.indices.map { index in pieces.contains { $0.contains(index) } ? bytes[index] : ~bytes[index] }
    var generator = SeededGenerator(seed: 6)
    var ranges = [0..<2000, 99..<100, 100..<101, 400..<402, 1999..<2000, 300..<300]
    for _ in 0..<300 {
      let start = Int.random(in: 0..<2000, using: &generator)
      ranges.append(start..<Int.random(in: start...2000, using: &generator))
    }
    for range in ranges { #expect(try file.bytes(range) == Array(expected[range])) }
  }

  @Test("where the file ends, so do the bytes, kept or not")
  func end() throws {
    #expect(try file.keptBytes(1900..<2200).count == 100)
    #expect(try file.bytes(1950..<2200) == Array(bytes[1950...]))
    #expect(try file.bytes(2000..<2200).isEmpty)
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 200, alignment: 8)
    defer { room.deallocate() }
    #expect(throws: AisError.self) { try file.read(into: room, at: 1950) }
    #expect(throws: AisError.self) { try file.contents(limit: 1999) }
    #expect(try file.contents(limit: 2000) == bytes)
  }
}
