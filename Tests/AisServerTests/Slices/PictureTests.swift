import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Testing

@Suite("Statistics, thumbnails and findings")
struct PictureTests {
  @Test("statistics of a slice are those of its finite values")
  func statistics() async throws {
    var volume = SliceFixture.volume(Shape(z: 3, y: 50, x: 40), seed: 5)
    for i in 0..<10 { volume.voxels[volume.shape.sliceCount + 100 * i] = .nan }
    let fixture = try SliceFixture(volume)
    let found = try await fixture.service().statistics(of: fixture.file, slice: 1)
    let values = volume.slice(1).filter(\.isFinite).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(found.minimum == Float(values.min()!) && found.maximum == Float(values.max()!))
    #expect(abs(found.mean - mean) < 1e-9 && abs(found.standardDeviation - variance.squareRoot()) < 1e-9)
    #expect(found.low >= found.minimum && found.high <= found.maximum && found.low < found.high)
    #expect(found.histogram.counts.reduce(0, +) == values.count)
  }

  @Test("statistics of a whole tomogram look at slices throughout")
  func wholeStatistics() async throws {
    let shape = Shape(z: 40, y: 30, x: 30)
    let voxels = (0..<shape.count).map { Float($0 / shape.sliceCount) }
    let fixture = try SliceFixture(Volume(shape: shape, voxels: voxels))
    let found = try await fixture.service().statistics(of: fixture.file)
    #expect(abs(found.mean - 19.5) < 1 && found.minimum < 3 && found.maximum > 36)
  }

  @Test("a tomogram without any number is said to be so")
  func noNumbers() async throws {
    let fixture = try SliceFixture(Volume(shape: Shape(z: 2, y: 20, x: 20), repeating: .nan))
    let error = await #expect(throws: AisError.self) {
      try await fixture.service().statistics(of: fixture.file, slice: 0)
    }
    #expect(error?.code == .malformed)
    // A picture is given all the same.
    #expect(try await fixture.service().thumbnail(of: fixture.file, size: 32).starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test(
    "a thumbnail is a PNG of the size asked for, in the tomogram's proportions",
    arguments: [(100, 200, 36, 72), (200, 100, 72, 36), (5, 300, 1, 72), (3, 3, 72, 72)])
  func thumbnail(height: Int, width: Int, pictureHeight: Int, pictureWidth: Int) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 5, y: height, x: width), seed: 6))
    let png = try await fixture.service().thumbnail(of: fixture.file, size: 72)
    let size = [16, 20].map { at in png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(size == [pictureWidth, pictureHeight])
  }

  @Test("a thumbnail is made once and then found in the cache, with the tomogram gone")
  func thumbnailIsKept() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 5, y: 90, x: 120), seed: 6))
    let first = try await fixture.service().thumbnail(of: fixture.file, size: 72)
    try FileManager.default.removeItem(atPath: fixture.file.path)
    #expect(try await fixture.service().thumbnail(of: fixture.file, size: 72) == first)
    await #expect(throws: AisError.self) { try await fixture.service().thumbnail(of: fixture.file, size: 73) }
  }

  @Test("sizes without sense are refused", arguments: [Int.min, 0, 15, 513, .max])
  func sizes(size: Int) async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 1, y: 4, x: 4), seed: 6))
    let error = await #expect(throws: AisError.self) {
      try await fixture.service().thumbnail(of: fixture.file, size: size)
    }
    #expect(error?.code == .usage)
  }

  @Test("a thousand thumbnails that nobody waits for any more do not hold up a slice")
  func thumbnailsStandBack() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 8, y: 400, x: 400), seed: 6))
    let service = fixture.service(keeps: false)
    let asked = (16..<516).map { size in
      Task { try await service.thumbnail(of: fixture.file, size: min(512, size)) }
    }
    let tile = try await service.tile(of: fixture.file, plane: .xy, index: 7, level: 0, row: 0, column: 0)
    #expect(tile.height == 400)
    for task in asked { task.cancel() }
    for task in asked { _ = await task.result }
    #expect(try await service.thumbnail(of: fixture.file, size: 72).count > 100)
  }

  @Test("what the check-up finds comes with what mends it, and is kept")
  func findings() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("TS_01_10.00Apx.mrc")
    let volume = SliceFixture.volume(Shape(z: 8, y: 20, x: 20), seed: 6)
    let writer = try MRCWriter(
      path: path, output: MRCOutput(shape: volume.shape, elementType: .float32, voxelSize: nil))
    for z in 0..<8 { try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) } }
    try writer.finish()
    let file = try SliceFixture.file(path)
    let service = SliceService(cacheBytes: 1 << 20, cacheFolder: folder.path("cache"), threads: 1)
    let findings = try await service.checkup(of: file)
    let unknown = try #require(findings.first { $0.code == "voxel-size-unknown" })
    #expect(unknown.severity == "warning")
    #expect(unknown.remedy?.kind == .voxelSize && unknown.remedy?.voxelSizeAngstrom == 10)
    #expect(unknown.remedy?.title == "Set 10 Å")
    try FileManager.default.removeItem(atPath: path)
    #expect(try await service.checkup(of: file) == findings)
  }
}
