import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Testing

@Suite("Files behind tiles")
struct TileFilesTests {
  private let shape = Shape(z: 4, y: 300, x: 200)

  private func tile(_ service: SliceService, _ file: SliceFile, index: Int = 0) async throws -> Tile {
    try await service.tile(of: file, plane: .xy, index: index, level: 0, row: 0, column: 0)
  }

  @Test("another file at the place is refused, and one that came back is read")
  func changed() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let other = SliceFixture.volume(shape, seed: 2)
    let kept = try Data(contentsOf: URL(filePath: fixture.file.path))
    try SliceFixture.write(other, .float32, to: fixture.file.path)
    let service = fixture.service()
    let error = await #expect(throws: AisError.self) { try await tile(service, fixture.file) }
    #expect(error?.code == .changed)
    #expect(error?.message.contains("tomogram.mrc") == true)
    try kept.write(to: URL(filePath: fixture.file.path))
    #expect(try await tile(service, fixture.file).values(.halves) == Array(fixture.volume.slice(0)))
  }

  @Test("a key that is too short or of another file opens nothing", arguments: ["", "0", "../../../etc/passwd"])
  func keys(key: String) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let file = SliceFile(path: fixture.file.path, key: key)
    let error = await #expect(throws: AisError.self) { try await tile(fixture.service(), file) }
    #expect(error?.code == .changed)
    await #expect(throws: AisError.self) { try await fixture.service().thumbnail(of: file, size: 64) }
    #expect(!FileManager.default.fileExists(atPath: fixture.cachePath))
  }

  @Test("a file that shrinks, is replaced or vanishes while it is open is an error sentence")
  func mishaps() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let service = fixture.service()
    _ = try await tile(service, fixture.file)
    let handle = try FileHandle(forWritingTo: URL(filePath: fixture.file.path))
    try handle.truncate(atOffset: 400_000)
    let shrunk = await #expect(throws: AisError.self) { try await tile(service, fixture.file, index: 3) }
    #expect([.truncated, .changed].contains(shrunk?.code))
    try FileManager.default.removeItem(atPath: fixture.file.path)
    let gone = await #expect(throws: AisError.self) { try await tile(service, fixture.file, index: 2) }
    #expect(gone?.code == .notFound)
    // What was read before is still shown.
    #expect(try await tile(service, fixture.file).values(.halves) == Array(fixture.volume.slice(0)))
  }

  @Test("what was read while the file was written to is not shown")
  func writtenWhileRead() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let service = fixture.service()
    _ = try await tile(service, fixture.file)
    // The middle of slice 2, of which the fingerprint knows nothing.
    let handle = try FileHandle(forWritingTo: URL(filePath: fixture.file.path))
    try handle.seek(toOffset: 1024 + 2 * 240_000 + 100_000)
    try handle.write(contentsOf: Data([1, 2, 3, 4]))
    try handle.close()
    let error = await #expect(throws: AisError.self) { try await tile(service, fixture.file, index: 2) }
    #expect(error?.code == .changed)
  }

  @Test("every shortened file is an error and no crash", arguments: [0, 1, 1023, 1024, 1025, 200_000])
  func prefixes(count: Int) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let bytes = try Data(contentsOf: URL(filePath: fixture.file.path)).prefix(count)
    let path = fixture.folder.path("short.mrc")
    try bytes.write(to: URL(filePath: path))
    let file = try SliceFixture.file(path)
    let service = fixture.service()
    await #expect(throws: AisError.self) { try await tile(service, file) }
    await #expect(throws: AisError.self) { try await service.statistics(of: file) }
    await #expect(throws: AisError.self) { try await service.thumbnail(of: file, size: 72) }
    // The check-up says what is wrong instead of failing.
    #expect(try await service.checkup(of: file).contains { $0.severity == "error" })
  }

  @Test("folders, pipes and files of other kinds are refused")
  func otherKinds() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 1))
    let text = fixture.folder.path("text.mrc")
    try Data("not a tomogram".utf8).write(to: URL(filePath: text))
    for path in [text, fixture.folder.root, fixture.folder.path("nothing.mrc")] {
      let key = (try? SliceFixture.file(path).key) ?? String(repeating: "a", count: 32)
      await #expect(throws: AisError.self) { try await tile(fixture.service(), SliceFile(path: path, key: key)) }
    }
  }
}
