import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Other programs' coordinates", .enabled(if: Fixtures.hasShared))
struct SharedCoordinateTests {
  private func path(_ name: String) -> String { Fixtures.shared.appending(path: name).path }

  struct Expected: Sendable, CustomTestStringConvertible {
    var name: String
    var format: CoordinateFormat
    var count: Int
    var tomograms: Int
    /// x, y, z of the first particle in the file's pixels, less its refined shift.
    var first: [Double]
    var pixel: Double?
    var testDescription: String { name }
  }

  static let files: [Expected] = [
    Expected(
      name: "coordinates/relion_3.0.star", format: .relion3, count: 3, tomograms: 1,
      first: [1028.455, 733.955, 422.955], pixel: 5.364),
    Expected(
      name: "coordinates/relion_3.1_optics.star", format: .relion31, count: 3, tomograms: 2,
      first: [915.6524, 1481.7334, 935.0452], pixel: 2.446),
    Expected(
      name: "coordinates/relion_3.1_two_optics.star", format: .relion31, count: 3, tomograms: 2,
      first: [915.6524, 1481.7334, 935.0452], pixel: 2.446),
    Expected(
      name: "coordinates/relion_4.0.star", format: .relion4, count: 1746, tomograms: 13,
      first: [1699.3605, 426.8005, 942.0805], pixel: 1.971),
    Expected(
      name: "coordinates/warp2_particles.star", format: .warp, count: 1218, tomograms: 5,
      first: [354.242, 397.132, 75.828], pixel: 4),
    Expected(
      name: "coordinates/template_matching_bin6.star", format: .relion31, count: 177, tomograms: 2,
      first: [511.2450, 544.5790, 222.2450], pixel: 7.338),
    Expected(
      name: "coordinates/starfile_one_loop.star", format: .relion3, count: 16, tomograms: 1,
      first: [1572.444, 1084.5, 964.5], pixel: 5),
    Expected(
      name: "coordinates/portal_relion_3_star.star", format: .warp, count: 6, tomograms: 3, first: [5.2, 10.4, 15.2],
      pixel: 1.7005),
    Expected(
      name: "coordinates/portal_relion_4_star.star", format: .relion31, count: 6, tomograms: 3,
      first: [5.2, 10.4, 15.2], pixel: 1),
    Expected(
      name: "coordinates/portal_tomoman_relion_star.star", format: .relion3, count: 6, tomograms: 3,
      first: [5.2, 10.4, 15.2], pixel: 1.96),
    Expected(name: "coordinates/portal_points.csv", format: .csv, count: 3, tomograms: 1, first: [1, 2, 3]),
    Expected(name: "coordinates/portal_points_tab_delim.csv", format: .csv, count: 3, tomograms: 1, first: [1, 2, 3]),
    Expected(
      name: "coordinates/portal_points_with_header.csv", format: .csv, count: 3, tomograms: 1, first: [1, 2, 3]),
    Expected(
      name: "coordinates/portal_points_with_header_pipe_delim.csv", format: .csv, count: 3, tomograms: 1,
      first: [1, 2, 3]),
    Expected(name: "ais/cell_c__MembraneC_coords.star", format: .ais, count: 54, tomograms: 1, first: [135, 114, 38]),
    Expected(
      name: "synthetic/cell_c_particles.star", format: .ais, count: 21, tomograms: 1, first: [143.028, 41.258, 20.057]),
    Expected(
      name: "synthetic/cell_d_particles.star", format: .ais, count: 22, tomograms: 1, first: [165.352, 132.487, 18.287]),
  ]

  @Test("are read with their places", arguments: files)
  func read(expected: Expected) throws {
    let reading = try CoordinateFile.read(path(expected.name))
    #expect(reading.format == expected.format)
    #expect(reading.list.particles.count == expected.count)
    #expect(Set(reading.list.particles.map(\.tomogram)).count == expected.tomograms)
    #expect(reading.list.tomograms[0].voxelSize?.x.angstrom == expected.pixel)
    let point = reading.list.particles[0].point
    #expect(zip([point.x, point.y, point.z], expected.first).allSatisfy { abs($0 - $1) < 1e-3 }, "\(point)")
  }

  @Test("cut off within a row are refused, or are warned of where the row is as long as the others")
  func cutOff() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path("coordinates/warp2_particles.star"))))
    #expect(try CoordinateFile.read(bytes, path: "a.star").warnings.allSatisfy { !$0.contains("cut off") })
    let row = try #require(bytes.dropLast().lastIndex(of: 0x0A))
    var refused = 0
    for end in row + 2..<bytes.count - 1 {
      do throws(AisError) {
        let reading = try CoordinateFile.read(Array(bytes[..<end]), path: "a.star")
        #expect(reading.warnings.contains { $0.contains("cut off") })
      } catch { refused += 1 }
    }
    #expect(refused > 50)
    let labels = try #require(bytes.firstRange(of: Array("_rlnCoordinateZ".utf8)))
    let headless = try CoordinateFile.read(Array(bytes[..<(labels.upperBound + 30)]), path: "a.star")
    #expect(headless.warnings.contains { $0.contains("no particles") })
  }

  @Test("of RELION 5 lie where RELION places them")
  func relion5() throws {
    var hints = CoordinateHints()
    hints.tiltSeries = try TiltSeriesTable(path: path("coordinates/relion_5_tomograms.star"))
    let reading = try CoordinateFile.read(path("coordinates/relion_5_run_data.star"), hints: hints)
    #expect(reading.format == .relion5)
    #expect(reading.list.particles.count == 9053)
    #expect(reading.list.tomograms.map(\.name) == ["TS_01", "TS_03", "TS_43", "TS_45", "TS_54"])
    // By RELION's own formula: the coordinate less the shift turned by the subtomogram's rotation.
    let first = reading.list.particles[0]
    #expect(abs(first.point.x - 3314.221724) < 1e-5)
    #expect(abs(first.point.y - 1294.509759) < 1e-5)
    #expect(abs(first.point.z - 1835.018870) < 1e-5)
    let axis = try #require(first.angles).zAxis
    #expect(abs(axis.x + 0.002143) < 1e-6 && abs(axis.y + 0.058432) < 1e-6 && abs(axis.z - 0.998289) < 1e-6)
    #expect(reading.list.particles.allSatisfy { (0..<4000).contains($0.point.x) && (0..<2000).contains($0.point.z) })
    #expect(throws: AisError.self) { try CoordinateFile.read(path("coordinates/relion_5_run_data.star")) }
  }

  @Test(
    "in ångström are asked about, and read once the voxel size is known",
    arguments: ["portal_tardis.csv", "portal_copick.json", "portal_copick_instance.json"])
  func angstrom(name: String) throws {
    let error = #expect(throws: AisError.self) { try CoordinateFile.read(path("coordinates/" + name)) }
    #expect(error?.code == .needsDecision)
    var hints = CoordinateHints()
    hints.voxelSize = VoxelSize(.angstroms(10))
    let reading = try CoordinateFile.read(path("coordinates/" + name), hints: hints)
    let first = reading.list.particles[0].point
    switch name {
    case "portal_tardis.csv":
      #expect(first == VoxelPoint(z: 1.2, y: 0.8, x: 0.4))
      #expect(reading.list.particles.map(\.group) == [0, 0, 1, 1, 1, 2])
    case "portal_copick.json":
      #expect(first == VoxelPoint(z: 3, y: 2, x: 4))
      let axis = try #require(reading.list.particles[0].angles).zAxis
      #expect(abs(axis.x - 0.5.squareRoot()) < 1e-9 && abs(axis.y) < 1e-9 && abs(axis.z - 0.5.squareRoot()) < 1e-9)
    default:
      #expect(first == VoxelPoint(z: 3, y: 2, x: 1))
      #expect(reading.list.tomograms[0].name == "Position_94_Vol")
      #expect(reading.list.particles.allSatisfy { $0.angles == nil })
    }
  }

  @Test(
    "without particles are refused with what they are",
    arguments: [
      ("warp2_optimisation_set.star", "names the particles 'matching.star'"),
      ("relion_5_tilt_series.star", "'data_TS_01'"),
      ("relion_5_tomograms.star", "give it with --tomograms"), ("warp2_tomograms.star", "give it with --tomograms"),
      ("starfile_default_pipeline.star", "holds no coordinates"), ("starfile_postprocess.star", "holds no coordinates"),
      ("stopgap_wedge_list.star", "holds no coordinates"),
      ("starfile_rln3.1_data_style.star", "in 2 blocks ('data_block_2', 'data_block_3')"),
      ("starfile_single_line_end_of_multiblock.star", "in 2 blocks"),
      ("starfile_single_line_middle_of_multiblock.star", "in 2 blocks"),
    ])
  func refused(name: String, words: String) throws {
    #expect(throws: Never.self) { try STARFile(path: path("coordinates/" + name)) }
    let error = #expect(throws: AisError.self) { try CoordinateFile.read(path("coordinates/" + name)) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    #expect(error?.code == .unsupported)
  }
}
