import AisCore
import AisImaging
import AisTestSupport
import Foundation
import Testing

/// Simulated tomograms that the thresholds of the check-up were not chosen on.
struct PhantomCase: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var phantom = WedgePhantom()

  init(_ name: String, _ change: (inout WedgePhantom) -> Void = { _ in }) {
    testDescription = name
    change(&phantom)
  }
}

@Suite("The missing wedge")
struct MissingWedgeTests {
  static let cases = [
    PhantomCase("a cell"), PhantomCase("another cell") { $0.seed = 7 },
    PhantomCase("much noise") { $0.signalToNoise = 0.02 },
    PhantomCase("tilted to 45°") { $0.maximumTilt = 45 }, PhantomCase("tilted to 70°") { $0.maximumTilt = 70 },
    PhantomCase("tilted about x") { $0.tiltAxis = .x },
    PhantomCase("filaments along x") { $0.content = .fibres },
    PhantomCase("noise alone") { $0.content = .noise },
    PhantomCase("blurred") { $0.lowPass = 0.15 },
  ]

  private func wedge(_ volume: Volume<Float>) throws -> MissingWedge {
    let sampling = try #require(CubeSampling(region: VoxelBox(volume.shape)))
    var meter = MissingWedgeMeter(edge: sampling.edge)
    try sampling.forEachCube(of: VolumeSource(volume)) { meter.add($0) }
    return try #require(meter.result)
  }

  @Test("lies about the beam, which is z, y or x as the volume is turned", arguments: cases)
  func beam(_ entry: PhantomCase) throws {
    let volume = entry.phantom.volume()
    #expect(try wedge(volume).beam == .z)
    let shape = volume.shape
    let onItsSide = Volume(
      shape: shape,
      voxels: (0..<shape.count).map { i in
        volume[z: i / shape.x % shape.y, y: i / (shape.x * shape.y), x: i % shape.x]
      })
    #expect(try wedge(onItsSide).beam == .y)
    let onItsHead = Volume(
      shape: shape,
      voxels: (0..<shape.count).map { i in
        volume[z: i % shape.x, y: i / shape.x % shape.y, x: i / (shape.x * shape.y)]
      })
    #expect(try wedge(onItsHead).beam == .x)
  }

  @Test("is not seen where there is none", arguments: [WedgePhantom.Content.cell, .fibres, .noise])
  func withoutWedge(_ content: WedgePhantom.Content) throws {
    var phantom = WedgePhantom()
    phantom.hasWedge = false
    phantom.content = content
    phantom.signalToNoise = 3
    let wedge = try wedge(phantom.volume())
    #expect(wedge.beam == nil)
    #expect(!wedge.isSheared)
  }

  @Test("is not looked for in rows that slide against each other")
  func sheared() throws {
    var phantom = WedgePhantom()
    phantom.lowPass = 0.2
    var volume = phantom.volume()
    let shape = volume.shape
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          // A crop of a larger file under a smaller header: every slice begins two rows too early.
          let from = (y + 2 * z) % shape.y
          volume[z: z, y: y, x: x] = phantomRow(x: x, y: from)
        }
      }
    }
    #expect(try wedge(volume).isSheared)
  }

  /// A smooth random plane.
  private func phantomRow(x: Int, y: Int) -> Float {
    let (x, y) = (Double(x), Double(y))
    return Float(
      sin(x / 3 + y / 7) + sin(x / 5 - y / 3.3) + 0.7 * sin(y / 1.7 + x) + 0.5 * sin(y * 0.9) + 0.3
        * sin(x * 2.2 + y * 1.9))
  }

  @Test("of equal voxels is nothing")
  func constant() {
    var meter = MissingWedgeMeter(edge: 16)
    meter.add([Float](repeating: 3, count: 4096))
    #expect(meter.result == nil)
  }
}

@Suite("The contrast of features")
struct FeatureContrastTests {
  static let cases = [
    PhantomCase("a cell"), PhantomCase("another cell") { $0.seed = 11 },
    PhantomCase("filaments") {
      $0.content = .fibres
      $0.signalToNoise = 2
    },
    PhantomCase("without missing wedge") { $0.hasWedge = false },
    PhantomCase("blurred") { $0.lowPass = 0.15 },
  ]

  private func contrast(_ volume: Volume<Float>, inverted: Bool = false) throws -> FeatureContrast {
    let sampling = try #require(CubeSampling(region: VoxelBox(volume.shape)))
    var meter = FeatureContrastMeter()
    try sampling.forEachCube(of: VolumeSource(volume)) { cube in
      meter.add(inverted ? cube.map { -$0 } : cube, edge: sampling.edge)
    }
    return try #require(meter.result)
  }

  @Test("is dark for dark features and bright for the inverted volume", arguments: cases)
  func darkAndBright(_ entry: PhantomCase) throws {
    let volume = entry.phantom.volume()
    let dark = try contrast(volume)
    let bright = try contrast(volume, inverted: true)
    #expect(dark.verdict == .dark, "\(dark.asymmetry)")
    #expect(bright.verdict == .bright, "\(bright.asymmetry)")
    for (a, b) in zip(dark.asymmetry, bright.asymmetry) { #expect(abs(a + b) < 1e-3) }
  }

  @Test("is unclear for noise, and a single gold bead does not make it bright", arguments: 1...4)
  func unclear(seed: UInt64) throws {
    var phantom = WedgePhantom()
    phantom.seed = seed
    phantom.content = .noise
    #expect(try contrast(phantom.volume()).verdict == .unclear)
    phantom.content = .gold
    #expect(try contrast(phantom.volume()).verdict != .bright)
  }
}

@Suite("Cubes of a tomogram")
struct CubeSamplingTests {
  @Test(
    "lie inside the region and reach its borders",
    arguments: [
      Shape(z: 16, y: 16, x: 16), Shape(z: 64, y: 200, x: 200), Shape(z: 300, y: 1024, x: 960),
      Shape(z: 78, y: 64, x: 32),
      Shape(z: 64, y: 64, x: 64), Shape(z: 96, y: 96, x: 96),
    ])
  func inside(_ shape: Shape) throws {
    let sampling = try #require(CubeSampling(region: VoxelBox(shape)))
    #expect(sampling.count <= 27)
    #expect([16, 32, 64].contains(sampling.edge))
    for (starts, length) in [(sampling.z, shape.z), (sampling.y, shape.y), (sampling.x, shape.x)] {
      #expect(starts.allSatisfy { $0 >= 0 && $0 + sampling.edge <= length })
      if starts.count > 1 { #expect(starts.first == 0 && starts.last! + sampling.edge == length) }
    }
  }

  @Test("hold the voxels of their place")
  func voxels() throws {
    let shape = Shape(z: 20, y: 33, x: 40)
    let volume = Volume(shape: shape, voxels: (0..<shape.count).map(Float.init))
    let region = VoxelBox(z: 2..<20, y: 5..<33, x: 8..<40)
    let sampling = try #require(CubeSampling(region: region))
    var first: [Float] = []
    try sampling.forEachCube(of: VolumeSource(volume)) { if first.isEmpty { first = $0 } }
    #expect(first[0] == volume[z: sampling.z[0], y: sampling.y[0], x: sampling.x[0]])
    #expect(sampling.z[0] == 2 && sampling.y[0] == 5 && sampling.x[0] == 8)
    #expect(first.last == volume[z: 2 + 15, y: 5 + 15, x: 8 + 15])
  }

  @Test("cannot be cut from a region thinner than 16 voxels")
  func thin() {
    #expect(CubeSampling(region: VoxelBox(Shape(z: 15, y: 400, x: 400))) == nil)
    #expect(CubeSampling(region: VoxelBox(z: 0..<0, y: 0..<64, x: 0..<64)) == nil)
  }

  @Test("get the mean for voxels that are no numbers")
  func notFinite() throws {
    let shape = Shape(z: 16, y: 16, x: 16)
    var volume = Volume<Float>(shape: shape, repeating: 2)
    volume.voxels[7] = .nan
    volume.voxels[8] = .infinity
    let sampling = try #require(CubeSampling(region: VoxelBox(shape)))
    var seen: [Float] = []
    try sampling.forEachCube(of: VolumeSource(volume)) { seen = $0 }
    #expect(seen.allSatisfy { $0 == 2 })
  }
}

@Suite("The survey of voxels")
struct VoxelSurveyTests {
  @Test("counts, averages and finds what is empty")
  func statistics() {
    let shape = Shape(z: 3, y: 4, x: 5)
    var survey = VoxelSurvey(shape: shape)
    var slice = [Float](repeating: 99, count: 20)
    for y in 1..<3 { for x in 2..<5 { slice[y * 5 + x] = Float(y * 5 + x) } }
    slice[7] = .nan
    slice[8] = .infinity
    survey.add(slice: slice, z: 0)
    survey.add(slice: [Float](repeating: 4, count: 20), z: 2)
    #expect(survey.nanCount == 1 && survey.infiniteCount == 1 && survey.voxelCount == 40)
    #expect(survey.constantSlices == [2])
    #expect(survey.rows == 1..<3)
    #expect(survey.columns == 2..<5)
    let finite = (slice + [Float](repeating: 4, count: 20)).filter(\.isFinite).map(Double.init)
    let mean = finite.reduce(0, +) / Double(finite.count)
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)
    #expect(abs(survey.mean - mean) < 1e-9)
    #expect(abs(survey.deviation - variance.squareRoot()) < 1e-9)
    #expect(survey.isWhole)
  }

  @Test("finds a value that most voxels share, and none in a picture")
  func majority() {
    var random = SeededGenerator(seed: 3)
    let shape = Shape(z: 1, y: 50, x: 60)
    var mask = VoxelSurvey(shape: shape)
    mask.add(slice: (0..<3000).map { _ in Float.random(in: 0..<1, using: &random) < 0.2 ? 1 : 0 }, z: 0)
    #expect(mask.commonValue?.value == 0)
    var picture = VoxelSurvey(shape: shape)
    picture.add(slice: (0..<3000).map { _ in Float.random(in: 0..<1, using: &random) }, z: 0)
    #expect(picture.commonValue == nil)
  }

  @Test("tells bytes that were read with the wrong sign", arguments: [true, false])
  func byteSign(isSigned: Bool) {
    var random = SeededGenerator(seed: 5)
    let shape = Shape(z: 1, y: 40, x: 50)
    // A smooth picture across the wrap of the wrong reading.
    let right = (0..<2000).map { i in
      (40 * sin(Float(i % 50) / 5) + Float.random(in: -8...8, using: &random)).rounded() + (isSigned ? 0 : 128)
    }
    var survey = VoxelSurvey(shape: shape)
    survey.add(slice: right, z: 0)
    #expect(survey.byteSteps.verdict == .right)
    survey = VoxelSurvey(shape: shape)
    survey.add(slice: right.map { isSigned ? ($0 < 0 ? $0 + 256 : $0) : ($0 > 127 ? $0 - 256 : $0) }, z: 0)
    #expect(survey.byteSteps.verdict == .wrong)
    survey = VoxelSurvey(shape: shape)
    survey.add(slice: right.map { abs($0.truncatingRemainder(dividingBy: 20)) + 30 }, z: 0)
    #expect(survey.byteSteps.verdict == .alike)
  }
}
