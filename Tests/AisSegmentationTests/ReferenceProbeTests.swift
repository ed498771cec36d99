import AisCore
import AisNetworks
import AisSegmentation
import AisTestSupport
import Foundation
import Testing

/// One-layer networks as the reference program runs them (`Tools/reference/segment_probes.py`): normalisation,
/// rescaling, padding, turns, slabs, tiles, range and blur, each visible in the voxels.
@Suite("What the reference does around a network")
struct ReferenceProbeTests {
  struct Case: Decodable, CustomStringConvertible, Sendable {
    struct Settings: Decodable, Sendable {
      var tta: Int?
      var center: Double?
      var sigma: [Double]?
      var tile: Int?
      var overlap: Int?
      var stride: Int?
      var apix: Double?
    }
    var name: String
    var input: String
    var shape: [Int]
    var voxel: Double
    var volumetric: Bool
    var depth: Int
    var zJitter: Int
    var global: Bool
    var ones: Bool
    var kernelShape: [Int]
    var kernel: [Float]
    var bias: Float
    var settings: Settings
    var description: String { name }
  }

  static let folder = Fixtures.repository.appending(path: "Tests/Fixtures/segment/probes")
  static let cases: [Case] = {
    try! JSONDecoder().decode([Case].self, from: Data(contentsOf: folder.appending(path: "cases.json")))
  }()

  @Test("every voxel within 1 of 255", arguments: cases)
  func equals(_ probe: Case) throws {
    let shape = Shape(z: probe.shape[0], y: probe.shape[1], x: probe.shape[2])
    let bytes = try Data(contentsOf: Self.folder.appending(path: "\(probe.input).f32"))
    let voxels = bytes.withUnsafeBytes { raw in
      (0..<shape.count).map {
        Float(bitPattern: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self).littleEndian)
      }
    }
    let expected = try Data(contentsOf: Self.folder.appending(path: "\(probe.name).u8"))

    var settings = InferenceSettings()
    settings.augmentations = probe.settings.tta ?? 1
    if let percent = probe.settings.center { settings.depthRange = .centre(percent: percent) }
    if let apix = probe.settings.apix { settings.scaling = .pixelSize(.angstroms(apix)) }
    if let sigma = probe.settings.sigma {
      settings.blur = .init(z: .angstroms(sigma[0]), y: .angstroms(sigma[1]), x: .angstroms(sigma[2]))
    }
    if let tile = probe.settings.tile { settings.tileEdge = tile < 0 ? nil : tile }
    settings.tileOverlap = probe.settings.overlap ?? 64
    settings.slabStride = probe.settings.stride

    let graph = Networks.single(
      shape: probe.kernelShape, kernel: probe.kernel, bias: probe.bias, volumetric: probe.volumetric,
      depth: probe.depth, ones: probe.ones)
    let found = try segment(
      Phantom(shape: shape, voxelSize: VoxelSize(.angstroms(probe.voxel)), voxels: voxels),
      model(
        graph, depth: probe.depth, normalization: probe.global ? .wholeTomogram : .eachSlice, zJitter: probe.zJitter),
      settings)
    let differences = zip(found, expected).map { abs($0 - Float($1)) }
    #expect(differences.count == expected.count)
    #expect((differences.max() ?? 0) <= 1)
    // A value on a step may fall to either side. The profiles of ones lie on steps everywhere, the others almost nowhere.
    if !probe.ones { #expect(differences.count { $0 > 0 } <= expected.count / 100) }
  }
}
