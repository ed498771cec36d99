import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Dynamo, STOPGAP, EMAN2 and crYOLO")
struct ExchangeFormatTests {
  private func row(_ values: [Int: String], columns: Int = 35) -> String {
    (1...columns).map { values[$0] ?? "0" }.joined(separator: " ") + "\n"
  }

  @Test("a Dynamo table counts from 1 and adds its shifts")
  func dynamoFrame() throws {
    let text = row([1: "7", 4: "0.25", 6: "-0.5", 10: "0.3", 20: "4", 21: "2", 22: "5", 24: "101", 25: "51", 26: "11"])
    var hints = CoordinateHints()
    hints.tomogramNumbers = [4: "TS_04"]
    let reading = try CoordinateFile.read(Array(text.utf8), path: "p.tbl", hints: hints)
    let particle = try #require(reading.list.particles.first)
    #expect(reading.format == .dynamo)
    #expect(particle.point == VoxelPoint(z: 9.5, y: 50, x: 100.25))
    #expect(reading.list.tomograms.map(\.name) == ["TS_04"])
    #expect((particle.id, particle.score, particle.group) == ("7", 0.3, 1))
    #expect(reading.list.extraColumns.contains("rlnClassNumber"))
    #expect(particle.angles == nil)
  }

  @Test("a complex number of MATLAB's is its real part")
  func dynamoComplex() throws {
    let text = row([7: "0+1.2e-8i", 20: "1", 24: "1", 25: "1", 26: "1"])
    #expect(try CoordinateFile.read(Array(text.utf8), path: "p.tbl").list.particles.count == 1)
  }

  @Test("a Dynamo table with too few columns, or words in it, is refused with the line")
  func dynamoRefusals() {
    func message(_ text: String) -> String? {
      (#expect(throws: AisError.self) { try CoordinateFile.read(Array(text.utf8), path: "p.tbl") })?.message
    }
    #expect(
      message("1 2 3\n")
        == "line 1 of 'p.tbl' has 3 columns; a Dynamo table has at least 26, the coordinates in columns 24 to 26.")
    #expect(
      message(row([24: "nan", 25: "1", 26: "1"]))
        == "line 1 of 'p.tbl', column 24 (x): expected a number, found 'nan'.")
    #expect(
      message(row([:]) + row([:], columns: 36))?.contains("line 2 of 'p.tbl' has 36 columns, the lines before it 35")
        == true)
  }

  @Test("a list of volumes is a number and a path a line, or a path a line")
  func volumeLists() throws {
    #expect(
      try DynamoVolumeList(parsing: Array("1 a/b.mrc\n17  c.mrc\n".utf8), name: "v").paths == [
        1: "a/b.mrc", 17: "c.mrc",
      ])
    #expect(
      try DynamoVolumeList(parsing: Array("a.mrc\n* label = x\nb.mrc\n".utf8), name: "v").paths == [
        1: "a.mrc", 2: "b.mrc",
      ])
    #expect(throws: AisError.self) { try DynamoVolumeList(parsing: Array("a b c\n".utf8), name: "v") }
  }

  @Test("a table's list of volumes is written beside it")
  func dynamoCompanion() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "TS_03"), TomogramFrame(name: "TS_12")],
      particles: [Particle(tomogram: 1, point: VoxelPoint(z: 1.5, y: 2, x: 3))])
    let encoding = try CoordinateFile.encode(list, path: "p.tbl", format: .dynamo)
    #expect(encoding.companions.map(\.fileExtension) == ["doc"])
    #expect(String(decoding: encoding.companions[0].bytes, as: UTF8.self) == "3 TS_03.mrc\n12 TS_12.mrc\n")
  }

  @Test("angles of Dynamo and STOPGAP turn a particle as RELION's do", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func angles(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let angles = EulerAngles(
      rot: .random(in: -180...180, using: &random), tilt: .random(in: 1...179, using: &random),
      psi: .random(in: -180...180, using: &random))
    let matrix = RotationMatrix(angles)
    func turn(_ a: Double, _ b: Double, _ c: Double) -> RotationMatrix {
      RotationMatrix(about: .z, degrees: a) * RotationMatrix(about: .x, degrees: b)
        * RotationMatrix(about: .z, degrees: c)
    }
    func same(_ other: RotationMatrix) -> Bool {
      zip(matrix.elements, other.elements).allSatisfy { abs($0 - $1) < 1e-9 }
    }
    // TOM, AV3, STOPGAP: reference to particle by phi about z, the about x, psi about z, axes standing still.
    let (phi, the, psi) = angles.stopgap
    #expect(same(turn(psi, the, phi)))
    // Dynamo's matrix takes the particle to the template.
    let (tdrot, tilt, narot) = angles.dynamo
    #expect(same(turn(narot, tilt, tdrot).transposed))
    for back in [EulerAngles(phi: phi, the: the, psi: psi), EulerAngles(tdrot: tdrot, tilt: tilt, narot: narot)] {
      #expect(
        abs(back.rot - angles.rot) < 1e-9 && abs(back.tilt - angles.tilt) < 1e-9 && abs(back.psi - angles.psi) < 1e-9)
    }
  }

  @Test("STOPGAP's positions are orig plus shift, counted from 1")
  func stopgapFrame() throws {
    let text = """
      data_stopgap_motivelist

      loop_
      _motl_idx
      _tomo_num
      _object
      _subtomo_num
      _halfset
      _orig_x
      _orig_y
      _orig_z
      _score
      _x_shift
      _y_shift
      _z_shift
      _phi
      _psi
      _the
      _class
      1 3 1 9 B 11 21 31 0.5 0.25 -0.5 0 0 0 0 2
      """
    let reading = try CoordinateFile.read(Array(text.utf8), path: "m.star")
    let particle = try #require(reading.list.particles.first)
    #expect(reading.format == .stopgap)
    #expect(particle.point == VoxelPoint(z: 30, y: 19.5, x: 10.25))
    #expect(particle.id == "9" && particle.score == 0.5)
    let again = try CoordinateFile.encode(reading.list, path: "m.star", format: .stopgap)
    let back = try CoordinateFile.read(again.bytes, path: "m.star").list
    #expect(back.particles.map(\.point) == reading.list.particles.map(\.point))
    #expect(back.particles.map(\.extra) == reading.list.particles.map(\.extra))
  }

  @Test("EMAN2 counts from voxel n div 2, in pixels before binning")
  func emanFrame() throws {
    let text =
      #"{"apix_unbin": 2.5, "boxes_3d": [[40, -20, 0, "manual", 0.5, 1]], "class_list": {"1": {"boxsize": 64, "name": "ribo"}}}"#
    var hints = CoordinateHints()
    hints.shape = Shape(z: 31, y: 100, x: 201)
    hints.voxelSize = VoxelSize(.angstroms(10))
    let list = try CoordinateFile.read(Array(text.utf8), path: "TS_01_info.json", hints: hints).list
    #expect(list.particles.map(\.point) == [VoxelPoint(z: 15, y: 45, x: 110)])
    #expect(list.tomograms.map(\.name) == ["TS_01"])
    #expect(list.particles[0].extra == ["ribo", "manual"])
    let error = #expect(throws: AisError.self) { try CoordinateFile.read(Array(text.utf8), path: "TS_01_info.json") }
    #expect(error?.code == .needsDecision)
    #expect(
      error?.message
        == "'TS_01_info.json' counts from the centre of the tomogram, in pixels of 2.5 Å: the tomogram's size and voxel size are needed. Give '--tomogram FILE', or '--size' and '--voxel-size'."
    )
    // Files from before 2018 count voxels.
    let old = #"{"boxes_3d": [[40, 20, 3]]}"#
    #expect(
      try CoordinateFile.read(Array(old.utf8), path: "a.json").list.particles.map(\.point) == [
        VoxelPoint(z: 3, y: 20, x: 40)
      ])
  }

  @Test("boxes for e2spt_boxer are whole voxels, and boxes of pictures are refused")
  func boxText() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "T")], particles: [Particle(point: VoxelPoint(z: 3.4, y: 2.6, x: 1))])
    let encoding = try CoordinateFile.encode(list, path: "a.box", format: .box)
    #expect(String(decoding: encoding.bytes, as: UTF8.self) == "1\t3\t3\n")
    #expect(encoding.warnings.count == 1)
    let error = #expect(throws: AisError.self) { try CoordinateFile.read(Array("1 2 64 64\n".utf8), path: "a.box") }
    #expect(error?.message.contains("a box of a 2D picture") == true)
  }

  @Test("crYOLO's x and y are corners, its z is the centre")
  func cryolo() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "T")], particles: [Particle(point: VoxelPoint(z: 30, y: 20, x: 10), score: 0.75)])
    let missing = #expect(throws: AisError.self) { try CoordinateFile.encode(list, path: "T.cbox", format: .cryolo) }
    #expect(
      missing?.message
        == "'T.cbox': crYOLO stores the corner of a box, and how large a box is was not said. Give '--box VOXELS'.")
    var options = CoordinateOptions()
    options.boxSize = 16
    let bytes = try CoordinateFile.encode(list, path: "T.cbox", format: .cryolo, options: options).bytes
    #expect(String(decoding: bytes, as: UTF8.self).contains("2.000000\t12.000000\t30.000000\t16.000000"))
    let reading = try CoordinateFile.read(bytes, path: "T.cbox")
    #expect(reading.format == .cryolo)
    #expect(reading.list.particles.map(\.point) == [VoxelPoint(z: 30, y: 20, x: 10)])
    #expect(reading.list.particles[0].score == 0.75)
  }

  @Test("tomograms are numbered by the digits of their names, else in order")
  func numbers() {
    func assign(_ names: [String]) -> [Int] { TomogramNumbers.assign(names.map { TomogramFrame(name: $0) }) }
    #expect(assign(["TS_17", "TS_003"]) == [17, 3])
    #expect(assign(["a_1", "b_1"]) == [1, 2])
    #expect(assign(["x", "y"]) == [1, 2])
  }

  /// Format, particles, tomograms, and the first particle in voxels of the file as its own rule has it.
  static let shared: [(String, CoordinateFormat, Int, Int, VoxelPoint)] = [
    ("coordinates/dynamo_crop.tbl", .dynamo, 4485, 25, VoxelPoint(z: 218, y: 253.24, x: 780.71)),
    ("coordinates/dynamo_topbott.tbl", .dynamo, 1343, 70, VoxelPoint(z: 166.6847, y: 548.1602, x: 507.0651)),
    ("coordinates/portal_stopgap_star.star", .stopgap, 6, 3, VoxelPoint(z: 7.8, y: 4.6, x: 1.8)),
    ("tomograms/boxmanager_3d_particle.cbox", .cryolo, 3, 1, VoxelPoint(z: 50, y: 40.221405, x: 24.757084)),
    ("coordinates/imod_points.mod", .imod, 161, 1, VoxelPoint(z: -76, y: 698.5, x: 128)),
    ("coordinates/imod_points_2.mod", .imod, 74, 1, VoxelPoint(z: 0, y: 0, x: 0)),
    ("coordinates/imod_points_empty_object.mod", .imod, 162, 1, VoxelPoint(z: 124, y: 694, x: 117.5)),
    ("coordinates/imodmodel_two_contour_example.mod", .imod, 25, 1, VoxelPoint(z: 80, y: 64.1667, x: 63.8333)),
    ("coordinates/imodmodel_multiple_objects_example.mod", .imod, 6, 1, VoxelPoint(z: 134, y: 661.3333, x: 366.5)),
    ("coordinates/imodmodel_point_sizes_example.mod", .imod, 18, 1, VoxelPoint(z: 0, y: 0, x: 0)),
    ("coordinates/imodmodel_slicer_angle_example.mod", .imod, 4, 1, VoxelPoint(z: 301.955, y: 682.412, x: 234.922)),
    ("coordinates/imodmodel_meshed_curvature_example.mod", .imod, 1176, 1, VoxelPoint(z: 124, y: 62.375, x: 6.375)),
    ("coordinates/portal_points.mod", .imod, 3, 1, VoxelPoint(z: 3, y: 1.5, x: 0.5)),
    ("coordinates/portal_oriented_points.mod", .imod, 4, 1, VoxelPoint(z: 301.955, y: 682.412, x: 234.922)),
  ]

  @Test("files of other programs are read as they mean it", .enabled(if: Fixtures.hasShared), arguments: shared)
  func sharedFiles(_ name: String, _ format: CoordinateFormat, _ count: Int, _ tomograms: Int, _ first: VoxelPoint)
    throws
  {
    let reading = try CoordinateFile.read(Fixtures.shared.appending(path: name).path)
    #expect(reading.format == format)
    #expect(reading.list.particles.count == count)
    #expect(reading.list.tomograms.count == tomograms)
    let point = try #require(reading.list.particles.first?.point)
    // Where the file's first point was looked up with another program.
    if first != VoxelPoint(z: 0, y: 0, x: 0) {
      #expect(
        abs(point.z - first.z) < 1e-3 && abs(point.y - first.y) < 1e-3 && abs(point.x - first.x) < 1e-3, "\(point)")
    }
    // And again, through our own writer.
    var options = CoordinateOptions()
    options.boxSize = 20
    let again = try CoordinateFile.read(
      CoordinateFile.encode(reading.list, path: "again", format: format, options: options).bytes, path: "again",
      format: format)
    #expect(again.list.particles.count == count)
    for (a, b) in zip(again.list.particles, reading.list.particles) where format != .imod {
      #expect(
        abs(a.point.x - b.point.x) < 1e-5 && abs(a.point.y - b.point.y) < 1e-5 && abs(a.point.z - b.point.z) < 1e-5)
    }
  }

  @Test("points with slicer angles are turned", .enabled(if: Fixtures.hasShared))
  func sharedSlicer() throws {
    let list = try CoordinateFile.read(Fixtures.shared.appending(path: "coordinates/portal_oriented_points.mod").path)
      .list
    #expect(list.particles.allSatisfy { $0.angles != nil })
  }

  @Test("a table of STOPGAP that holds no particles is refused", .enabled(if: Fixtures.hasShared))
  func wedgeList() {
    let error = #expect(throws: AisError.self) {
      try CoordinateFile.read(Fixtures.shared.appending(path: "coordinates/stopgap_wedge_list.star").path)
    }
    #expect(error?.message.contains("holds no coordinates of particles") == true)
  }
}
