import AisCore
import AisImaging
import AisNetworks
import AisSegmentation
import Synchronization
import Testing

@Suite("Networks on single slices")
struct SliceInferenceTests {
  private static let unit = SegmentationScale(full: 1, isWhole: false)

  private func inference(
    _ phantom: Phantom, _ model: SegmentationModel, _ settings: InferenceSettings, memory: Int = 1 << 30
  ) throws -> SliceInference {
    try SliceInference(
      shape: phantom.shape, voxelSize: phantom.voxelSize, model: model, settings: settings, memoryLimit: memory,
      threads: 2, workspace: InferenceWorkspace())
  }

  private func statistics(_ phantom: Phantom) throws -> GlobalStatistics { try .measure(phantom) }

  /// A kind of network, how it is run, and what it says.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var channels = 1
    var depth = 1
    var isVolumetric = false
    var normalization = SliceNormalization.wholeTomogram
    var pixelSize: Length?
    var zJitter = 0
    var change: @Sendable (inout InferenceSettings) -> Void = { _ in }
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "2D"), Case(name: "2D, each slice normalised", normalization: .eachSlice),
    Case(name: "2D, four orientations") { $0.augmentations = 4 },
    Case(name: "2D, another pixel size", normalization: .eachSlice, pixelSize: .angstroms(13)),
    Case(name: "2.5D", channels: 5), Case(name: "3D", depth: 8, isVolumetric: true),
    Case(name: "3D, trained in the middle", depth: 8, isVolumetric: true, zJitter: 4),
    Case(name: "3D in tiles, eight orientations", depth: 8, isVolumetric: true) {
      $0.augmentations = 8
      $0.tileEdge = 64
      $0.tileOverlap = 8
    },
    Case(name: "3D, exact", depth: 8, isVolumetric: true, zJitter: 4) { $0.tiling = .exact },
  ]

  @Test("say what a pass over the tomogram says, bit for bit", arguments: cases)
  func equalToPass(of kind: Case) throws {
    let phantom = Phantom(shape: Shape(z: 19, y: 62, x: 75), seed: 7)
    let network = try model(
      Networks.small(channels: kind.channels, volumetric: kind.isVolumetric, depth: kind.depth, seed: 8),
      depth: kind.depth, normalization: kind.normalization, pixelSize: kind.pixelSize, zJitter: kind.zJitter)
    var settings = InferenceSettings()
    kind.change(&settings)
    let whole = try segment(phantom, network, settings, scale: Self.unit)
    let inference = try inference(phantom, network, settings)
    let count = phantom.shape.sliceCount
    let known = try statistics(phantom)
    for z in [0, 1, 8, 11, 17, 18] {
      let slices = try inference.run(z, source: phantom, statistics: known, cancellation: Cancellation())
      #expect(slices[z] != nil)
      for (slice, values) in slices {
        #expect(values == Array(whole[slice * count..<(slice + 1) * count]), "slice \(slice), asked for \(z)")
      }
    }
  }

  @Test("give a part of a slice as they give the whole", arguments: cases.filter { $0.pixelSize == nil })
  func regions(of kind: Case) throws {
    let phantom = Phantom(shape: Shape(z: 12, y: 150, x: 131), seed: 9)
    let network = try model(
      Networks.small(channels: kind.channels, volumetric: kind.isVolumetric, depth: kind.depth, seed: 8),
      depth: kind.depth, normalization: kind.normalization, zJitter: kind.zJitter)
    var settings = InferenceSettings()
    kind.change(&settings)
    let inference = try inference(phantom, network, settings)
    let known = try statistics(phantom)
    let whole = try #require(
      try inference.run(6, source: phantom, statistics: known, cancellation: Cancellation())[6])
    for region in [
      SliceInference.Region(rows: 40..<77, columns: 3..<60), .init(rows: 149..<150, columns: 130..<131),
      .init(rows: 0..<150, columns: 64..<65),
    ] {
      let part = try inference.run(
        6, region: region, source: phantom, statistics: known, cancellation: Cancellation())[6]
      #expect(part == region.rows.flatMap { row in region.columns.map { whole[row * 131 + $0] } })
    }
  }

  @Test("of every architecture take slices of any size", arguments: Architecture.all.map(\.name))
  func everyArchitecture(name: String) throws {
    let architecture = try Architecture.named(name)
    let isSlab = architecture.form == .slabs
    let depth = isSlab ? architecture.depthMultiple : 1
    // Planning finds what does not fit; running all of them would take long.
    let needsMore = architecture.sideMultiple > 32
    let engine: any Engine = try needsMore ? CPUEngine(threads: 2) : ReferenceEngine()
    let network = try SegmentationModel(
      title: name, network: engine.load(architecture.graph(depth: depth)), depth: depth, normalization: .eachSlice,
      pixelSize: .angstroms(10), zJitter: 0)
    for (y, x) in [(50, 70), (64, 96), (1, 129)] {
      for tileEdge in [nil, 100] {
        let phantom = Phantom(shape: Shape(z: depth, y: y, x: x), seed: 5)
        var settings = InferenceSettings()
        settings.augmentations = 8
        settings.tileEdge = tileEdge
        let inference = try inference(phantom, network, settings, memory: 64 << 30)
        guard needsMore, (y, tileEdge) == (64, nil) else { continue }
        let known = try statistics(phantom)
        let slices = try inference.run(0, source: phantom, statistics: known, cancellation: Cancellation())
        let slice = try #require(slices[0])
        #expect(slice.count == y * x && slice.allSatisfy(\.isFinite) && slice.max() != slice.min())
      }
    }
  }

  @Test("a network that only huge slices would fit is refused by name")
  func hugeMultiple() throws {
    let half = Extent(z: 1, y: 2, x: 2)
    var nodes = [NetworkGraph.Node(name: "input", operation: .input(.init(channels: 1)), inputs: [])]
    for level in 0..<40 {
      nodes.append(
        .init(
          name: "pool \(level)", operation: .maxPooling(.init(window: half, stride: half, padding: .same)),
          inputs: [.init(level)]))
    }
    for level in 40..<80 {
      nodes.append(.init(name: "up \(level)", operation: .upsampling(half), inputs: [.init(level)]))
    }
    let graph = NetworkGraph(
      name: "deep", dimensionality: .two, nodes: nodes, output: .init(80), weights: [:])
    let error = #expect(throws: AisError.self) { try model(graph) }
    #expect(error?.message.contains("'Test' divides slices into pieces of \(1 << 40) pixels; at most 4096") == true)
  }

  @Test("combined slice by slice they are what a pass makes of them", arguments: [Combination.Dimension.two, .three])
  func combined(dimension: Combination.Dimension) throws {
    let phantom = Phantom(shape: Shape(z: 11, y: 40, x: 50), seed: 3)
    let models = try (1...3).map { try model(Networks.small(channels: 1, volumetric: false, seed: $0)) }
    var combination = Combination(
      members: [.init(emits: true), .init(emits: true, absorbs: true), .init(absorbs: true)],
      interactions: [
        Interaction(child: 1, parent: 0, kind: .avoid, radius: .angstroms(25), threshold: 0.6),
        Interaction(child: 2, parent: 1, kind: .colocalize, radius: .angstroms(40), threshold: 0.5),
      ])
    combination.dimension = dimension
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize,
      orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) }, combination: combination,
      settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    let sinks = models.map { _ in MemorySink() }
    _ = try pass.run(source: phantom, sinks: PassSinks(results: sinks), cancellation: Cancellation()) { _ in }

    let known = try statistics(phantom)
    let reach = combination.reach(slices: phantom.shape.z, voxelSize: phantom.voxelSize)
    #expect((reach > 0) == (dimension == .three))
    for z in [0, 1, 5, 10] {
      let range = max(0, z - reach)...min(10, z + reach)
      let slices = try models.map { model in
        let inference = try inference(phantom, model, .init())
        return try range.map {
          try inference.run($0, source: phantom, statistics: known, cancellation: Cancellation())[$0] ?? []
        }
      }
      let results = try combination.slice(
        slices, wanted: z - range.lowerBound, y: 40, x: 50, voxelSize: phantom.voxelSize)
      for (result, sink) in zip(results, sinks) {
        let expected = sink.slices.withLock { $0[z]!.map { UInt8($0) } }
        #expect(SegmentationScale.bytes(of: result) == expected, "slice \(z)")
      }
    }
  }

  @Test("keep to the memory they are given, and stop when they are asked to")
  func bounds() throws {
    let phantom = Phantom(shape: Shape(z: 2, y: 150, x: 190), seed: 1)
    let network = try model(Networks.small(channels: 1, volumetric: false, seed: 4))
    let whole = try inference(phantom, network, .init())
    let split = try inference(phantom, network, .init(), memory: 2_500_000)
    #expect(split.forecast.isSplit && !whole.forecast.isSplit)
    #expect(split.forecast.memoryBytes < whole.forecast.memoryBytes)
    let known = try statistics(phantom)
    func run(_ inference: SliceInference) throws -> [Int: [Float]] {
      try inference.run(1, source: phantom, statistics: known, cancellation: Cancellation())
    }
    #expect(try run(split) == run(whole))
    let stopped = Cancellation()
    stopped.cancel()
    #expect(throws: AisError.self) {
      try whole.run(1, source: phantom, statistics: known, cancellation: stopped)
    }
  }
}
