import AisNetworks
import AisTestSupport
import Foundation
import Testing

/// Networks that Keras wrote, run by the fast engine, against what Keras answered.
@Suite struct TrainedNetworkTests {
  @Test(arguments: NetworkFixture.names, InstructionSet.available)
  func `the CPU engine gives the answer of Keras`(name: String, set: InstructionSet) throws {
    let fixture = try NetworkFixture(name)
    let engine = try CPUEngine(threads: 2, instructionSet: set)
    let answer = try engine.answer(of: fixture.model.graph, to: fixture.input, shape: fixture.inputShape)
    #expect(largestDifference(answer, fixture.expected) <= 1e-4)
  }

  @Test(.enabled(if: Fixtures.hasShared), arguments: InstructionSet.available)
  func `a trained 2D network for bacteria gives the answer of Keras`(set: InstructionSet) throws {
    let folder = Fixtures.shared.appending(path: "models")
    let graph = try ModelFile.read(folder.appending(path: "MiSiCv2.h5").path).graph
    let input = try NumPyArray(folder.appending(path: "misic_input_256x256x3.npy"))
    let expected = try NumPyArray(folder.appending(path: "misic_output_256x256.npy"))
    let shape = TensorShape(z: 1, y: 256, x: 256, channels: 3)
    let answer = try CPUEngine(threads: 2, instructionSet: set).answer(of: graph, to: input.values, shape: shape)
    // 7 × 7 kernels over up to 256 channels: Keras' own float32 sums are off by this much.
    #expect(largestDifference(answer, expected.values) <= 3e-4)
  }
}
