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
