import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Testing

@Suite("Values of tiles")
struct TileValuesTests {
  @Test(
    "tiles of volumes of any shape and type are what the definition says",
    arguments: [ElementType.int8, .uint8, .int16, .uint16, .float16, .float32], 0..<4)
  func definitionHolds(type: ElementType, seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed * 7 + 1))
    let shape = Shape(
      z: .random(in: 1...17, using: &random), y: .random(in: 1...40, using: &random),
      x: .random(in: 1...70, using: &random))
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: UInt64(seed)), type)
    let service = fixture.service()
    for plane in SlicePlane.allCases {
      for level in 0...3 {
        for slab in [1, 2, 5] {
          let depth = plane == .xy ? shape.z : plane == .xz ? shape.y : shape.x
          let index = Int.random(in: 0..<depth, using: &random)
          let expected = definition(
            fixture.volume, plane, index: index, level: level, slab: slab, row: 0, column: 0)
          for encoding in TileEncoding.allCases {
            let tile = try await service.tile(
              of: fixture.file, plane: plane, index: index, level: level, row: 0, column: 0, slab: slab,
              encoding: encoding)
            #expect(tile.height == expected.height && tile.width == expected.width)
            let values = tile.values(encoding)
            #expect(values.count == expected.values.count)
            // Half floats hold 11 bits of numbers up to 120; bytes are cut at the limits of a sample, here of all rows.
            let bound = encoding == .halves ? Float(0.032) : tile.step / 2 + 1e-4
            let worst =
              zip(values, expected.values).filter { isInside($1, tile, encoding) }
              .map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= bound, "\(type) \(shape) \(plane) \(index) level \(level) slab \(slab) \(encoding)")
          }
        }
      }
    }
  }

  private func isInside(_ value: Float, _ tile: Tile, _ encoding: TileEncoding) -> Bool {
    encoding == .halves || (value >= tile.offset && value <= tile.offset + 255 * tile.step)
  }

  @Test("slices larger than a tile come in tiles with edges, at every level", arguments: SlicePlane.allCases)
  func edges(plane: SlicePlane) async throws {
    let shape =
      switch plane {
      case .xy: Shape(z: 2, y: 1030, x: 2100)
      case .xz: Shape(z: 1030, y: 2, x: 2100)
      case .yz: Shape(z: 1030, y: 2100, x: 2)
      }
    let fixture = try SliceFixture(SliceFixture.volume(shape, seed: 3), .uint8)
    let service = fixture.service()
    for level in [0, 1] {
      let (height, width) = ((1030 + level) >> level, (2100 + level) >> level)
      for row in 0..<(height + 1023) / 1024 {
        for column in 0..<(width + 1023) / 1024 {
          let expected = definition(
            fixture.volume, plane, index: 1, level: level, slab: 1, row: row, column: column)
          let tile = try await service.tile(
            of: fixture.file, plane: plane, index: 1, level: level, row: row, column: column)
          #expect(tile.height == expected.height && tile.width == expected.width)
          #expect(zip(tile.values(.halves), expected.values).allSatisfy { abs($0 - $1) < 0.032 })
        }
      }
    }
  }

  @Test("bytes of a tomogram of bytes are its own")
  func bytesAreExact() async throws {
    for type in [ElementType.int8, .uint8] {
      let range = type == .int8 ? -128...127 : 0...255
      let fixture = try SliceFixture(
        SliceFixture.volume(Shape(z: 2, y: 20, x: 31), seed: 4, in: range), type)
      let tile = try await fixture.service().tile(
        of: fixture.file, plane: .xy, index: 1, level: 0, row: 0, column: 0, encoding: .bytes)
      #expect(tile.step == 1)
      #expect(tile.values(.bytes) == Array(fixture.volume.slice(1)))
    }
  }

  @Test(
    "half floats keep 10 bits of the spread, wherever the values lie",
    arguments: [(Float(0), Float(1)), (10_000, 30), (1e-6, 1e-6), (-3e9, 1e6), (1e30, 1e29), (50, 1e-3), (0, 1e-30)])
  func precision(mean: Float, spread: Float) async throws {
    var random = SeededGenerator(seed: 9)
    let shape = Shape(z: 3, y: 40, x: 50)
    let values = (0..<shape.count).map { _ in mean + spread * Float.random(in: -1...1, using: &random) }
    let fixture = try SliceFixture(Volume(shape: shape, voxels: values))
    let tile = try await fixture.service().tile(of: fixture.file, plane: .xy, index: 1, level: 0, row: 0, column: 0)
    // Numbers of 24 bits far from zero have no finer spacing themselves.
    let bound = max(spread / 512, abs(mean) * 2e-7)
    #expect(zip(tile.values(.halves), fixture.volume.slice(1)).allSatisfy { abs($0 - $1) <= bound })
  }

  @Test("all tiles of a slice have one scale", arguments: TileEncoding.allCases)
  func oneScale(encoding: TileEncoding) async throws {
    let shape = Shape(z: 1, y: 1500, x: 1500)
    var voxels = [Float](repeating: 0, count: shape.count)
    // Brighter to the right and below.
    for y in 0..<shape.y { for x in 0..<shape.x { voxels[y * shape.x + x] = Float(x + 2 * y) * 30 } }
    let fixture = try SliceFixture(Volume(shape: shape, voxels: voxels))
    let service = fixture.service()
    var scales: Set<[Float]> = []
    for row in 0..<2 {
      for column in 0..<2 {
        let tile = try await service.tile(
          of: fixture.file, plane: .xy, index: 0, level: 0, row: row, column: column, encoding: encoding)
        scales.insert([tile.offset, tile.step])
      }
    }
    #expect(scales.count == 1)
  }

  @Test("what is no number stays so in half floats and is black in bytes; infinite values stay infinite")
  func notNumbers() async throws {
    var voxels = (0..<400).map { Float($0) }
    voxels[7] = .nan
    voxels[8] = .infinity
    voxels[9] = -.infinity
    let fixture = try SliceFixture(Volume(shape: Shape(z: 1, y: 20, x: 20), voxels: voxels))
    let service = fixture.service()
    let halves = try await service.tile(of: fixture.file, plane: .xy, index: 0, level: 0, row: 0, column: 0)
      .values(.halves)
    #expect(halves[7].isNaN && halves[8] == .infinity && halves[9] == -.infinity && halves[10] == 10)
    let bytes = try await service.tile(
      of: fixture.file, plane: .xy, index: 0, level: 0, row: 0, column: 0, encoding: .bytes
    ).bytes
    #expect(bytes[7] == 0 && bytes[8] == 255 && bytes[9] == 0)
  }

  @Test("slices of one value, and without any number, are shown", arguments: [Float(0), 12.5, -1e9, .nan])
  func constant(value: Float) async throws {
    let shape = Shape(z: 2, y: 30, x: 30)
    let fixture = try SliceFixture(Volume(shape: shape, repeating: value))
    for encoding in TileEncoding.allCases {
      let tile = try await fixture.service().tile(
        of: fixture.file, plane: .xy, index: 0, level: 0, row: 0, column: 0, encoding: encoding)
      for found in tile.values(encoding) {
        if value.isNaN { #expect(found.isNaN || found == 0) } else { #expect(found == value) }
      }
    }
  }

  @Test("what the tomogram does not have is refused with its limits")
  func refusals() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 3, y: 4, x: 5), seed: 1))
    let service = fixture.service()
    for (plane, index) in [(SlicePlane.xy, 3), (.xz, 4), (.yz, 5), (.xy, -1)] {
      await #expect(throws: AisError.self) {
        try await service.tile(of: fixture.file, plane: plane, index: index, level: 0, row: 0, column: 0)
      }
    }
    for (level, row, column, slab) in [
      (13, 0, 0, 1), (-1, 0, 0, 1), (0, 1, 0, 1), (0, -1, 0, 1), (0, 0, 1, 1), (0, 0, -1, 1), (0, 0, 0, 0),
      (0, 0, 0, Int.max),
    ] {
      let error = await #expect(throws: AisError.self) {
        try await service.tile(
          of: fixture.file, plane: .xy, index: 0, level: level, row: row, column: column, slab: slab)
      }
      #expect(error?.code == .usage)
    }
    // Coarser than the whole slice is one voxel.
    let tile = try await service.tile(of: fixture.file, plane: .xy, index: 0, level: 12, row: 0, column: 0)
    #expect(tile.height == 1 && tile.width == 1)
  }
}
