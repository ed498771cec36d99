import AisCore
import AisImaging
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais evaluate`: a segmentation against a ground truth.
package struct EvaluateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare a segmentation with a ground truth: Dice, intersection over union, precision, recall.",
    discussion: """
      A voxel belongs to the segmentation when its value is greater than the threshold, on the scale 0 to 255 (values of \
      8-bit signed files are multiplied by 255/127, those of floating-point files from 0 to 1 by 255).

        ais evaluate cell_c__Membrane.mrc cell_c_labels.mrc.gz --label 1
      """)

  @Argument(help: "The segmentation.")
  package var segmentation: String

  @Argument(help: "The ground truth: a volume of labels of the same size.")
  package var groundTruth: String

  @Option(help: "The number that marks the feature in the ground truth. Without it, everything above 0.")
  package var label: Int?

  @Option(
    name: [.short, .customLong("threshold")], parsing: .singleValue,
    help: "Threshold, 0 to 254; may be given several times. Without it, 64, 96, 128, 160, 192 and the best one.")
  package var thresholds: [Int] = []

  @Flag(help: "Print JSON, schema ais.evaluation/1.")
  package var json = false

  package init() {}

  package func validate() throws {
    for threshold in thresholds where !(0...254).contains(threshold) {
      throw ValidationError("--threshold \(threshold): a threshold lies between 0 and 254.")
    }
  }

  package func run() throws {
    let evaluation = try Evaluation.compare(
      segmentation: segmentation, groundTruth: groundTruth, truth: label.map { .label($0) } ?? .anyLabel)
    let best = evaluation.histogram.bestThreshold
    let wanted = thresholds.isEmpty ? Array(Set([64, 96, 128, 160, 192, best])).sorted() : thresholds
    let rows = wanted.map { EvaluationReport.Row($0, evaluation.histogram.overlap(threshold: $0)) }
    let bestRow = EvaluationReport.Row(best, evaluation.histogram.overlap(threshold: best))
    let report = EvaluationReport(evaluation, rows: rows, best: bestRow)
    if json {
      Terminal.standardOutput.print(text: try report.json())
    } else {
      Terminal.standardOutput.print(lines: report.table())
    }
  }
}

/// What `ais evaluate` prints.
struct EvaluationReport: Encodable {
  struct Row: Encodable {
    var threshold: Int
    var dice: Double
    var intersectionOverUnion: Double
    var precision: Double
    var recall: Double
    /// Voxels of the segmentation above the threshold.
    var segmentedVoxels: Int

    init(_ threshold: Int, _ overlap: MaskOverlap) {
      self.threshold = threshold
      dice = overlap.dice
      intersectionOverUnion = overlap.intersectionOverUnion
      precision = overlap.precision
      recall = overlap.recall
      segmentedVoxels = overlap.shared + overlap.onlyTested
    }
  }

  var schema = "ais.evaluation/1"
  var segmentation: String
  var groundTruth: String
  var label: Int?
  var truthVoxels: Int
  var thresholds: [Row]
  var best: Row

  init(_ evaluation: Evaluation, rows: [Row], best: Row) {
    segmentation = evaluation.segmentation
    groundTruth = evaluation.groundTruth
    if case .label(let label) = evaluation.truth { self.label = label }
    truthVoxels = evaluation.histogram.truthCount
    thresholds = rows
    self.best = best
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func table() -> [String] {
    let truth = label.map { "label \($0)" } ?? "everything above 0"
    var lines = [
      "\(segmentation)", "against \(truth) of \(groundTruth), \(truthVoxels) voxels", "",
      "threshold    Dice     IoU  precision  recall",
    ]
    for row in thresholds {
      let mark = row.threshold == best.threshold ? "  best" : ""
      let precision = row.segmentedVoxels == 0 ? Self.padded("–", 11) : Self.padded(row.precision, 11)
      lines.append(
        Self.padded("\(row.threshold)", 9) + Self.padded(row.dice, 8) + Self.padded(row.intersectionOverUnion, 8)
          + precision + Self.padded(row.recall, 8) + mark)
    }
    return lines
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
  private static func padded(_ value: Double, _ width: Int) -> String {
    padded(String(format: "%.3f", value), width)
  }
}
