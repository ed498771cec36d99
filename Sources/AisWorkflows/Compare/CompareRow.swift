import AisFormats

/// How one architecture did with one feature.
package struct CompareRow: Codable, Sendable {
  /// Of the masks that a network gives, at the threshold one half.
  package struct Agreement: Codable, Sendable {
    package var dice, precision, recall: Double

    package init(dice: Double, precision: Double, recall: Double) {
      self.dice = dice
      self.precision = precision
      self.recall = recall
    }
  }

  package var feature: String
  package var architecture: String
  package var parameters: Int
  package var epochs: Int
  /// How the training ended.
  package var ending: String
  package var trainingSeconds: Double
  /// Of a slice of 511 × 720 pixels, padded as in segmentation, by the program's own engine.
  package var secondsPerSlice: Double
  /// Of the boxes that were trained on, or held out where some were, in the best epoch; `nil` when none was finished.
  package var loss: Double?
  package var training: Agreement?
  package var heldOut: Agreement?
  /// Of the whole tomogram against its labels.
  package var tomogram: Agreement?
  package var model: String

  package init(
    feature: String, architecture: String, parameters: Int, epochs: Int, ending: String, trainingSeconds: Double,
    secondsPerSlice: Double, loss: Double?, training: Agreement?, heldOut: Agreement?, tomogram: Agreement? = nil,
    model: String
  ) {
    self.feature = feature
    self.architecture = architecture
    self.parameters = parameters
    self.epochs = epochs
    self.ending = ending
    self.trainingSeconds = trainingSeconds
    self.secondsPerSlice = secondsPerSlice
    self.loss = loss
    self.training = training
    self.heldOut = heldOut
    self.tomogram = tomogram
    self.model = model
  }

  /// What an architecture is best judged by, of what there is.
  package var judged: Agreement? { tomogram ?? heldOut ?? training }
}

/// Rows as people and programs read them.
package enum CompareTable {
  /// One line a row, grouped by features, the best Dice of each marked.
  package static func lines(_ rows: [CompareRow]) -> [String] {
    var lines: [String] = []
    let width = max(12, rows.map(\.architecture.count).max() ?? 0)
    let features = rows.reduce(into: [String]()) { if !$0.contains($1.feature) { $0.append($1.feature) } }
    for feature in features {
      let ours = rows.filter { $0.feature == feature }
      let best = ours.compactMap(\.judged?.dice).max()
      let basis =
        ours.contains { $0.tomogram != nil }
        ? "the tomogram" : ours.contains { $0.heldOut != nil } ? "boxes held out" : "boxes trained on"
      lines.append("\(feature): Dice, precision and recall on \(basis)")
      lines.append(
        left("architecture", width) + right("weights", 10) + right("training", 14) + right("a slice", 9)
          + right("loss", 9) + right("Dice", 8) + right("precision", 11) + right("recall", 8))
      for row in ours {
        let judged = row.judged
        let mark = row.ending == "diverged" ? "  diverged" : judged != nil && judged?.dice == best ? "  best" : ""
        lines.append(
          left(row.architecture, width) + right(DecimalText.fixed(Double(row.parameters) / 1e6, 2) + " M", 10)
            + right(DurationText.text(row.trainingSeconds), 14) + right(short(row.secondsPerSlice), 9)
            + right(row.loss, 4, 9) + right(judged?.dice, 3, 8) + right(judged?.precision, 3, 11)
            + right(judged?.recall, 3, 8) + mark)
      }
      lines.append("")
    }
    return lines
  }

  package static func csv(_ rows: [CompareRow]) -> CSVTable {
    var table = CSVTable(
      [
        "feature", "architecture", "parameters", "epochs", "ending", "training_seconds", "seconds_per_511x720_slice",
        "loss",
      ]
        + ["boxes", "held_out", "tomogram"].flatMap { kind in ["dice", "precision", "recall"].map { "\(kind)_\($0)" } })
    for row in rows {
      let scores = [row.training, row.heldOut, row.tomogram].flatMap { scores in
        [scores?.dice, scores?.precision, scores?.recall].map { CSVTable.Field.optional($0, digits: 4) }
      }
      table.append(
        [
          .text(row.feature), .text(row.architecture), .count(row.parameters), .count(row.epochs), .text(row.ending),
          // A small network on a fast machine is trained in hundredths of a second.
          .number(row.trainingSeconds, digits: 3), .number(row.secondsPerSlice, digits: 4),
          .optional(row.loss, digits: 6),
        ] + scores)
    }
    return table
  }

  /// Slices take parts of a second.
  private static func short(_ seconds: Double) -> String {
    seconds < 9.995 ? DecimalText.fixed(seconds, 2) + " s" : DurationText.text(seconds)
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  private static func right(_ value: Double?, _ digits: Int, _ width: Int) -> String {
    guard let value, value.isFinite else { return right("–", width) }
    return right(DecimalText.fixed(value, digits), width)
  }
}
