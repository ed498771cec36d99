import AisCore
import AisImaging
import Testing

@Suite("Marching cubes")
struct MarchingCubesTests {
  static let solids = [
    SolidPhantom.sphere(
      radius: 40.3, centre: VoxelPoint(z: 47.3, y: 48.1, x: 49.6), shape: Shape(z: 96, y: 98, x: 101)),
    SolidPhantom.torus(
      radius: 48, tube: 24.5, centre: VoxelPoint(z: 29.2, y: 77.4, x: 76.7), shape: Shape(z: 60, y: 155, x: 154)),
  ]

  /// Above, below and between all of them: numbers that give every configuration of a cell many times.
  static func noise(_ shape: Shape, seed: UInt64, values: [Float] = [0, 1]) -> Volume<Float> {
    var random = SeededGenerator(seed: seed)
    return Volume(shape: shape, voxels: (0..<shape.count).map { _ in values.randomElement(using: &random)! })
  }

  @Test("gives sphere and torus their area, volume, centre and Euler characteristic", arguments: [0, 1], [1, 2, 4])
  func solids(index: Int, factor: Int) throws {
    let solid = Self.solids[index]
    let binned = BlockMean.binned(SolidPhantom.shares(solid), by: factor)
    var mesh = MarchingCubes.surface(of: binned, level: 0.5, threads: 2)
    let b = Double(factor)
    mesh.map(scale: SIMD3(repeating: b), offset: SIMD3(repeating: (b - 1) / 2))
    #expect(mesh.isClosedAndOriented && mesh.hasSingleFans)
    #expect(mesh.eulerCharacteristic == solid.euler)
    #expect(abs(mesh.area / solid.area - 1) < 0.01, "area \(mesh.area / solid.area)")
    #expect(abs(mesh.enclosedVolume / solid.volume - 1) < 0.01, "volume \(mesh.enclosedVolume / solid.volume)")
    let centre = try #require(mesh.enclosedCentre)
    let wanted = SIMD3(solid.centre.x, solid.centre.y, solid.centre.z)
    #expect((0..<3).allSatisfy { abs(centre[$0] - wanted[$0]) < 0.05 }, "centre \(centre), wanted \(wanted)")
  }

  @Test("gives a closed manifold that faces outwards for any arrangement of voxels", arguments: 0..<20)
  func noise(seed: Int) {
    let shape = [Shape(z: 9, y: 17, x: 31), Shape(z: 40, y: 5, x: 8), Shape(z: 1, y: 23, x: 7)][seed % 3]
    let volume = Self.noise(shape, seed: UInt64(seed))
    let mesh = MarchingCubes.surface(of: volume, level: 0.5)
    #expect(mesh.isClosedAndOriented)
    #expect(mesh.hasSingleFans)
    #expect(mesh.enclosedVolume > 0)
  }

  @Test("gives every one of the 256 cells a surface that is part of a closed manifold", arguments: [0, 85, 170])
  func cells(start: Int) {
    for configuration in start..<min(start + 86, 256) {
      let voxels = (0..<8).map { Float(configuration >> $0 & 1) }
      let mesh = MarchingCubes.surface(of: Volume(shape: Shape(z: 2, y: 2, x: 2), voxels: voxels), level: 0.5)
      #expect(mesh.isClosedAndOriented && mesh.hasSingleFans, "configuration \(configuration)")
      #expect(mesh.isEmpty == (configuration == 0))
      // Every voxel alone would be an octahedron of 1/6; joined, the space between them is added.
      #expect(mesh.enclosedVolume >= Double(configuration.nonzeroBitCount) / 6 - 1e-6)
    }
  }

  @Test("places vertices where the values cross the level")
  func interpolation() {
    var volume = Volume<Float>(shape: Shape(z: 3, y: 3, x: 3), repeating: 0)
    volume[z: 1, y: 1, x: 1] = 4
    volume[z: 1, y: 1, x: 2] = -4
    volume[z: 1, y: 0, x: 1] = .nan
    volume[z: 2, y: 1, x: 1] = 1
    volume[z: 0, y: 1, x: 1] = -.infinity
    let mesh = MarchingCubes.surface(of: volume, level: 1)
    #expect(
      Set(mesh.vertices) == [
        SIMD3(0.25, 1, 1), SIMD3(1.375, 1, 1), SIMD3(1, 0.5, 1), SIMD3(1, 1.75, 1), SIMD3(1, 1, 1.984375),
        SIMD3(1, 1, 0.5),
      ])
    #expect(mesh.triangles.count == 8 && mesh.isClosedAndOriented && mesh.enclosedVolume > 0)
  }

  @Test("closes what touches the faces half a voxel beyond them")
  func full() {
    let mesh = MarchingCubes.surface(of: Volume(shape: Shape(z: 4, y: 5, x: 6), repeating: 7), level: 1)
    #expect(mesh.isClosedAndOriented && mesh.eulerCharacteristic == 2)
    #expect(mesh.vertices.map(\.x).min() == -0.5 && mesh.vertices.map(\.x).max() == 5.5)
    #expect(mesh.vertices.map(\.y).max() == 4.5 && mesh.vertices.map(\.z).max() == 3.5)
  }

  @Test(
    "gives nothing where nothing is above the level",
    arguments: [Shape(z: 0, y: 4, x: 4), Shape(z: 1, y: 1, x: 1), Shape(z: 3, y: 4, x: 5)])
  func nothing(shape: Shape) {
    #expect(MarchingCubes.surface(of: Volume(shape: shape, repeating: 1), level: 1).isEmpty)
    #expect(MarchingCubes.surface(of: Volume(shape: shape, repeating: .nan), level: 0).isEmpty)
  }

  @Test("gives one voxel, or one slice, a closed surface", arguments: [1, 9])
  func thin(width: Int) {
    let mesh = MarchingCubes.surface(of: Volume(shape: Shape(z: 1, y: width, x: width), repeating: 1), level: 0.5)
    #expect(mesh.isClosedAndOriented && mesh.eulerCharacteristic == 2 && mesh.enclosedVolume > 0)
  }

  @Test("does not depend on the number of threads")
  func threads() {
    let volume = Self.noise(Shape(z: 70, y: 12, x: 13), seed: 5, values: [0, 0.2, 0.7, 1])
    let one = MarchingCubes.surface(of: volume, level: 0.5, threads: 1)
    #expect(MarchingCubes.surface(of: volume, level: 0.5, threads: 3) == one)
  }

  @Test("gives each component the surface that it has alone")
  func components() throws {
    let volume = Self.noise(Shape(z: 37, y: 19, x: 23), seed: 8, values: [0, 0, 0, 0.4, 0.8, 1])
    let source = VolumeSource(volume)
    let runs = try ComponentRuns.find(in: source, above: 0.5, connectivity: .faces, minimumVoxelCount: 3)
    let field = ComponentField(runs, source: source)
    let meshes = try MarchingCubes.surfaces(of: field, level: 0.5, threads: 2)
    #expect(meshes.count == runs.components.count && meshes.count > 20)
    #expect(field.vertexCounts().ofParts == meshes.map(\.vertices.count))
    #expect(field.vertexCounts().ofSlices.reduce(0, +) == meshes.reduce(0) { $0 + $1.vertices.count })
    for component in runs.components {
      // The same volume with all other components lowered below the level.
      let (mask, origin) = runs.mask(of: component.index, margin: 0)
      var alone = volume
      for i in alone.voxels.indices where alone.voxels[i] > 0.5 { alone.voxels[i] = .nan }
      for z in 0..<mask.shape.z {
        for y in 0..<mask.shape.y {
          for x in 0..<mask.shape.x where mask[z: z, y: y, x: x] != 0 {
            let (z, y, x) = (z + origin.z, y + origin.y, x + origin.x)
            alone[z: z, y: y, x: x] = volume[z: z, y: y, x: x]
          }
        }
      }
      #expect(MarchingCubes.surface(of: alone, level: 0.5) == meshes[component.index])
    }
  }

  @Test("stops when asked, and passes on what reading throws")
  func stops() throws {
    let stop = Cancellation()
    stop.cancel()
    let source = VolumeSource(Volume<Float>(shape: Shape(z: 4, y: 4, x: 4), repeating: 1))
    let runs = try ComponentRuns.find(in: source, above: 0.5)
    #expect(throws: AisError.self) {
      try MarchingCubes.surfaces(of: ComponentField(runs, source: source), level: 0.5, cancellation: stop)
    }
    #expect {
      try MarchingCubes.surfaces(of: ComponentField(runs, source: FailingSource(shape: source.shape)), level: 0.5)
    } throws: {
      ($0 as? AisError)?.code == .fileSystem
    }
  }
}

/// A file on a disk that breaks.
private struct FailingSource: SliceSource {
  var shape: Shape
  var voxelSize: VoxelSize? { nil }
  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if z > 1 { throw AisError(.fileSystem, "slice \(z) cannot be read") }
    destination.update(repeating: 1)
  }
}
