import AisTestSupport
import AisTraining
import Testing

@Suite("Batches")
struct BatchSourceTests {
  @Test("a batch says its shape and keeps its values")
  func shape() {
    let batch = TrainingBatch(
      count: 2, depth: 3, labelDepth: 1, height: 4, width: 5, images: Array(repeating: 1, count: 120),
      labels: Array(repeating: TrainingBatch.ignored, count: 40))
    #expect(batch.images.count == 120)
    #expect(batch.labels.allSatisfy { $0 == 2 })
  }
}
