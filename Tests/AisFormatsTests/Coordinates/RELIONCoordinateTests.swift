import AisCore
import AisFormats
import Testing

@Suite("RELION, Warp and M coordinates")
struct RELIONCoordinateTests {
  private func read(
    _ text: String, _ format: CoordinateFormat? = nil, _ change: (inout CoordinateHints) -> Void = { _ in }
  ) throws(AisError) -> CoordinateReading {
    var hints = CoordinateHints()
    change(&hints)
    return try CoordinateFile.read(Array(text.utf8), path: "x.star", format: format, hints: hints)
  }

  private func table(_ columns: [String], _ rows: [String], optics: (columns: [String], rows: [String])? = nil)
    -> String
  {
    func loop(_ name: String, _ columns: [String], _ rows: [String]) -> String {
      "data_\(name)\n\nloop_\n" + columns.map { "_\($0)\n" }.joined() + rows.map { $0 + "\n" }.joined() + "\n"
    }
    return (optics.map { loop("optics", $0.columns, $0.rows) } ?? "") + loop("particles", columns, rows)
  }

  private let centred = [
    "rlnTomoName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst",
  ]
  private let volumes = TiltSeriesTable([
    .init(name: "TS_01", shape: Shape(z: 2000, y: 3000, x: 4000), pixelSize: .angstroms(1.35))
  ])

  @Test("RELION 5 has its zero at half the unbinned size")
  func zero() throws {
    let reading = try read(table(centred, ["TS_01 0 0 0", "TS_01 1.35 -2.7 135"])) { $0.tiltSeries = volumes }
    #expect(reading.format == .relion5)
    #expect(reading.list.particles[0].point == VoxelPoint(z: 1000, y: 1500, x: 2000))
    #expect(reading.list.particles[1].point == VoxelPoint(z: 1100, y: 1498, x: 2001))
    #expect(reading.list.tomograms[0].shape == Shape(z: 2000, y: 3000, x: 4000))
    #expect(reading.list.tomograms[0].voxelSize == VoxelSize(.angstroms(1.35)))
    #expect(reading.frame.contains("n/2 pixels"))
    #expect(reading.warnings.isEmpty)
  }

  @Test("The rule of RELION 5's pickers lies a pixel lower")
  func pickersRule() throws {
    let reading = try read(table(centred, ["TS_01 0 0 0"])) {
      $0.tiltSeries = volumes
      $0.center = .halfMinusOne
    }
    #expect(reading.list.particles[0].point == VoxelPoint(z: 999, y: 1499, x: 1999))
  }

  @Test("A tomogram that RELION binned shows the same place at p · b, one binned by averaging at (p + ½) · b − ½")
  func binned() throws {
    for (alignment, expected) in [(GridAlignment.firstVoxels, 250.0), (.edges, 249.625)] {
      let reading = try read(table(centred, ["TS_01 0 0 0"])) {
        $0.tiltSeries = volumes
        $0.voxelSize = VoxelSize(.angstroms(5.4))
        $0.shape = Shape(z: 500, y: 750, x: 1000)
        $0.alignment = alignment
      }
      #expect(reading.list.particles[0].point.z == expected)
      #expect(reading.list.tomograms[0].shape == Shape(z: 500, y: 750, x: 1000))
      #expect(reading.frame.contains(alignment.phrase))
    }
  }

  @Test("Without the unbinned size RELION 5's centre is asked for, not guessed")
  func noTable() throws {
    let text = table(centred, ["TS_01 13.5 0 -27"])
    let error = #expect(throws: AisError.self) { try read(text) }
    #expect(error?.code == .needsDecision)
    #expect(error?.message.contains("--tomograms tomograms.star") == true)
    let incomplete = try read(text) { $0.allowsIncomplete = true }
    #expect(incomplete.missing == [.tiltSeries])
    #expect(incomplete.list.particles[0].point == VoxelPoint(z: -27, y: 0, x: 13.5))
    #expect(incomplete.list.tomograms[0].voxelSize == VoxelSize(.angstroms(1)))
  }

  @Test("A binned size is not taken for the unbinned one")
  func binnedSizeGiven() throws {
    let text = table(
      centred, ["TS_01 0 0 0"], optics: (["rlnOpticsGroup", "rlnTomoTiltSeriesPixelSize"], ["1 1.35"]))
    let error = #expect(throws: AisError.self) {
      try read(text) {
        $0.shape = Shape(z: 200, y: 400, x: 400)
        $0.voxelSize = VoxelSize(.angstroms(10))
      }
    }
    #expect(error?.message.contains("belongs to voxels of 10 Å") == true)
    let unbinned = try read(text) {
      $0.shape = Shape(z: 2000, y: 4000, x: 4000)
      $0.voxelSize = VoxelSize(.angstroms(1.35))
    }
    #expect(unbinned.list.particles[0].point == VoxelPoint(z: 1000, y: 2000, x: 2000))
  }

  @Test("Odd sizes are warned of, reading and writing")
  func oddSizes() throws {
    let odd = TiltSeriesTable([.init(name: "TS_01", shape: Shape(z: 301, y: 400, x: 400), pixelSize: .angstroms(2))])
    let reading = try read(table(centred, ["TS_01 0 0 0"])) { $0.tiltSeries = odd }
    #expect(reading.list.particles[0].point.z == 150.5)
    #expect(reading.warnings.count == 1 && reading.warnings[0].contains("expect 1.00 Å"))
    var options = CoordinateOptions()
    options.tiltSeries = odd
    #expect(
      try CoordinateFile.encode(reading.list, path: "y", format: .relion5, options: options).warnings
        == reading.warnings)
  }

  @Test("Writing for RELION 5 needs the table and the voxel size")
  func writingNeeds() throws {
    var list = ParticleList(
      tomograms: [TomogramFrame(name: "TS_09")], particles: [Particle(point: VoxelPoint(z: 1, y: 1, x: 1))])
    var options = CoordinateOptions()
    options.tiltSeries = volumes
    for format in [CoordinateFormat.relion5, .relion4] {
      let error = #expect(throws: AisError.self) {
        try CoordinateFile.encode(list, path: "y", format: format, options: options)
      }
      #expect(error?.message.contains("--tomograms tomograms.star") == true)
    }
    list.tomograms[0].name = "TS_01"
    for format in [CoordinateFormat.relion5, .relion4] {
      let error = #expect(throws: AisError.self) {
        try CoordinateFile.encode(list, path: "y", format: format, options: options)
      }
      #expect(error?.message.contains("--voxel-size") == true)
    }
  }

  @Test("The table finds a tomogram by its tilt series, by its reconstruction and by Warp's name")
  func tableNames() throws {
    let columns = [
      "rlnTomoName", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ", "rlnTomoTiltSeriesPixelSize",
      "rlnTomoTomogramBinning",
      "rlnTomoReconstructedTomogramHalf1",
    ]
    let text = table(
      columns, ["TS_01.tomostar 4000 3000 2000 1.35 7.4 job/rec_TS_01_half1.mrc", "TS_02 10 10 10 2 1 None"])
    let volumes = try TiltSeriesTable(STARFile(parsing: Array(text.utf8), name: "t"), path: "t")
    for name in [
      "TS_01", "TS_01.tomostar", "TS_01.mrc", "rec_TS_01_half1", "a/b/rec_TS_01_half1.mrc", "TS_01_10.00Apx",
    ] {
      #expect(volumes[name]?.shape == Shape(z: 2000, y: 3000, x: 4000), "\(name)")
    }
    #expect(volumes["TS_01"]?.binning == 7.4)
    #expect(volumes["TS_03"] == nil && volumes["TS_01_Apx"] == nil && volumes["TS"] == nil)
  }

  @Test(
    "A table that makes no sense is refused",
    arguments: [
      ("TS_01 0 10 10 1", "gives 'TS_01' 0 × 10 × 10"), ("TS_01 10 10 10 0", "pixels of 0 Å"),
      ("TS_01 10.5 10 10 1", "10.5 × 10"),
      ("TS_01 a 10 10 1", "'a' in column 'rlnTomoSizeX' of row 1"), ("TS_01 1e99 10 10 1", "1e99"),
      ("TS_01 nan 10 10 1", "'nan'"),
    ])
  func badTable(row: String, words: String) {
    let columns = ["rlnTomoName", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ", "rlnTomoTiltSeriesPixelSize"]
    let error = #expect(throws: AisError.self) {
      try TiltSeriesTable(STARFile(parsing: Array(table(columns, [row]).utf8), name: "t"), path: "t")
    }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test("A refined shift is subtracted, turned by the subtomogram's rotation, and both rotations become one")
  func pose() throws {
    let columns =
      centred + ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]
      + ["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"]
      + ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnAngleTiltPrior"]
    // The subtomogram is turned by 90° about z: its x axis lies along −y of the tomogram (RELION's matrix, row by row).
    let reading = try read(table(columns, ["TS_01 0 0 0 13.5 0 0 90 0 0 0 60 0 90"])) { $0.tiltSeries = volumes }
    let particle = reading.list.particles[0]
    #expect(abs(particle.point.x - 2000) < 1e-9 && abs(particle.point.y - 1510) < 1e-9 && particle.point.z == 1000)
    let expected =
      RotationMatrix(EulerAngles(rot: 90, tilt: 0, psi: 0)) * RotationMatrix(EulerAngles(rot: 0, tilt: 60, psi: 0))
    let found = RotationMatrix(try #require(particle.angles))
    for index in 0..<9 { #expect(abs(found.elements[index] - expected.elements[index]) < 1e-9) }
    #expect(reading.list.extraColumns.isEmpty)
    #expect(reading.warnings.count == 2)
  }

  @Test("Shifts without unit are in the images' pixels")
  func pixelShifts() throws {
    let columns = ["rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]
    let shifts = columns + ["rlnOriginX", "rlnOriginY", "rlnOriginZ"]
    #expect(
      try read(table(shifts, ["a.mrc 10 20 30 1 -2 0.5"])).list.particles[0].point == VoxelPoint(z: 29.5, y: 22, x: 9))
    let angstrom = columns + ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"]
    let error = #expect(throws: AisError.self) { try read(table(angstrom, ["a.mrc 10 20 30 1 -2 0.5"])) }
    #expect(error?.code == .needsDecision)
    let known = try read(table(angstrom, ["a.mrc 10 20 30 1 -2 0.5"])) { $0.voxelSize = VoxelSize(.angstroms(2)) }
    #expect(known.list.particles[0].point == VoxelPoint(z: 29.75, y: 21, x: 9.5))
  }

  @Test("RELION 4 counts in unbinned pixels, Warp in those of the images")
  func unbinnedOrImages() throws {
    let columns = ["rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnOpticsGroup"]
    let optics = (["rlnOpticsGroup", "rlnTomoTiltSeriesPixelSize", "rlnImagePixelSize"], ["1 2 8", "2 2.5 10"])
    let relion = try read(table(columns, ["TS_01 80 40 20 1", "TS_02 80 40 20 2"], optics: optics)) {
      $0.frames["TS_01"] = TomogramFrame(name: "TS_01", voxelSize: VoxelSize(.angstroms(8)))
    }
    #expect(relion.format == .relion4)
    #expect(relion.list.particles[0].point == VoxelPoint(z: 5, y: 10, x: 20))
    #expect(relion.list.particles[1].point == VoxelPoint(z: 20, y: 40, x: 80))
    #expect(relion.list.tomograms[1].voxelSize == VoxelSize(.angstroms(2.5)))
    let warp = try read(table(columns, ["TS_01.tomostar 80 40 20 1"], optics: optics)) {
      $0.voxelSize = VoxelSize(.angstroms(16))
    }
    #expect(warp.format == .warp)
    #expect(warp.list.particles[0].point == VoxelPoint(z: 10, y: 20, x: 40))
  }

  @Test("Optics groups stay with the particles that came with them")
  func keptOptics() throws {
    let columns = [
      "rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnOpticsGroup", "rlnClassNumber",
    ]
    let optics = (["rlnOpticsGroup", "rlnTomoTiltSeriesPixelSize", "rlnVoltage"], ["1 2 300", "2 2.5 300"])
    let text = table(columns, ["TS_01 80 40 20 1 7", "TS_02 81 41 21 2 8"], optics: optics)
    let reading = try read(text)
    var options = CoordinateOptions()
    options.otherBlocks = reading.otherBlocks
    let bytes = try CoordinateFile.encode(
      reading.list, path: "y.star", format: .relion4, options: options, provenance: ["made by a test"]
    ).bytes
    let star = try STARFile(parsing: bytes, name: "y.star")
    #expect(star.blocks[0].comments == ["made by a test"])
    #expect(star.block("optics")?.loops == reading.otherBlocks[0].loops)
    let again = try CoordinateFile.read(bytes, path: "y.star")
    #expect(again.list.particles.map(\.point) == reading.list.particles.map(\.point))
    #expect(again.list.extraColumns == reading.list.extraColumns)
  }

  @Test("Of two tables of coordinates the only one of particles is meant, and the other does not come along")
  func secondTable() throws {
    let columns = ["rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]
    let particles = table(columns, ["TS_01 80 40 20"])
    let stale = table(columns, ["TS_01 1 2 3", "TS_01 4 5 6"]).replacing("data_particles", with: "data_old")
    for text in [particles + stale, stale + particles] {
      let reading = try read(text)
      #expect(reading.list.particles.map(\.point) == [VoxelPoint(z: 20, y: 40, x: 80)])
      #expect(reading.otherBlocks.isEmpty)
    }
  }

  @Test("Two tables of coordinates of one name are refused, also where the first is empty")
  func rivalTables() {
    let columns = ["rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]
    let text = table(columns, []) + table(columns, ["TS_01 80 40 20"])
    let error = #expect(throws: AisError.self) { try read(text) }
    #expect(error?.message.contains("2 blocks ('data_particles', 'data_particles')") == true)
  }

  @Test("A path that names the tomogram is kept for the program that needs it, and two folders are two tomograms")
  func folders() throws {
    let columns = ["rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnMagnification"]
    let reading = try read(table(columns, ["one/a.mrc 1 2 3 1", "two/a.mrc 4 5 6 1", "one/b.mrc 7 8 9 1"]))
    #expect(reading.list.tomograms.map(\.name) == ["a", "two/a.mrc", "b"])
    let bytes = try CoordinateFile.encode(reading.list, path: "y.star", format: .relion3).bytes
    let table = try #require(STARFile(parsing: bytes, name: "y").blocks[0].table)
    let column = try #require(table.index(of: "rlnMicrographName"))
    #expect((0..<3).map { table[$0, column] } == ["one/a.mrc", "two/a.mrc", "one/b.mrc"])
  }

  @Test("M's tables are in ångström; only lists that come from M can become one again")
  func m() throws {
    let columns = [
      "wrpCoordinateX1", "wrpCoordinateY1", "wrpCoordinateZ1", "wrpAngleRot1", "wrpAngleTilt1", "wrpAnglePsi1",
      "wrpCoordinateX2",
      "wrpRandomSubset", "wrpSourceName", "wrpSourceHash",
    ]
    let text = table(columns, ["100 200 300 1 2 3 101 1 TS_01.tomostar abc"])
    #expect(throws: AisError.self) { try read(text) }
    let reading = try read(text) { $0.voxelSize = VoxelSize(.angstroms(10)) }
    #expect(reading.format == .m)
    #expect(reading.list.particles[0].point == VoxelPoint(z: 30, y: 20, x: 10))
    #expect(reading.list.particles[0].angles == EulerAngles(rot: 1, tilt: 2, psi: 3))
    #expect(reading.warnings.count == 1)
    #expect(reading.list.tomograms[0].name == "TS_01")
    let bytes = try CoordinateFile.encode(reading.list, path: "y", format: .m).bytes
    let again = try CoordinateFile.read(
      bytes, path: "y",
      hints: {
        var h = CoordinateHints(); h.voxelSize = VoxelSize(.angstroms(10)); return h
      }())
    #expect(again.list == reading.list)
    let error = #expect(throws: AisError.self) {
      try CoordinateFile.encode(ParticleList(tomograms: [TomogramFrame(name: "a")]), path: "y", format: .m)
    }
    #expect(error?.message.contains("Write the format 'warp'") == true)
  }

  @Test(
    "Numbers of filaments that are none are left out",
    arguments: ["-9223372036854775808", "0", "x", "99999999999999999999", "1.5"])
  func badGroups(value: String) throws {
    let columns = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnHelicalTubeID"]
    #expect(try read(table(columns, ["1 2 3 \(value)"])).list.particles[0].group == nil)
    #expect(try read(table(columns, ["1 2 3 2147483647"])).list.particles[0].group == nil)
    #expect(try read(table(columns, ["1 2 3 7"])).list.particles[0].group == 6)
  }

  @Test("A pixel size that throws particles out of all numbers is refused")
  func tinyPixel() {
    let columns = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnPixelSize", "rlnTomoName"]
    let error = #expect(throws: AisError.self) {
      try read(table(columns, ["1 2 3 1e300 a.tomostar"])) { $0.voxelSize = VoxelSize(.angstroms(1e-300)) }
    }
    #expect(error?.message.contains("particle 1 beyond all numbers") == true)
  }

  @Test(
    "Rows without sound numbers are refused with column and row",
    arguments: ["a", "nan", "inf", "1e999", "<NA>", "\"\"", "0x"])
  func badNumbers(value: String) {
    let error = #expect(throws: AisError.self) {
      try read(table(["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"], ["1 2 3", "1 \(value) 3"]))
    }
    #expect(error?.message.contains("in column 'rlnCoordinateY' of row 2") == true)
  }
}
