import AisCore
import AisNetworks
import AisTestSupport
import Foundation
import Testing

/// Networks that Keras wrote, against what Keras answered.
@Suite("Networks written by Keras")
struct NetworkFixtureTests {
  /// Different orders of float32 sums differ by less than 1e-5 here; 1e-4 is what the files' README allows.
  private static let tolerance: Float = 1e-4

  @Test("the reference engine gives the answer of Keras", arguments: NetworkFixture.names)
  func reference(name: String) throws {
    let fixture = try NetworkFixture(name)
    let answer = try ReferenceEngine().answer(of: fixture.model.graph, to: fixture.input, shape: fixture.inputShape)
    #expect(largestDifference(answer, fixture.expected) <= Self.tolerance)
    #expect(fixture.model.metadata.parameterCount == fixture.model.graph.parameterCount)
    #expect(fixture.model.warnings == [])
  }

  @Test("a trained 3D network for vesicles gives the answer of Keras", .enabled(if: Fixtures.hasShared))
  func cryoVesNet() throws {
    let folder = Fixtures.shared.appending(path: "models")
    let graph = try ModelFile.read(folder.appending(path: "cryovesnet_weights.h5").path).graph
    let input = try NumPyArray(folder.appending(path: "cryovesnet_input_32x32x32.npy"))
    let expected = try NumPyArray(folder.appending(path: "cryovesnet_output_32x32x32.npy"))
    let shape = TensorShape(z: 32, y: 32, x: 32, channels: 1)
    let answer = try ReferenceEngine().answer(of: graph, to: zFirst(input.values, side: 32), shape: shape)
    #expect(largestDifference(answer, zFirst(expected.values, side: 32)) <= Self.tolerance)
  }

  /// A cube with axes (y, x, z), as Keras has them, in our order (z, y, x).
  private func zFirst(_ values: [Float], side: Int) -> [Float] {
    (0..<side).flatMap { z in (0..<side * side).map { values[$0 * side + z] } }
  }
}
