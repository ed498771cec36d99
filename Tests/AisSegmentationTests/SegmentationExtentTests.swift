import AisCore
import AisImaging
import AisNetworks
import AisSegmentation
import AisTestSupport
import Testing

@Suite("A part of a tomogram, and models that are each applied in their own way")
struct SegmentationExtentTests {
  private static let shape = Shape(z: 12, y: 70, x: 90)
  private static let part = VoxelBox(z: 3..<8, y: 11..<40, x: 20..<77)

  /// What is kept of a whole result.
  private static func kept(_ voxels: [Float], _ part: VoxelBox, _ shape: Shape) -> [Float] {
    var result = [Float](repeating: 0, count: voxels.count)
    for z in part.z {
      for y in part.y {
        let row = (z * shape.y + y) * shape.x
        for x in part.x { result[row + x] = voxels[row + x] }
      }
    }
    return result
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var depth = 1
    var isVolumetric = false
    var pixelSize: Length? = .angstroms(10)
    var tiling = InferenceSettings.Tiling.standard
    var augmentations = 1
    var testDescription: String { name }
  }

  @Test(
    "is what the whole has there, and 0 elsewhere",
    arguments: [
      Case(name: "2D"), Case(name: "2D, eight orientations", augmentations: 8),
      Case(name: "2D at another pixel size", pixelSize: .angstroms(14)), Case(name: "2.5D", depth: 5),
      Case(name: "3D", depth: 4, isVolumetric: true),
      Case(name: "3D, exact", depth: 4, isVolumetric: true, tiling: .exact),
    ])
  func part(_ one: Case) throws {
    let phantom = Phantom(shape: Self.shape, seed: 11)
    let network = try model(
      Networks.small(channels: one.isVolumetric ? 1 : one.depth, volumetric: one.isVolumetric, seed: 5),
      depth: one.depth, pixelSize: one.pixelSize)
    var settings = InferenceSettings()
    settings.augmentations = one.augmentations
    settings.tiling = one.tiling
    settings.tileEdge = 64
    settings.tileOverlap = 8
    let whole = try segment(phantom, network, settings)
    settings.extent = Self.part
    let part = try segment(phantom, network, settings)
    #expect(part == Self.kept(whole, Self.part, Self.shape))
    #expect(part.contains { $0 != 0 })
    // To the edges and beyond is the same as to the edges.
    settings.extent = VoxelBox(z: 6..<Int.max, y: 0..<Int.max, x: 0..<Int.max)
    #expect(
      try segment(phantom, network, settings) == Self.kept(whole, VoxelBox(z: 6..<12, y: 0..<70, x: 0..<90), Self.shape)
    )
  }

  @Test("sees what rules bring in from around it", arguments: [Combination.Dimension.two, .three])
  func rules(dimension: Combination.Dimension) throws {
    let phantom = Phantom(shape: Self.shape, seed: 3)
    let models = try (1...3).map { try model(Networks.small(channels: 1, volumetric: false, seed: $0)) }
    var combination = Combination(
      members: [.init(emits: true), .init(emits: true, absorbs: true), .init(absorbs: true)],
      interactions: [
        Interaction(child: 1, parent: 0, kind: .avoid, radius: .angstroms(25), threshold: 0.6),
        Interaction(child: 2, parent: 1, kind: .colocalize, radius: .angstroms(40), threshold: 0.5),
      ])
    combination.dimension = dimension
    func run(_ extent: VoxelBox?) throws -> (results: [[Float]], labels: [Float], seconds: Double) {
      var settings = InferenceSettings()
      settings.extent = extent
      let pass = try SegmentationPass(
        shape: Self.shape, voxelSize: phantom.voxelSize,
        orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) }, combination: combination,
        makesLabels: true, settings: settings, budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
      let (sinks, labels) = (models.map { _ in MemorySink() }, MemorySink())
      var places = PassSinks(results: sinks)
      places.labels = labels
      _ = try pass.run(source: phantom, sinks: places, cancellation: Cancellation()) { _ in }
      return (sinks.map(\.voxels), labels.voxels, pass.forecast.seconds)
    }
    let (whole, part) = (try run(nil), try run(Self.part))
    for index in models.indices {
      #expect(part.results[index] == Self.kept(whole.results[index], Self.part, Self.shape))
    }
    #expect(part.labels == Self.kept(whole.labels, Self.part, Self.shape))
    #expect(part.seconds < whole.seconds)
  }

  @Test("outside the tomogram is refused, and with a blur or a Z range too")
  func refusals() throws {
    let phantom = Phantom(shape: Shape(z: 4, y: 32, x: 32), seed: 1)
    let network = try model(Networks.small(channels: 1, volumetric: false, seed: 4))
    var settings = InferenceSettings()
    settings.extent = VoxelBox(z: 4..<6, y: 0..<Int.max, x: 0..<Int.max)
    #expect {
      _ = try segment(phantom, network, settings)
    } throws: {
      let error = $0 as? AisError
      return error?.code == .usage && "\($0)".contains("slices 4:6")
    }
    settings.extent = VoxelBox(z: 0..<2, y: 0..<8, x: 0..<8)
    settings.depthRange = .slices(0..<2)
    #expect(throws: AisError.self) { try segment(phantom, network, settings) }
  }

  @Test("in one pass each model gives what it gives alone with its own settings")
  func ownSettings() throws {
    let phantom = Phantom(shape: Shape(z: 5, y: 48, x: 60), seed: 8)
    let models = try (1...3).map { try model(Networks.small(channels: 1, volumetric: false, seed: $0)) }
    var settings = [InferenceSettings](repeating: .init(), count: 3)
    settings[0].augmentations = 4
    settings[1].scaling = .pixelSize(.angstroms(13))
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize,
      orders: zip(models, settings).map { .init(model: $0, scale: .byte, storedBytes: 2, settings: $1) },
      settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    let sinks = models.map { _ in MemorySink() }
    _ = try pass.run(source: phantom, sinks: PassSinks(results: sinks), cancellation: Cancellation()) { _ in }
    for index in models.indices {
      #expect(sinks[index].voxels == (try segment(phantom, models[index], settings[index])), "model \(index)")
    }
  }
}
