import AisCore
import AisNetworks
import AisTraining

/// Batches drawn in memory: rings in noise, which even a small network learns in seconds.
struct Rings: BatchSource {
  var boxSize = 16
  var depth = 1
  var stepsPerEpoch = 4
  var validationSteps = 1
  var count = 8
  /// Whether every slice has its label.
  var isSlab = false
  /// Makes batches fail or useless from a step on.
  var spoil: (@Sendable (_ epoch: Int, _ step: Int) throws(AisError) -> Float?)?

  func batch(epoch: Int, step: Int) throws(AisError) -> TrainingBatch {
    draw(seed: UInt64(1000 * epoch + step), spoiled: try spoil?(epoch, step))
  }

  func validationBatch(step: Int) throws(AisError) -> TrainingBatch {
    draw(seed: UInt64(1_000_000 + step), spoiled: nil)
  }

  private func draw(seed: UInt64, spoiled: Float?) -> TrainingBatch {
    var generator = SeededGenerator(seed: seed)
    let labelDepth = isSlab ? depth : 1
    var images: [Float] = []
    var labels: [Float] = []
    for _ in 0..<count {
      let side = Double(boxSize)
      let (cy, cx) = (
        Double.random(in: side / 4..<3 * side / 4, using: &generator),
        Double.random(in: side / 4..<3 * side / 4, using: &generator)
      )
      for z in 0..<depth {
        for y in 0..<boxSize {
          for x in 0..<boxSize {
            let (dy, dx) = (Double(y) - cy, Double(x) - cx)
            let isRing = abs((dy * dy + dx * dx).squareRoot() - side / 5) < 1.2
            images.append(spoiled ?? Float.random(in: -0.5..<0.5, using: &generator) + (isRing ? 1 : 0))
            if z < labelDepth { labels.append(x == 0 ? TrainingBatch.ignored : isRing ? 1 : 0) }
          }
        }
      }
    }
    return TrainingBatch(
      count: count, depth: depth, labelDepth: labelDepth, height: boxSize, width: boxSize, images: images,
      labels: labels)
  }
}

/// Notes what a training tells.
final class Notes: TrainingObserver {
  var steps: [(epoch: Int, step: Int)] = []
  var epochs: [EpochRecord] = []
  var checkpoints: [TrainingCheckpoint] = []
  var onStep: (TrainingProgress) throws(AisError) -> Void = { _ in }

  func stepped(_ progress: TrainingProgress) throws(AisError) {
    steps.append((progress.epoch, progress.step))
    try onStep(progress)
  }

  func finished(_ epoch: EpochRecord, checkpoint: TrainingCheckpoint) throws(AisError) {
    epochs.append(epoch)
    checkpoints.append(checkpoint)
  }
}
