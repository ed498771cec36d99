import AisCore
import AisFormats
import AisImaging

/// How batches are drawn from training sets.
package struct SamplerSettings: Sendable, Hashable {
  package var batchSize = 32
  /// Passes over all boxes in one epoch, each augmented anew.
  package var copies = 10
  /// The share of the boxes that is held out, of those with the feature and of those without alike.
  package var validationFraction = 0.0
  /// Boxes without the feature for each one with it; `nil`: as many as there are.
  package var negativesPerPositive: Double?
  /// Slices that the network sees; `nil`: those that the sets are meant for.
  package var depth: Int?
  /// Whether the network answers with as many slices as it sees, not with the middle one.
  package var answersSlabs = false
  /// Standardises each box by itself, whatever the sets say.
  package var normalisesBoxes = false
  package var augmentation = Augmentation()
  /// Of everything that is drawn.
  package var seed: UInt64 = 1

  package init() {}
}

/// Draws batches from pooled sets: which boxes, of which versions, at what height, turned and changed how. Everything is decided by
/// the seed, the epoch, the step and the place in the batch, and by nothing else.
package struct TrainingSampler: BatchSource {
  package let pool: TrainingPool
  package let settings: SamplerSettings
  package let split: TrainingSplit
  /// What the boxes' grey values were normalised with, as a model must record it.
  package let normalisation: TrainingSetMetadata.Normalisation
  package let depth: Int
  package var boxSize: Int { pool.boxSize }
  package var stepsPerEpoch: Int { order.stepsPerEpoch }
  /// Boxes of a batch: fewer than asked for when there are not as many.
  package var batchSize: Int { order.batchSize }
  private let order: SampleOrder

  /// - Throws: `usage` when what is asked for does not fit the sets.
  package init(_ pool: TrainingPool, settings: SamplerSettings) throws(AisError) {
    self.pool = pool
    self.settings = settings
    depth = settings.depth ?? pool.depth
    guard (1...pool.storedDepth).contains(depth) else {
      throw AisError(
        .usage,
        "the network sees \(depth) slices, and the boxes of the training sets have \(pool.storedDepth): extract a set with "
          + "'--depth \(depth)'")
    }
    let split = try TrainingSplit(pool, fraction: settings.validationFraction, seed: settings.seed)
    self.split = split
    normalisation = settings.normalisesBoxes ? .perBox : pool.normalisation
    order = SampleOrder(
      positives: split.training.filter { pool.samples[$0].isPositive },
      negatives: split.training.filter { !pool.samples[$0].isPositive }, batchSize: settings.batchSize,
      copies: settings.copies, negativesPerPositive: settings.negativesPerPositive, seed: settings.seed)
  }

  /// Batches that show every box that is held out once; the last one may be smaller.
  package var validationSteps: Int { (split.validation.count + batchSize - 1) / batchSize }

  package func batch(epoch: Int, step: Int) throws(AisError) -> TrainingBatch {
    precondition((0..<stepsPerEpoch).contains(step), "step \(step) of \(stepsPerEpoch)")
    var boxes: [TrainingBox] = []
    for (slot, sample) in order.batch(epoch: epoch, step: step).enumerated() {
      var generator = SeededGenerator(
        seed: settings.seed, streams: [3, UInt64(epoch), UInt64(step), UInt64(slot)])
      boxes.append(try training(sample, &generator))
    }
    return assembled(boxes)
  }

  /// Boxes that are held out, as they are annotated: nothing about them is drawn.
  package func validationBatch(step: Int) throws(AisError) -> TrainingBatch {
    precondition((0..<validationSteps).contains(step), "step \(step) of \(validationSteps)")
    let range = step * batchSize..<min((step + 1) * batchSize, split.validation.count)
    var boxes: [TrainingBox] = []
    for sample in split.validation[range] {
      var image = try pool.image(sample)
      if normalisation == .perBox { BoxNormalisation.standardise(&image.voxels) }
      boxes.append(try cut(image, sample, first: (pool.storedDepth - depth) / 2))
    }
    return assembled(boxes)
  }

  private func training(_ sample: Int, _ generator: inout SeededGenerator) throws(AisError) -> TrainingBox {
    var image = try flavoured(sample, &generator)
    if normalisation == .perBox { BoxNormalisation.standardise(&image.voxels) }
    let middle = pool.storedDepth / 2
    var first = (pool.storedDepth - depth) / 2
    if settings.answersSlabs {
      // The annotated slice may lie anywhere in the slab.
      first = Int.random(
        in: max(0, middle - depth + 1)...min(pool.storedDepth - depth, middle), using: &generator)
    }
    var box = try cut(image, sample, first: first)
    settings.augmentation.apply(to: &box, using: &generator)
    return box
  }

  /// One of the box's versions, or a mixture of two.
  private func flavoured(_ sample: Int, _ generator: inout SeededGenerator) throws(AisError) -> Volume<Float> {
    let count = pool.samples[sample].flavours.count
    guard count > 1 else { return try pool.image(sample) }
    let first = Int.random(in: 0..<count, using: &generator)
    if Bool.random(using: &generator) { return try pool.image(sample, flavour: first) }
    let second = (first + Int.random(in: 1..<count, using: &generator)) % count
    var (a, b) = (try pool.image(sample, flavour: first), try pool.image(sample, flavour: second))
    if normalisation == .perBox {
      // Versions of different contrast would not mix.
      BoxNormalisation.standardise(&a.voxels)
      BoxNormalisation.standardise(&b.voxels)
    }
    let share = Float.random(in: 0...1, using: &generator)
    for i in a.voxels.indices { a.voxels[i] = share * a.voxels[i] + (1 - share) * b.voxels[i] }
    return a
  }

  /// Slices `first ..< first + depth`, with the label that goes with them.
  private func cut(_ image: Volume<Float>, _ sample: Int, first: Int) throws(AisError) -> TrainingBox {
    let plane = boxSize * boxSize
    let label = try pool.label(sample)
    let annotated = pool.storedDepth / 2
    let pixels = Array(image.voxels[first * plane..<(first + depth) * plane])
    func slice(_ z: Int) -> ArraySlice<Float> { label.shape.z == 1 ? label.slice(0) : label.slice(z) }
    guard settings.answersSlabs else {
      return TrainingBox(
        image: pixels, label: Array(slice(annotated)), depth: depth, labelDepth: 1, size: boxSize,
        labelledSlice: annotated - first)
    }
    var labels = [Float](repeating: 2, count: depth * plane)
    for z in 0..<depth where label.shape.z > 1 || first + z == annotated {
      labels.replaceSubrange(z * plane..<(z + 1) * plane, with: slice(first + z))
    }
    return TrainingBox(
      image: pixels, label: labels, depth: depth, labelDepth: depth, size: boxSize, labelledSlice: annotated - first)
  }

  private func assembled(_ boxes: [TrainingBox]) -> TrainingBatch {
    TrainingBatch(
      count: boxes.count, depth: depth, labelDepth: settings.answersSlabs ? depth : 1, height: boxSize, width: boxSize,
      images: boxes.flatMap(\.image), labels: boxes.flatMap(\.label))
  }
}

/// The grey values of a box brought to a common scale.
package enum BoxNormalisation {
  /// (x − mean) / (standard deviation + 1e-7), over all values.
  package static func standardise(_ values: inout [Float]) {
    guard !values.isEmpty else { return }
    var sum = 0.0
    for value in values { sum += Double(value) }
    let mean = sum / Double(values.count)
    var squares = 0.0
    for value in values { squares += (Double(value) - mean) * (Double(value) - mean) }
    let scale = 1 / ((squares / Double(values.count)).squareRoot() + 1e-7)
    for i in values.indices { values[i] = Float((Double(values[i]) - mean) * scale) }
  }
}
