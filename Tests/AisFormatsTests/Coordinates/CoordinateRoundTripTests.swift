import AisCore
import AisFormats
import AisTestSupport
import Testing

/// Lists over odd and even sizes, bins and voxel sizes, for proofs that writing and reading undo each other.
enum SampleLists {
  struct Grid: Sendable, CustomTestStringConvertible {
    var unbinned: Shape
    var pixel: Double
    var binning: Double
    var alignment = GridAlignment.firstVoxels
    var center = CenterRule.half

    var testDescription: String {
      "\(unbinned), \(pixel) Å, binned \(binning), \(alignment.rawValue), \(center.rawValue)"
    }
    var voxelSize: VoxelSize { VoxelSize(.angstroms(pixel * binning)) }
    /// As RELION rounds the size of a binned tomogram.
    var shape: Shape {
      func edge(_ n: Int) -> Int { max(1, Int((Double(n) / binning).rounded())) }
      return Shape(z: edge(unbinned.z), y: edge(unbinned.y), x: edge(unbinned.x))
    }
    var table: TiltSeriesTable {
      TiltSeriesTable(["TS_01", "TS_02"].map { .init(name: $0, shape: unbinned, pixelSize: .angstroms(pixel)) })
    }
  }

  static let grids: [Grid] = [(4000, 4000, 2000), (1023, 960, 301), (511, 511, 255), (64, 63, 1)].flatMap { size in
    [(1.35, 7.407407), (1.971, 2), (10, 1), (0.675, 3), (13.48, 4)].flatMap { pixel, binning in
      GridAlignment.allCases.flatMap { alignment in
        CenterRule.allCases.map {
          Grid(
            unbinned: Shape(z: size.2, y: size.1, x: size.0), pixel: pixel, binning: binning, alignment: alignment,
            center: $0)
        }
      }
    }
  }

  static func list(_ grid: Grid, seed: UInt64, isWhole: Bool = false, tomograms: Int = 2) -> ParticleList {
    var generator = SeededGenerator(seed: seed)
    let frames = ["TS_01", "TS_02"].prefix(tomograms)
      .map { TomogramFrame(name: $0, shape: grid.shape, voxelSize: grid.voxelSize) }
    var list = ParticleList(tomograms: frames, extraColumns: ["myColumn", "other"])
    func place(_ n: Int) -> Double {
      let value = Double.random(in: -0.5...Double(n) - 0.5, using: &generator)
      return isWhole ? value.rounded() : value
    }
    for index in 0..<40 {
      list.particles.append(
        Particle(
          tomogram: index % tomograms,
          point: VoxelPoint(z: place(grid.shape.z), y: place(grid.shape.y), x: place(grid.shape.x)),
          angles: EulerAngles(
            rot: Double.random(in: -180...180, using: &generator), tilt: Double.random(in: 1...179, using: &generator),
            psi: Double.random(in: -180...180, using: &generator)),
          score: Double(index) / 4, group: index / 7, id: "p\(index)", extra: ["v\(index)", "two words"]))
    }
    return list
  }
}

@Suite("Coordinates written and read again")
struct CoordinateRoundTripTests {
  /// Writes, reads with what is known of the tomograms, and returns the larger of all distances, in ångström.
  private func check(
    _ list: ParticleList, _ format: CoordinateFormat, _ grid: SampleLists.Grid, decimals: Int? = nil
  ) throws -> (reading: CoordinateReading, worst: Double) {
    var options = CoordinateOptions()
    options.tiltSeries = grid.table
    options.alignment = grid.alignment
    options.center = grid.center
    options.decimals = decimals
    options.boxSize = 31
    let encoding = try CoordinateFile.encode(list, path: "x." + format.fileExtension, format: format, options: options)
    var hints = CoordinateHints()
    hints.shape = grid.shape
    hints.voxelSize = grid.voxelSize
    hints.tiltSeries = grid.table
    hints.alignment = grid.alignment
    hints.center = grid.center
    hints.tomogramName = list.tomograms[0].name
    hints.tomogramNumbers = [1: "TS_01", 2: "TS_02"]
    let reading = try CoordinateFile.read(
      encoding.bytes, path: "x." + format.fileExtension, format: format, hints: hints)
    try #require(reading.list.particles.count == list.particles.count)
    #expect(reading.list.tomograms == list.tomograms)
    var worst = 0.0
    for (a, b) in zip(list.particles, reading.list.particles) {
      #expect(a.tomogram == b.tomogram)
      worst = max(worst, a.point.position(grid.voxelSize).distance(to: b.point.position(grid.voxelSize)))
    }
    return (reading, worst)
  }

  @Test("Every place comes back within a thousandth of an ångström", arguments: SampleLists.grids)
  func places(grid: SampleLists.Grid) throws {
    for format in CoordinateFormat.allCases where format.isWrittenFreely && format != .box {
      let tomograms = format.holdsSeveralTomograms ? 2 : 1
      let list = SampleLists.list(grid, seed: 7, tomograms: tomograms)
      let worst = try check(list, format, grid, decimals: format == .text ? 5 : nil).worst
      // IMOD's numbers of 32 bits cannot say it finer than this.
      let finest = format == .imod ? Double(Float(grid.shape.x).ulp) / 2 * grid.voxelSize.x.angstrom * 1.8 : 0
      #expect(worst < max(1e-3, finest), "\(format.rawValue): \(worst) Å")
    }
  }

  @Test(
    "Angles, scores, groups, ids and unknown columns come back",
    arguments: [CoordinateFormat.ais, .relion3, .relion31, .relion4, .relion5, .warp, .tsv, .csv])
  func facts(format: CoordinateFormat) throws {
    let grid = SampleLists.Grid(unbinned: Shape(z: 301, y: 960, x: 1023), pixel: 1.35, binning: 4)
    let list = SampleLists.list(grid, seed: 3)
    let back = try check(list, format, grid).reading.list
    for (a, b) in zip(list.particles, back.particles) {
      let (first, second) = (try #require(a.angles), try #require(b.angles))
      #expect(
        abs(first.rot - second.rot) < 1e-5 && abs(first.tilt - second.tilt) < 1e-5 && abs(first.psi - second.psi) < 1e-5
      )
      #expect(a.score == b.score)
      #expect(a.group == b.group)
      #expect(b.id.map { $0.hasSuffix(a.id ?? "?") } == true)
      let extra = back.extraColumns.enumerated().filter { list.extraColumns.contains($0.element) }.map {
        b.extra[$0.offset]
      }
      #expect(extra == a.extra)
    }
    #expect(list.extraColumns.allSatisfy { back.extraColumns.contains($0) })
  }

  @Test(
    "A second round changes nothing any more",
    arguments: [CoordinateFormat.ais, .relion3, .relion31, .relion4, .relion5, .warp, .tsv, .csv])
  func fixedPoint(format: CoordinateFormat) throws {
    let grid = SampleLists.Grid(unbinned: Shape(z: 301, y: 960, x: 1023), pixel: 2, binning: 2)
    var options = CoordinateOptions()
    options.tiltSeries = grid.table
    var hints = CoordinateHints()
    hints.voxelSize = grid.voxelSize
    hints.tiltSeries = grid.table
    let first = try CoordinateFile.encode(SampleLists.list(grid, seed: 9), path: "x", format: format, options: options)
    let reading = try CoordinateFile.read(first.bytes, path: "x", format: format, hints: hints)
    options.otherBlocks = reading.otherBlocks
    let second = try CoordinateFile.encode(reading.list, path: "x", format: format, options: options)
    let again = try CoordinateFile.read(second.bytes, path: "x", format: format, hints: hints)
    #expect(Set(again.list.extraColumns) == Set(reading.list.extraColumns))
    let third = try CoordinateFile.encode(again.list, path: "x", format: format, options: options)
    #expect(second.bytes == third.bytes)
  }

  @Test("Empty lists are written and read", arguments: CoordinateFormat.allCases.filter { $0.isWrittenFreely })
  func empty(format: CoordinateFormat) throws {
    let grid = SampleLists.grids[0]
    let list = ParticleList(tomograms: [TomogramFrame(name: "TS_01", shape: grid.shape, voxelSize: grid.voxelSize)])
    var options = CoordinateOptions()
    options.tiltSeries = grid.table
    let bytes = try CoordinateFile.encode(list, path: "x", format: format, options: options).bytes
    var hints = CoordinateHints()
    hints.voxelSize = grid.voxelSize
    hints.shape = grid.shape
    hints.tiltSeries = grid.table
    #expect(try CoordinateFile.read(bytes, path: "x", format: format, hints: hints).list.particles.isEmpty)
  }

  @Test(
    "A list of nothing at all is written and read",
    arguments: [
      CoordinateFormat.ais, .relion3, .relion31, .relion4, .relion5, .warp, .text, .tsv, .csv, .copick, .portal,
    ])
  func nothing(format: CoordinateFormat) throws {
    let bytes = try CoordinateFile.encode(ParticleList(tomograms: []), path: "x", format: format).bytes
    #expect(try CoordinateFile.read(bytes, path: "x", format: format).list.particles.isEmpty)
  }

  @Test("A list on disk is found by its content, whatever its name")
  func onDisk() throws {
    let folder = try TemporaryFolder()
    let list = SampleLists.list(SampleLists.grids[0], seed: 4, tomograms: 1)
    var hints = CoordinateHints()
    hints.voxelSize = SampleLists.grids[0].voxelSize
    for format in [CoordinateFormat.ais, .relion3, .copick, .portal] {
      let written = try CoordinateFile.write(list, to: folder.path("list"), format: format)
      #expect(written.paths == [folder.path("list")])
      #expect(try CoordinateFile.read(folder.path("list"), hints: hints).format == format)
    }
    #expect(folder.names == ["list"])
    #expect(throws: AisError.self) { try CoordinateFile.read(folder.path("missing.star")) }
    #expect(throws: AisError.self) { try CoordinateFile.write(list, to: folder.path("no/list.star"), format: .ais) }
  }

  @Test("Points that are not finite are not written", arguments: [Double.nan, .infinity])
  func notFinite(value: Double) {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "a")], particles: [Particle(point: VoxelPoint(z: value, y: 0, x: 0))])
    let error = #expect(throws: AisError.self) { try CoordinateFile.encode(list, path: "x.star", format: .ais) }
    #expect(error?.message.contains("'a' has no finite position") == true)
  }

  @Test("Several tomograms do not go into a file of one")
  func severalTomograms() {
    let list = SampleLists.list(SampleLists.grids[0], seed: 1)
    let error = #expect(throws: AisError.self) { try CoordinateFile.encode(list, path: "x.txt", format: .text) }
    #expect(error?.code == .usage)
    #expect(list.byTomogram.map(\.particles.count) == [20, 20])
  }
}

extension CoordinateFormat {
  /// Whether any list can be written: M's own tables need what only M knows.
  var isWrittenFreely: Bool { self != .m }
}
