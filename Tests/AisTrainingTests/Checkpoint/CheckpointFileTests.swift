import AisCore
import AisNetworks
import AisTestSupport
import AisTraining
import Foundation
import Testing

@Suite("Checkpoints")
struct CheckpointFileTests {
  private func file(_ identity: [String: String] = ["rate": "0.001"]) -> CheckpointFile {
    let weights = [
      WeightKey("a", .kernel): Tensor(shape: [1, 1, 1, 1, 2], values: [1, -2]),
      WeightKey("a", .bias): Tensor(shape: [2], values: [.pi, .leastNonzeroMagnitude]),
    ]
    let learner = LearnerState(weights: weights, moments: [[1, 2], [3, 4], [5, 6], [7, 8]], steps: 17)
    var tally = Tally()
    tally.add(loss: 0.1 + 0.2, answers: [1], labels: [1], threshold: 0)
    let scores = Scores(loss: .nan, precision: 0.1, recall: 0.2, dice: 0.3)
    let record = EpochRecord(
      epoch: 1, learningRate: 1e-3, training: tally.scores, validation: scores, seconds: 3, isBest: true)
    return CheckpointFile(
      TrainingCheckpoint(learners: [learner], bestWeights: weights, history: [record], step: 3, tally: tally),
      identity: identity)
  }

  @Test func `a checkpoint comes back as it was, to the last bit`() throws {
    let written = file()
    let read = try CheckpointFile(written.bytes(), name: "test")
    #expect(read.checkpoint.learners == written.checkpoint.learners)
    #expect(read.checkpoint.bestWeights == written.checkpoint.bestWeights)
    #expect(read.checkpoint.tally == written.checkpoint.tally)
    #expect(read.checkpoint.step == 3)
    #expect(read.checkpoint.history[0].validation?.loss.isNaN == true)
    #expect(read.identity == written.identity)
  }

  @Test func `every way of being cut short is an error`() throws {
    let bytes = try file().bytes()
    for length in stride(from: 0, to: bytes.count - 1024 * 8, by: 97) {
      #expect(throws: AisError.self) { try CheckpointFile(Array(bytes.prefix(length)), name: "test") }
    }
  }

  @Test func `a changed bit in the weights is noticed`() throws {
    var bytes = try file().bytes()
    let pi = withUnsafeBytes(of: Float.pi) { Array($0) }
    let place = try #require(bytes.indices.dropLast(4).first { Array(bytes[$0..<$0 + 4]) == pi })
    bytes[place] ^= 1
    let error = #expect(throws: AisError.self) { try CheckpointFile(bytes, name: "UNet.training") }
    #expect(error?.code == .malformed)
    #expect(error?.message.contains("'UNet.training'") == true)
  }

  @Test(arguments: ["", "hello", "\u{1F}\u{8B}"]) func `something else is refused with what to do`(text: String) {
    let error = #expect(throws: AisError.self) { try CheckpointFile(Array(text.utf8), name: "x") }
    #expect(error?.message.contains("x") == true)
  }

  @Test func `another training is told by what differs`() throws {
    try file().check(["rate": "0.001"], name: "x")
    let error = #expect(throws: AisError.self) { try file().check(["rate": "0.1", "sets": "a"], name: "x") }
    #expect(error?.code == .changed)
    #expect(error?.message.contains("rate was 0.001 and is 0.1") == true)
    #expect(error?.message.contains("sets was not given and is a") == true)
  }
}
