import AisCore
import AisSegmentation
import AisTestSupport
import Foundation
import Testing

@Suite("Interactions with the reference's rounding")
struct ReferenceInteractionTests {
  /// What the reference program made (`Tools/reference/interaction_goldens.py`).
  struct Goldens: Decodable {
    struct Case: Decodable {
      var kind: String
      var radiusNanometer: Double
      var pixelNanometer: Double
      var threshold: Double
      var result: Data
    }
    var y: Int
    var x: Int
    var parent: Data
    var child: Data
    var cases: [Case]

    static let read = try! JSONDecoder().decode(
      Goldens.self, from: Data(contentsOf: Fixtures.kept.appending(path: "interactions/reference.json")))
  }

  @Test("they give its bytes, for all radii and pixel sizes", arguments: Goldens.read.cases.indices)
  func goldens(index: Int) throws {
    let goldens = Goldens.read
    let golden = goldens.cases[index]
    let shape = Shape(z: 1, y: goldens.y, x: goldens.x)
    let kept = try combine(
      bytes(goldens.parent, shape), bytes(goldens.child, shape), kind: try #require(.init(rawValue: golden.kind)),
      radius: golden.radiusNanometer, pixel: golden.pixelNanometer, threshold: golden.threshold)
    #expect(kept == [UInt8](golden.result).map(Float.init))
  }

  /// What the reference's export made of three networks (`Tools/reference/interaction_goldens.py`).
  struct Export: Decodable {
    struct Step: Decodable {
      var child: Int
      var parent: Int
      var kind: String
      var radiusNanometer: Double
      var threshold: Double
    }
    var z: Int
    var y: Int
    var x: Int
    var pixelNanometer: Double
    var alone: [Data]
    var together: [Data]
    var steps: [Step]
  }

  @Test("a whole export is the reference's, byte for byte: competition, then the interactions one after another")
  func export() throws {
    let url = Fixtures.kept.appending(path: "interactions/export.json")
    let export = try JSONDecoder().decode(Export.self, from: Data(contentsOf: url))
    let shape = Shape(z: export.z, y: export.y, x: export.x)
    var combination = Combination(
      members: export.alone.map { _ in .init(emits: true, absorbs: true) },
      interactions: try export.steps.map {
        .init(
          child: $0.child, parent: $0.parent, kind: try #require(.init(rawValue: $0.kind)),
          radius: .nanometers($0.radiusNanometer), threshold: $0.threshold)
      })
    combination.rounding = .reference
    let size = VoxelSize(.nanometers(export.pixelNanometer))
    let results = try combination.combined(export.alone.map { bytes($0, shape) }, voxelSize: size).results
    for (result, golden) in zip(results, export.together) {
      #expect(result.voxels == [UInt8](golden).map(Float.init))
    }
    #expect(export.alone != export.together)
  }

  @Test(
    "the disc has as many pixels",
    arguments: [
      (10.0, 1.0, 305), (10, 1.404, 145), (30, 1.404, 1369), (2, 1, 9), (1, 1, 1), (0.5, 1, 0), (3, 1, 25),
    ])
  func disc(radius: Double, pixel: Double, count: Int) throws {
    let shape = Shape(z: 1, y: 61, x: 61)
    var parent = Volume<Float>(shape: shape, repeating: 0)
    parent[z: 0, y: 30, x: 30] = 200 / 255
    let child = Volume<Float>(shape: shape, repeating: 100 / 255)
    let near = try combine(parent, child, kind: .colocalize, radius: radius, pixel: pixel, threshold: 0.5)
    #expect(near.count { $0 == 100 } == count && near.allSatisfy { $0 == 0 || $0 == 100 })
    let away = try combine(parent, child, kind: .avoid, radius: radius, pixel: pixel, threshold: 0.5)
    #expect(away.count { $0 == 100 } == 61 * 61 - count)
  }

  @Test("numbers are whole before they compete: a tie within 1/255 survives")
  func competition() throws {
    let shape = Shape(z: 1, y: 1, x: 2)
    var combination = Combination(members: [.init(emits: true), .init(absorbs: true)])
    combination.rounding = .reference
    let emitter = Volume<Float>(shape: shape, voxels: [0.5019, 0.502])
    let absorber = Volume<Float>(shape: shape, voxels: [0.4999, 0.4999])
    let results = try combination.combined([emitter, absorber], voxelSize: nil).results
    #expect(results[0].voxels == [127, 128])
    #expect(results[1].voxels == [127, 0])
  }

  private func bytes(_ data: Data, _ shape: Shape) -> Volume<Float> {
    // A little above the whole number, so that it is that number again after 255 ·.
    Volume(shape: shape, voxels: data.map { min(1, (Float($0) + 0.25) / 255) })
  }

  private func combine(
    _ parent: Volume<Float>, _ child: Volume<Float>, kind: Interaction.Kind, radius: Double, pixel: Double,
    threshold: Double
  ) throws -> [Float] {
    var combination = Combination(
      members: [.init(), .init()],
      interactions: [.init(child: 1, parent: 0, kind: kind, radius: .nanometers(radius), threshold: threshold)])
    combination.rounding = .reference
    let size = VoxelSize(.nanometers(pixel))
    return try combination.combined([parent, child], voxelSize: size).results[1].voxels
  }
}
