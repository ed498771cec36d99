import AisCore
import AisSegmentation
import Testing

@Suite("Several models combined in one pass")
struct CombinedPassTests {
  private static let shape = Shape(z: 17, y: 32, x: 36)
  private static let unit = SegmentationScale(full: 1, isWhole: false)

  /// A 2D, a 2.5D at another pixel size, and a 3D network, which finish a slice at different times.
  private static func models() throws -> [SegmentationModel] {
    try [
      model(Networks.small(channels: 1, volumetric: false, seed: 21)),
      model(
        Networks.small(channels: 5, volumetric: false, seed: 22), normalization: .eachSlice, pixelSize: .angstroms(14)),
      model(Networks.small(channels: 1, volumetric: true, depth: 8, seed: 23), depth: 8, zJitter: 4),
    ]
  }

  private static func combination(_ dimension: Combination.Dimension) -> Combination {
    var combination = Combination(
      members: [.init(emits: true, threshold: 0.6), .init(absorbs: true), .init(emits: true, absorbs: true)],
      interactions: [
        .init(child: 0, parent: 2, kind: .avoid, radius: .nanometers(2.2), threshold: 0.6),
        .init(child: 1, parent: 0, kind: .colocalize, radius: .nanometers(3), threshold: 0.55),
        .init(child: 2, parent: 1, kind: .avoid, radius: .nanometers(1), threshold: 0.6),
      ])
    combination.dimension = dimension
    return combination
  }

  @Test(
    "gives what each model gives alone, combined afterwards",
    arguments: Combination.Dimension.allCases, [InferenceSettings.DepthRange.all, .slices(5..<12)])
  func together(dimension: Combination.Dimension, range: InferenceSettings.DepthRange) throws {
    let phantom = Phantom(shape: Self.shape, seed: 9)
    var settings = InferenceSettings()
    settings.depthRange = range
    settings.blur = .init(z: .angstroms(8), y: .angstroms(6), x: .angstroms(6))
    let models = try Self.models()
    let alone = try models.map { model in
      Volume(shape: Self.shape, voxels: try segment(phantom, model, settings, scale: Self.unit))
    }
    // Networks with random weights have no natural threshold: three voxels in a hundred are found.
    let levels = alone.map { volume in
      let computed = volume.voxels.filter { $0 > 0 }.sorted()
      return Double(computed[computed.count * 97 / 100])
    }
    var combination = Self.combination(dimension)
    for index in levels.indices {
      combination.members[index].threshold = levels[index]
      combination.interactions[index].threshold = levels[combination.interactions[index].parent]
    }
    let expected = try combination.combined(alone, voxelSize: phantom.voxelSize)
    for index in models.indices { #expect(expected.results[index].voxels != alone[index].voxels, "model \(index)") }

    let pass = try SegmentationPass(
      shape: Self.shape, voxelSize: phantom.voxelSize,
      orders: models.map { .init(model: $0, scale: Self.unit, storedBytes: 4) }, combination: combination,
      makesLabels: true, settings: settings, budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    let results = models.map { _ in MemorySink() }
    let raw = models.map { _ in MemorySink() }
    let labels = MemorySink()
    var sinks = PassSinks(results: results)
    sinks.raw = raw
    sinks.labels = labels
    _ = try pass.run(source: phantom, sinks: sinks, cancellation: Cancellation()) { _ in }
    for index in models.indices {
      #expect(raw[index].voxels == alone[index].voxels, "raw \(index)")
      #expect(results[index].voxels == expected.results[index].voxels, "result \(index)")
    }
    #expect(labels.voxels == expected.labels.voxels)
    #expect(Set(labels.voxels).count > 1)
  }

  @Test("a place for labels changes no result, and results may have no place")
  func somewhere() throws {
    let phantom = Phantom(shape: Self.shape, seed: 9)
    let models = try Self.models()
    let combination = Self.combination(.three)
    func run(_ makeSinks: (MemorySink) -> PassSinks) throws -> [Float] {
      let pass = try SegmentationPass(
        shape: Self.shape, voxelSize: phantom.voxelSize,
        orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) }, combination: combination,
        settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 1)
      let sink = MemorySink()
      _ = try pass.run(source: phantom, sinks: makeSinks(sink), cancellation: Cancellation()) { _ in }
      return sink.voxels
    }
    let only = try run { PassSinks(results: [nil, $0, nil]) }
    let labelled = try run { sink in
      var sinks = PassSinks(results: [MemorySink(), sink, nil])
      sinks.labels = MemorySink()
      return sinks
    }
    #expect(only == labelled)
  }

  @Test("a deep radius waits for many slices, which the forecast says; one that cannot fit is refused")
  func memory() throws {
    let models = try Self.models()
    let shape = Shape(z: 300, y: 256, x: 256)
    func bytes(_ dimension: Combination.Dimension, limit: Int = 1 << 32) throws -> Int {
      var combination = Self.combination(dimension)
      combination.interactions[0].radius = .nanometers(100)
      let pass = try SegmentationPass(
        shape: shape, voxelSize: VoxelSize(.angstroms(10)),
        orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) }, combination: combination,
        settings: .init(), budget: MemoryBudget(limit: limit, reserved: 0), threads: 1)
      return pass.forecast.memory.first { $0.purpose == "slices that wait for other models" }?.bytes ?? 0
    }
    let (plane, volume) = (try bytes(.two), try bytes(.three))
    let slice = shape.sliceCount * 4
    #expect(plane < 40 * slice)
    #expect(volume > 150 * slice && volume < 400 * slice)
    let refusal = #expect(throws: AisError.self) { try bytes(.three, limit: volume) }
    #expect(refusal?.code == .outOfMemory)
  }

  @Test("a radius without a voxel size is refused before anything is read")
  func unknownVoxelSize() throws {
    let models = try Self.models().map { network in
      var network = network
      network.pixelSize = nil
      return network
    }
    let refusal = #expect(throws: AisError.self) {
      try SegmentationPass(
        shape: Self.shape, voxelSize: nil, orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) },
        combination: Self.combination(.two), settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0),
        threads: 1)
    }
    #expect(refusal?.code == .needsDecision)
  }
}
