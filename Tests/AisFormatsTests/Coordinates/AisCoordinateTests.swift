import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("The STAR files of Ais")
struct AisCoordinateTests {
  private func table(_ list: ParticleList, pickedFrom: String? = nil) throws -> STARLoop {
    var options = CoordinateOptions()
    options.pickedFrom = pickedFrom
    let bytes = try CoordinateFile.encode(list, path: "x.star", format: .ais, options: options, provenance: ["Ais"])
      .bytes
    return try #require(STARFile(parsing: bytes, name: "x.star").block("particles")?.table)
  }

  @Test("Particles have the reference's columns, whole numbers where all are")
  func particles() throws {
    var list = ParticleList(
      tomograms: [TomogramFrame(name: "T1")], particles: [Particle(point: VoxelPoint(z: 20, y: 30, x: 40), score: 3.5)])
    let whole = try table(list, pickedFrom: "T1__Ribo.mrc")
    #expect(
      whole.columns == [
        "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnMicrographName", "aisParticleSize", "aisParticleID",
      ])
    #expect(whole.cells == ["40", "30", "20", "T1", "3.500000", "XpvXuEYhtS"])
    list.particles[0].angles = EulerAngles(rot: 0, tilt: 90, psi: -30)
    list.particles[0].point.x = 40.25
    let turned = try table(list, pickedFrom: "T1__Ribo.mrc")
    #expect(turned.columns.dropFirst(5) == ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "aisParticleID"])
    #expect(Array(turned.cells.prefix(3)) == ["40.250000", "30.000000", "20.000000"])
    #expect(Array(turned.cells[5..<8]) == ["0.000000", "90.000000", "-30.000000"])
  }

  @Test("Filaments have the reference's columns, z first")
  func filaments() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "T1")],
      particles: [
        Particle(
          point: VoxelPoint(z: 1.5, y: 2.5, x: 3.5), angles: EulerAngles(rot: 1, tilt: 2, psi: 3), group: 4,
          extra: ["1", "812.5", "2.909823"])
      ], extraColumns: ["aisFilamentConnectivity", "aisRadiusOfCurvature", "aisLog10RadiusOfCurvature"])
    let table = try table(list, pickedFrom: "T1__MT.mrc")
    #expect(
      table.columns == [
        "rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi",
        "aisRadiusOfCurvature",
        "aisLog10RadiusOfCurvature", "aisFilamentID", "aisFilamentConnectivity", "rlnMicrographName", "aisParticleID",
      ])
    #expect(Array(table.cells[6..<11]) == ["812.5", "2.909823", "4", "1", "T1.mrc"])
    let back = try CoordinateFile.read(
      STARFile(blocks: [STARBlock(name: "particles", loops: [table])]).encoded(name: "x"), path: "x.star")
    #expect(back.list.particles[0].point == list.particles[0].point)
    #expect(back.list.particles[0].group == 4)
    #expect(back.list.tomograms[0].name == "T1")
  }

  @Test("The reference's file comes out again cell by cell, ids made anew", .enabled(if: Fixtures.hasShared))
  func reference() throws {
    let path = Fixtures.shared.appending(path: "ais/cell_c__MembraneC_coords.star").path
    var list = try CoordinateFile.read(path).list
    for index in list.particles.indices { list.particles[index].id = nil }
    let expected = try #require(STARFile(path: path).block("particles")?.table)
    #expect(try table(list, pickedFrom: "cell_c__MembraneC.mrc") == expected)
  }

  @Test("An empty list has the headers of a full one")
  func empty() throws {
    let table = try table(ParticleList(tomograms: [TomogramFrame(name: "T1")]))
    #expect(table.rowCount == 0)
    #expect(table.columns.prefix(4) == ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnMicrographName"])
  }
}
