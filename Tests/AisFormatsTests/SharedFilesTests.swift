import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

/// Files of other programs, judged by what mrcfile, tifffile and NumPy found in them
/// (`Tools/reference/mrc_sums.py` made the numbers).
@Suite("Other programs' tomograms", .enabled(if: Fixtures.hasShared))
struct SharedFilesTests {
  struct Expected: Decodable, Sendable {
    var refused: Bool?
    var shape: [Int]?
    var sum: Double?
    var weighted: Double?
  }

  static let expected: [String: Expected] = {
    let url = Fixtures.repository.appending(path: "Tests/Fixtures/formats/tomogram-sums.json")
    return (try? JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: url))) ?? [:]
  }()

  @Test("are opened or refused, with the right shape and voxels", arguments: expected.keys.sorted())
  func file(name: String) throws {
    let path = Fixtures.shared.appending(path: name).path
    let expected = try #require(Self.expected[name])
    if expected.refused == true {
      let error = #expect(throws: AisError.self) { try Tomogram.open(path) }
      #expect(error?.message.contains(path) == true)
      return
    }
    let tomogram = try Tomogram.open(path)
    let shape = tomogram.shape
    #expect([shape.x, shape.y, shape.z] == expected.shape)
    var sum = 0.0
    var weighted = 0.0
    var index = 0
    for z in 0..<shape.z {
      for value in try tomogram.slice(z) {
        sum += Double(value)
        weighted += Double(value) * Double(1 + index % 251)
        index += 1
      }
    }
    let scale = 1e-9 * Double(index)
    #expect(abs(sum - (expected.sum ?? .nan)) <= max(abs(sum) * 1e-10, scale), "\(sum)")
    #expect(abs(weighted - (expected.weighted ?? .nan)) <= max(abs(weighted) * 1e-10, scale * 251), "\(weighted)")
  }

  @Test("the list of expected numbers is not empty")
  func listed() { #expect(Self.expected.count > 40) }

  @Test("voxel sizes are those of the README, unknown ones unknown")
  func voxelSizes() throws {
    func size(_ name: String) throws -> VoxelSize? {
      try Tomogram.open(Fixtures.shared.appending(path: name).path).voxelSize
    }
    #expect(try size("tomograms/boxmanager_3d.mrc") == nil)
    #expect(try size("tomograms/hiv_vlp_tilt_stack.mrc") == nil)
    #expect(try size("odd_mrc/portal_large_probability_map.mrc") == nil)
    let ccp4 = try #require(try size("odd_mrc/test.ccp4"))
    #expect(
      abs(ccp4.x.angstrom - 0.75) < 1e-4 && abs(ccp4.y.angstrom - 0.5) < 1e-4 && abs(ccp4.z.angstrom - 0.6667) < 1e-4)
    // z cell zero or infinite: taken as along x, with a warning.
    for name in ["odd_mrc/fei-extended_64rows.mrc", "odd_mrc/serialem_2d_no_map.mrc"] {
      let tomogram = try Tomogram.open(Fixtures.shared.appending(path: name).path)
      #expect(tomogram.info.voxelSize.z == nil)
      #expect(tomogram.voxelSize?.z == tomogram.voxelSize?.x)
      #expect(tomogram.warnings.contains { $0.code == .voxelSizePartlyUnknown })
    }
    let permuted = try Tomogram.open(Fixtures.shared.appending(path: "odd_mrc/EMD-3001.map").path)
    let edges = try #require(permuted.voxelSize)
    #expect(
      abs(edges.x.angstrom - 0.4483) < 1e-4 && abs(edges.y.angstrom - 0.3925) < 1e-4
        && abs(edges.z.angstrom - 0.4587) < 1e-4)
    #expect(permuted.info.axisOrder == "zxy")
    // nstart 0, -21, -12 goes with columns (z), rows (x), sections (y).
    #expect(permuted.info.start == VoxelIndex(z: 0, y: -12, x: -21))
    #expect(permuted.info.extendedHeader?.byteCount == 160)
  }

  @Test("the sign of bytes is found and the reason given")
  func byteSigns() throws {
    func decision(_ name: String) throws -> TomogramInfo.ByteSignDecision {
      try #require(try Tomogram.open(Fixtures.shared.appending(path: name).path).info.byteSign)
    }
    #expect(try decision("odd_mrc/portal_unsigned_ints.mrc").isSigned == false)
    #expect(try decision("odd_mrc/portal_signed_ints.mrc").isSigned == true)
    let serialEM = try decision("tomograms/serialem_tomogram_3d.mrc")
    #expect(serialEM.isSigned == false && serialEM.reason == .headerStatistics)
  }

  @Test(
    "a picture is refused by name, also inside gzip",
    arguments: [("odd_mrc/emd_3197.png", "a PNG picture"), ("odd_mrc/emd_3197.png.gz", "a PNG picture in gzip")])
  func pictures(name: String, phrase: String) {
    let error = #expect(throws: AisError.self) { try Tomogram.open(Fixtures.shared.appending(path: name).path) }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains(phrase) == true, "\(error?.message ?? "")")
  }

  @Test("extended headers of the microscope are kept by type and size")
  func extendedHeaders() throws {
    let fei1 = try Tomogram.open(Fixtures.shared.appending(path: "odd_mrc/fei-extended_64rows.mrc").path)
    #expect(fei1.info.extendedHeader == .init(type: "FEI1", byteCount: 786_432))
    let fei2 = try Tomogram.open(Fixtures.shared.appending(path: "odd_mrc/epu2.9_example_64rows.mrc").path)
    #expect(fei2.info.extendedHeader == .init(type: "FEI2", byteCount: 909_312))
    #expect(try fei2.extendedHeaderBytes().count == 909_312)
  }
}
