import AisCore

/// One epoch as it went.
package struct EpochRecord: Sendable, Equatable, Codable {
  /// From 1.
  package var epoch: Int
  package var learningRate: Double
  package var training: Scores
  /// Of the held-out boxes, where there are some.
  package var validation: Scores?
  package var seconds: Double
  /// The lowest loss so far: of the held-out boxes, or else of the training.
  package var isBest: Bool

  package init(
    epoch: Int, learningRate: Double, training: Scores, validation: Scores?, seconds: Double, isBest: Bool
  ) {
    self.epoch = epoch
    self.learningRate = learningRate
    self.training = training
    self.validation = validation
    self.seconds = seconds
    self.isBest = isBest
  }

  /// What epochs are compared by.
  package var judgedLoss: Double { (validation ?? training).loss }
}

extension [EpochRecord] {
  package var best: EpochRecord? { last(where: \.isBest) }

  /// Epochs since the best one.
  package var sinceBest: Int { count - (lastIndex(where: \.isBest) ?? -1) - 1 }

  /// One line an epoch, with a line of names before them.
  package func csv() -> String {
    var lines = [
      "epoch,learning_rate,loss,precision,recall,dice,val_loss,val_precision,val_recall,val_dice,seconds,best"
    ]
    for row in self {
      let held = row.validation.map { [$0.loss, $0.precision, $0.recall, $0.dice].map { "\($0)" } }
      let fields =
        ["\(row.epoch)", "\(row.learningRate)"]
        + [row.training.loss, row.training.precision, row.training.recall, row.training.dice].map { "\($0)" }
        + (held ?? ["", "", "", ""]) + ["\((row.seconds * 1000).rounded() / 1000)", row.isBest ? "1" : "0"]
      lines.append(fields.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
