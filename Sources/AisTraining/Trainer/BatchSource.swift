import AisCore

/// One batch of boxes and what a person said of them, as the trainer takes it.
///
/// `images` are normalised, in the order (count, depth, height, width). `labels` are (count, labelDepth, height, width): shares
/// of the feature between 0 and 1, and ``ignored`` where nobody said anything. `labelDepth` is `depth`, or 1.
package struct TrainingBatch: Sendable, Equatable {
  /// The label of a pixel that neither losses nor metrics look at.
  package static let ignored: Float = 2

  package let count, depth, labelDepth, height, width: Int
  package let images: [Float]
  package let labels: [Float]

  package init(
    count: Int, depth: Int, labelDepth: Int, height: Int, width: Int, images: [Float], labels: [Float]
  ) {
    precondition(
      images.count == count * depth * height * width && labels.count == count * labelDepth * height * width,
      "a batch has one value for each voxel of its images and labels")
    self.count = count
    self.depth = depth
    self.labelDepth = labelDepth
    self.height = height
    self.width = width
    self.images = images
    self.labels = labels
  }

  /// Its boxes in their order, in so many parts of nearly equal size; in fewer where there are not as many boxes, as none is empty.
  package func divided(among parts: Int) -> [TrainingBatch] {
    let number = min(max(1, parts), max(1, count))
    if number == 1 { return [self] }
    var first = 0
    return (0..<number).map { place in
      let size = count / number + (place < count % number ? 1 : 0)
      defer { first += size }
      func share(_ values: [Float]) -> [Float] {
        let one = values.count / count
        return Array(values[first * one..<(first + size) * one])
      }
      return TrainingBatch(
        count: size, depth: depth, labelDepth: labelDepth, height: height, width: width, images: share(images),
        labels: share(labels))
    }
  }
}

/// The batches of a training, decided by seed, epoch and step alone, whatever the number of threads that make them.
package protocol BatchSource: Sendable {
  /// Side of the boxes in pixels.
  var boxSize: Int { get }
  /// Slices in one image.
  var depth: Int { get }
  var stepsPerEpoch: Int { get }
  /// 0: nothing is held out.
  var validationSteps: Int { get }

  /// The batch of a step, both counted from zero; may be called from several threads at once.
  func batch(epoch: Int, step: Int) throws(AisError) -> TrainingBatch
  /// The held-out batch of a step: the same in every epoch, not augmented.
  func validationBatch(step: Int) throws(AisError) -> TrainingBatch
}
