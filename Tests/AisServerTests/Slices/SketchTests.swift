import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Testing

@Suite("Sketches of views along x")
struct SketchTests {
  /// Grey levels that grow slowly along all axes.
  private func volume(_ shape: Shape) -> Volume<Float> {
    var voxels: [Float] = []
    for z in 0..<shape.z {
      for y in 0..<shape.y { for x in 0..<shape.x { voxels.append(Float(z) + Float(y) / 10 + Float(x) / 5) } }
    }
    return Volume(shape: shape, voxels: voxels)
  }

  @Test("look like the slice, and say what they are", arguments: TileEncoding.allCases)
  func likeness(encoding: TileEncoding) async throws {
    let fixture = try SliceFixture(volume(Shape(z: 100, y: 300, x: 200)))
    // No folder for bricks: they are never ready.
    let service = SliceService(
      cacheBytes: 1 << 20, cacheFolder: nil, threads: 1, leastBrickedBytes: 0)
    for index in [0, 77, 199] {
      let sketch = try await service.sketch(
        of: fixture.file, index: index, level: 2, row: 0, column: 0, encoding: encoding)
      let expected = definition(fixture.volume, .yz, index: index, level: 2, slab: 1, row: 0, column: 0)
      #expect(sketch.isSketch && sketch.height == expected.height && sketch.width == expected.width)
      // Between sections of the sketch lie 2, between its columns 2 × 0.2, and its rows are interpolated.
      let worst = zip(sketch.values(encoding), expected.values).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 2.5 + sketch.step)
    }
    #expect(service.keptBytes == 0)
  }

  @Test("are not given where the slice itself is there, or as quick")
  func realOnes() async throws {
    let fixture = try SliceFixture(volume(Shape(z: 20, y: 30, x: 40)))
    let small = fixture.service()
    #expect(try await small.sketch(of: fixture.file, index: 3, level: 2, row: 0, column: 0).isSketch == false)
    let large = SliceService(cacheBytes: 1 << 20, cacheFolder: nil, threads: 1, leastBrickedBytes: 0)
    _ = try await large.tile(of: fixture.file, plane: .yz, index: 3, level: 2, row: 0, column: 0)
    #expect(try await large.sketch(of: fixture.file, index: 3, level: 2, row: 0, column: 0).isSketch == false)
    let error = await #expect(throws: AisError.self) {
      try await large.sketch(of: fixture.file, index: 40, level: 2, row: 0, column: 0)
    }
    #expect(error?.code == .usage)
    await #expect(throws: AisError.self) {
      try await large.sketch(of: fixture.file, index: 4, level: 2, row: 0, column: 7)
    }
  }

  @Test("of a volume with single voxels along axes are made", arguments: [(1, 1, 1), (1, 300, 2), (60, 1, 1)])
  func flat(z: Int, y: Int, x: Int) async throws {
    let fixture = try SliceFixture(volume(Shape(z: z, y: y, x: x)))
    let service = SliceService(cacheBytes: 1 << 20, cacheFolder: nil, threads: 1, leastBrickedBytes: 0)
    let tile = try await service.sketch(of: fixture.file, index: 0, level: 0, row: 0, column: 0)
    #expect(tile.isSketch && tile.height == z && tile.width == y)
  }
}
