import AisCore
import AisNetworks
import AisSegmentation
import Testing

@Suite("A pass over a tomogram")
struct SegmentationPassTests {
  @Test("tiles forced by memory change no bit", arguments: [1, 3, 8])
  func tiling(augmentations: Int) throws {
    let phantom = Phantom(shape: Shape(z: 2, y: 150, x: 190), seed: 1)
    var settings = InferenceSettings()
    settings.augmentations = augmentations
    let network = try model(Networks.small(channels: 1, volumetric: false, seed: 4))
    let unit = SegmentationScale(full: 1, isWhole: false)
    let whole = try segment(phantom, network, settings, scale: unit)
    var forecasts: [SegmentationForecast.ModelForecast] = []
    for memory in [6_000_000, 4_000_000, 3_000_000] {
      let pass = try SegmentationPass(
        shape: phantom.shape, voxelSize: phantom.voxelSize,
        orders: [.init(model: network, scale: unit, storedBytes: 4)], settings: settings,
        budget: MemoryBudget(limit: memory, reserved: 0), threads: 2)
      #expect(pass.forecast.memoryBytes <= memory)
      forecasts += pass.forecast.models
      let sink = MemorySink()
      _ = try pass.run(source: phantom, sinks: PassSinks(results: [sink]), cancellation: Cancellation()) { _ in }
      #expect(sink.voxels == whole)
    }
    #expect(forecasts.last?.isSplit == true)
    #expect((forecasts.last?.runsPerWindow ?? 0) > (forecasts.first?.runsPerWindow ?? 0))
  }

  @Test("exact tiling of a 3D network is the whole plane, bit for bit, whatever the memory")
  func exactSlabs() throws {
    let phantom = Phantom(shape: Shape(z: 11, y: 60, x: 150), seed: 2)
    let network = try model(Networks.small(channels: 1, volumetric: true, depth: 8, seed: 5), depth: 8, zJitter: 4)
    var settings = InferenceSettings()
    settings.tiling = .exact
    let unit = SegmentationScale(full: 1, isWhole: false)
    let whole = try segment(phantom, network, settings, scale: unit)
    #expect(try segment(phantom, network, settings, scale: unit, memory: 17_000_000) == whole)
    #expect(whole.allSatisfy { $0 > 0 })
  }

  @Test("the standard tiling leaves slices out that no trained position covers, and says how many")
  func uncovered() throws {
    let phantom = Phantom(shape: Shape(z: 11, y: 40, x: 40), seed: 2)
    let network = try model(Networks.small(channels: 1, volumetric: true, depth: 8, seed: 5), depth: 8, zJitter: 4)
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize, orders: [.init(model: network, scale: .byte, storedBytes: 2)],
      settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 1)
    #expect(pass.forecast.models[0].uncoveredSlices == 3)
  }

  @Test("several models in one pass give what each gives alone")
  func together() throws {
    let phantom = Phantom(shape: Shape(z: 12, y: 40, x: 50), voxelSize: VoxelSize(.angstroms(13)), seed: 3)
    let models = try [
      model(Networks.small(channels: 1, volumetric: false, seed: 1)),
      model(Networks.small(channels: 5, volumetric: false, seed: 2), normalization: .eachSlice),
      model(Networks.small(channels: 1, volumetric: true, depth: 8, seed: 3), depth: 8, pixelSize: nil),
    ]
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize,
      orders: models.map { .init(model: $0, scale: .byte, storedBytes: 2) }, settings: .init(),
      budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    let sinks = models.map { _ in MemorySink() }
    var last = 0.0
    let report = try pass.run(source: phantom, sinks: PassSinks(results: sinks), cancellation: Cancellation()) {
      fraction in
      #expect(fraction >= last)
      last = fraction
    }
    #expect(abs(last - 1) < 1e-9)
    #expect(report.statistics != nil)
    for (model, sink) in zip(models, sinks) { #expect(try segment(phantom, model) == sink.voxels) }
  }

  @Test("values that are no numbers neither spread nor stop the run")
  func notFinite() throws {
    var phantom = Phantom(shape: Shape(z: 3, y: 40, x: 40), seed: 3)
    let network = try model(
      Networks.single(shape: [1, 1, 1, 1], kernel: [0.1], bias: 0.5, volumetric: false, depth: 1),
      normalization: .eachSlice)
    let clean = try segment(phantom, network)
    phantom.voxels[1700] = .nan
    phantom.voxels[1701] = -.infinity
    let spoiled = try segment(phantom, network)
    #expect(
      zip(clean, spoiled).enumerated().allSatisfy {
        $0.offset == 1700 || $0.offset == 1701 || abs($0.element.0 - $0.element.1) <= 1
      })
    #expect(spoiled[1700] == 127)
  }

  @Test("an unknown voxel size stops a run that would rescale or blur, and only that")
  func unknownVoxelSize() throws {
    let phantom = Phantom(shape: Shape(z: 2, y: 40, x: 40), voxelSize: nil, seed: 3)
    let graph = Networks.single(shape: [1, 1, 1, 1], kernel: [0.1], bias: 0.5, volumetric: false, depth: 1)
    #expect { try segment(phantom, model(graph)) } throws: {
      ($0 as? AisError)?.code == .needsDecision && "\($0)".contains("--voxel-size")
    }
    var settings = InferenceSettings()
    settings.scaling = .native
    #expect(throws: Never.self) { try segment(phantom, model(graph), settings) }
    #expect(throws: Never.self) { try segment(phantom, model(graph, pixelSize: nil)) }
    settings.blur = .init(z: .angstroms(5), y: .angstroms(5), x: .angstroms(5))
    #expect { try segment(phantom, model(graph), settings) } throws: { ($0 as? AisError)?.code == .needsDecision }
  }

  @Test("memory that no tile fits into is refused with what would do")
  func tooLittleMemory() throws {
    let phantom = Phantom(shape: Shape(z: 2, y: 400, x: 400), seed: 3)
    let network = try model(Networks.small(channels: 1, volumetric: false, seed: 1))
    #expect { try segment(phantom, network, memory: 2_000_000) } throws: {
      ($0 as? AisError)?.code == .outOfMemory && "\($0)".contains("--memory")
    }
  }

  @Test("a read error is the error of the run")
  func readError() throws {
    let source = BrokenSource(phantom: Phantom(shape: Shape(z: 9, y: 40, x: 40), seed: 3), broken: 5)
    let network = try model(Networks.small(channels: 1, volumetric: false, seed: 1), normalization: .eachSlice)
    #expect { try segment(source, network) } throws: { ($0 as? AisError)?.message == "the disk went away" }
  }

  @Test("a write error is the error of the run", arguments: [0, 4, 8])
  func writeError(slice: Int) throws {
    let phantom = Phantom(shape: Shape(z: 9, y: 40, x: 40), seed: 3)
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize,
      orders: [
        .init(model: try model(Networks.small(channels: 1, volumetric: false, seed: 1)), scale: .byte, storedBytes: 2)
      ], settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    #expect {
      try pass.run(
        source: phantom, sinks: PassSinks(results: [MemorySink(failsAt: slice)]), cancellation: Cancellation()
      ) { _ in }
    } throws: { ($0 as? AisError)?.code == .diskFull }
  }

  @Test("a run stops when asked")
  func cancelled() throws {
    let phantom = Phantom(shape: Shape(z: 9, y: 40, x: 40), seed: 3)
    let pass = try SegmentationPass(
      shape: phantom.shape, voxelSize: phantom.voxelSize,
      orders: [
        .init(model: try model(Networks.small(channels: 1, volumetric: false, seed: 1)), scale: .byte, storedBytes: 2)
      ], settings: .init(), budget: MemoryBudget(limit: 1 << 30, reserved: 0), threads: 2)
    let stop = Cancellation()
    var tiles = 0
    #expect {
      try pass.run(source: phantom, sinks: PassSinks(results: [MemorySink()]), cancellation: stop) { _ in
        tiles += 1
        if tiles == 3 { stop.cancel() }
      }
    } throws: { ($0 as? AisError)?.code == .cancelled }
    #expect(tiles == 3)
  }

  @Test("a network that does not answer one number a pixel is refused")
  func wrongAnswer() throws {
    let phantom = Phantom(shape: Shape(z: 2, y: 40, x: 40), seed: 3)
    var graph = Networks.single(
      shape: [1, 3, 3, 1], kernel: Array(repeating: 0.1, count: 9), bias: 0, volumetric: false, depth: 1)
    graph.nodes[1].operation = .convolution(.init(filters: 1, kernel: Extent(z: 1, y: 3, x: 3), padding: .valid))
    #expect { try segment(phantom, model(graph)) } throws: { ($0 as? AisError)?.code == .shapeMismatch }
  }
}
