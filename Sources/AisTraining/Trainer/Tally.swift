/// What was counted over the batches of an epoch: losses and pixels, at the threshold one half.
package struct Tally: Sendable, Equatable, Codable {
  package private(set) var lossSum = 0.0
  /// Boxes, by which the losses of batches count.
  package private(set) var boxes = 0
  package private(set) var truePositives = 0
  package private(set) var falsePositives = 0
  package private(set) var falseNegatives = 0

  package init() {}

  /// Adds one batch.
  ///
  /// - Parameters:
  ///   - boxes: in the batch.
  ///   - answers: in the order of `labels`.
  ///   - threshold: above it an answer counts as found: 0 for logits, 0.5 for probabilities.
  package mutating func add(loss: Double, boxes: Int = 1, answers: [Float], labels: [Float], threshold: Float) {
    lossSum += loss * Double(boxes)
    self.boxes += boxes
    for (answer, label) in zip(answers, labels) where label != TrainingBatch.ignored {
      switch (answer > threshold, label > 0.5) {
      case (true, true): truePositives += 1
      case (true, false): falsePositives += 1
      case (false, true): falseNegatives += 1
      case (false, false): break
      }
    }
  }

  package mutating func add(_ other: Tally) {
    lossSum += other.lossSum
    boxes += other.boxes
    truePositives += other.truePositives
    falsePositives += other.falsePositives
    falseNegatives += other.falseNegatives
  }

  /// Means and ratios; those without anything to count are 0.
  package var scores: Scores {
    func ratio(_ a: Int, _ b: Int) -> Double { b == 0 ? 0 : Double(a) / Double(b) }
    return Scores(
      loss: boxes == 0 ? 0 : lossSum / Double(boxes), precision: ratio(truePositives, truePositives + falsePositives),
      recall: ratio(truePositives, truePositives + falseNegatives),
      dice: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives))
  }
}

/// How good a network was over some batches: precision TP/(TP + FP), recall TP/(TP + FN), Dice 2TP/(2TP + FP + FN).
package struct Scores: Sendable, Equatable, Codable {
  package var loss, precision, recall, dice: Double

  package init(loss: Double, precision: Double, recall: Double, dice: Double) {
    self.loss = loss
    self.precision = precision
    self.recall = recall
    self.dice = dice
  }
}
