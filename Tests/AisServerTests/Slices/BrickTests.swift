import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Bricks")
struct BrickTests {
  private let shape = Shape(z: 70, y: 75, x: 90)

  private func service(_ fixture: SliceFixture, diskBytes: Int = 1 << 30) -> SliceService {
    SliceService(
      cacheBytes: 16 << 20, cacheFolder: fixture.cachePath, threads: 2, brickBytes: diskBytes, leastBrickedBytes: 0)
  }

  private func slice(_ service: SliceService, _ file: SliceFile, x: Int, slab: Int = 1, level: Int = 0) async throws
    -> Tile
  {
    try await service.tile(of: file, plane: .yz, index: x, level: level, row: 0, column: 0, slab: slab)
  }

  private func brickPath(_ fixture: SliceFixture) -> String { "\(fixture.cachePath)/bricks/\(fixture.file.key).bricks" }

  /// Waits until the bricks of a file are ready, or failed.
  private func settle(_ service: SliceService, _ file: SliceFile) async -> BrickState {
    while true {
      let state = service.brickState(of: file)
      switch state {
      case .ready, .failed, .none: return state
      case .waiting, .building: await Task.yield()
      }
    }
  }

  @Test(
    "give the same slices as the tomogram, bit by bit",
    arguments: [ElementType.int8, .uint8, .int16, .uint16, .float16, .float32],
    [Shape(z: 70, y: 75, x: 90), Shape(z: 1, y: 1, x: 3), Shape(z: 65, y: 3, x: 17)])
  func equal(type: ElementType, shape: Shape) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8), type)
    let plain = fixture.service(keeps: false)
    let bricked = service(fixture)
    _ = try await slice(bricked, fixture.file, x: 0)
    #expect(await settle(bricked, fixture.file) == .ready)
    for (x, slab, level) in [(0, 1, 0), (shape.x - 1, 1, 0), (shape.x / 2, 1, 1), (shape.x / 2, 5, 0), (1, 4, 2)] {
      // Other services, so that nothing is left in their memory.
      let expected = try await slice(plain, fixture.file, x: x, slab: slab, level: level)
      let found = try await slice(service(fixture), fixture.file, x: x, slab: slab, level: level)
      #expect(found.bytes == expected.bytes && found.height == expected.height && found.width == expected.width)
    }
  }

  @Test("values that are no numbers come through")
  func notNumbers() async throws {
    var volume = SliceFixture.volume(shape, seed: 8)
    volume[z: 3, y: 4, x: 5] = .nan
    volume[z: 3, y: 5, x: 5] = -.infinity
    let fixture = try SliceFixture(volume)
    let service = service(fixture)
    _ = try await slice(service, fixture.file, x: 0)
    #expect(await settle(service, fixture.file) == .ready)
    let values = try await slice(self.service(fixture), fixture.file, x: 5).values(.halves)
    #expect(values[3 * 75 + 4].isNaN && values[3 * 75 + 5] == -.infinity)
  }

  @Test("are found again by the next start, and read without the tomogram's help")
  func found() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let first = service(fixture)
    _ = try await slice(first, fixture.file, x: 0)
    #expect(await settle(first, fixture.file) == .ready)
    let second = service(fixture)
    _ = try await slice(second, fixture.file, x: 0)
    #expect(second.brickState(of: fixture.file) == .ready)
  }

  @Test("that are damaged are not shown, but deleted and built again", arguments: [0, 4097, 100_000, -1])
  func damaged(place: Int) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let first = service(fixture)
    _ = try await slice(first, fixture.file, x: 0)
    #expect(await settle(first, fixture.file) == .ready)
    let path = brickPath(fixture)
    var bytes = try Data(contentsOf: URL(filePath: path))
    let at = place < 0 ? bytes.count - 1 : place
    bytes[at] ^= 0x10
    try bytes.write(to: URL(filePath: path))
    let second = service(fixture)
    for x in 0..<shape.x {
      let values = try await slice(second, fixture.file, x: x).values(.halves)
      #expect(values == definition(fixture.volume, .yz, index: x, level: 0, slab: 1, row: 0, column: 0).values)
    }
    // Damage that only the last slice shows is mended when a slice is next asked for.
    if second.brickState(of: fixture.file) == .none { _ = try await slice(second, fixture.file, x: 5, level: 1) }
    #expect(await settle(second, fixture.file) == .ready)
    #expect(try Data(contentsOf: URL(filePath: path)) != bytes)
  }

  @Test("cut short are not used", arguments: [0, 100, 4096, 200_000])
  func cut(count: Int) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let first = service(fixture)
    _ = try await slice(first, fixture.file, x: 0)
    #expect(await settle(first, fixture.file) == .ready)
    let path = brickPath(fixture)
    try Data(contentsOf: URL(filePath: path)).prefix(count).write(to: URL(filePath: path))
    let second = service(fixture)
    let values = try await slice(second, fixture.file, x: 7).values(.halves)
    #expect(values == definition(fixture.volume, .yz, index: 7, level: 0, slab: 1, row: 0, column: 0).values)
    #expect(await settle(second, fixture.file) == .ready)
  }

  @Test("of a tomogram that was written to are deleted")
  func stale() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let first = service(fixture)
    _ = try await slice(first, fixture.file, x: 0)
    #expect(await settle(first, fixture.file) == .ready)
    let before = try Data(contentsOf: URL(filePath: brickPath(fixture))).prefix(4096)
    // The same bytes, another date: nothing says what happened between the samples of the fingerprint.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: fixture.file.path)
    let second = service(fixture)
    _ = try await slice(second, fixture.file, x: 1)
    #expect(await settle(second, fixture.file) == .ready)
    let after = try Data(contentsOf: URL(filePath: brickPath(fixture))).prefix(4096)
    #expect(before != after)
  }

  @Test("that would take too much of the disk are not built, with the reason; slices are shown all the same")
  func tooLarge() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let service = service(fixture, diskBytes: 100_000)
    let values = try await slice(service, fixture.file, x: 7).values(.halves)
    #expect(values == definition(fixture.volume, .yz, index: 7, level: 0, slab: 1, row: 0, column: 0).values)
    guard case .failed(let reason) = await settle(service, fixture.file) else {
      Issue.record("expected a reason")
      return
    }
    #expect(reason.contains("97.7 KiB") && reason.contains("tomogram.mrc"))
    #expect(!FileManager.default.fileExists(atPath: brickPath(fixture)))
  }

  @Test("longest unused make room for new ones")
  func bounded() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8), .uint8)
    let other = fixture.folder.path("other.mrc")
    try SliceFixture.write(SliceFixture.volume(shape, seed: 9), .uint8, to: other)
    let second = try SliceFixture.file(other)
    // Room for one.
    let service = service(fixture, diskBytes: 900_000)
    for file in [fixture.file, second] {
      _ = try await slice(service, file, x: 0)
      #expect(await settle(service, file) == .ready)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.cachePath + "/bricks")
    #expect(names == ["\(second.key).bricks"])
    // Those that were open are still read from, or from the tomogram.
    _ = try await slice(service, fixture.file, x: 3)
  }

  @Test("that were not finished are gone on with, and nothing of them is shown before", arguments: [0.3, 0.6, 0.9])
  func resumed(share: Double) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 130, y: 200, x: 40), seed: 8))
    let source = try OpenTomogram(fixture.file)
    let layout = BrickLayout(
      fixture.file, state: source.state, shape: source.tomogram.shape, type: source.tomogram.info.elementType)
    try FileManager.default.createDirectory(atPath: fixture.cachePath + "/bricks", withIntermediateDirectories: true)
    let cancellation = Cancellation()
    let path = brickPath(fixture)
    let error = #expect(throws: AisError.self) {
      try BrickWriter(layout, path: path).write(
        from: source.tomogram, threads: 1, cancellation: cancellation, pause: {}
      ) { if $0 >= share { cancellation.cancel() } }
    }
    #expect(error?.code == .cancelled)
    #expect(!FileManager.default.fileExists(atPath: path))
    // As after a crash of the machine: the last beam is there in part, with a hole.
    let handle = try FileHandle(forWritingTo: URL(filePath: path + ".building"))
    let end = try handle.seekToEnd()
    try handle.seek(toOffset: end - 5000)
    try handle.write(contentsOf: Data(repeating: 0, count: 6000))
    try handle.close()
    let starts = Mutex<[Double]>([])
    try BrickWriter(layout, path: path).write(
      from: source.tomogram, threads: 2, cancellation: Cancellation(), pause: {}
    ) { share in starts.withLock { $0.append(share) } }
    #expect(try #require(starts.withLock { $0.first }) > 0)
    let resumed = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.removeItem(atPath: path)
    try BrickWriter(layout, path: path).write(
      from: source.tomogram, threads: 2, cancellation: Cancellation(), pause: {}
    ) { _ in }
    #expect(try Data(contentsOf: URL(filePath: path)) == resumed)
  }

  @Test("are not gone on with for another tomogram")
  func otherBuilding() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    try FileManager.default.createDirectory(atPath: fixture.cachePath + "/bricks", withIntermediateDirectories: true)
    var random = SeededGenerator(seed: 1)
    let rubbish = Data((0..<900_000).map { _ in UInt8.random(in: 0...255, using: &random) })
    try rubbish.write(to: URL(filePath: brickPath(fixture) + ".building"))
    let service = service(fixture)
    _ = try await slice(service, fixture.file, x: 0)
    #expect(await settle(service, fixture.file) == .ready)
    let values = try await slice(self.service(fixture), fixture.file, x: 9).values(.halves)
    #expect(values == definition(fixture.volume, .yz, index: 9, level: 0, slab: 1, row: 0, column: 0).values)
  }

  @Test("of tomograms that are not of the project any more are deleted with all that was kept of them")
  func discarded() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 8))
    let service = service(fixture)
    _ = try await slice(service, fixture.file, x: 0)
    #expect(await settle(service, fixture.file) == .ready)
    _ = try await service.thumbnail(of: fixture.file, size: 32)
    service.keepOnly([fixture.file.key])
    #expect(FileManager.default.fileExists(atPath: brickPath(fixture)))
    service.keepOnly([String(repeating: "0", count: 32)])
    #expect(!FileManager.default.fileExists(atPath: brickPath(fixture)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.cachePath + "/thumbnails") == [])
  }
}
