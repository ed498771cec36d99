import AisCore
import AisImaging
import AisWorkflows
import Foundation

/// What `ais evaluate` prints of lists of particles.
struct PointEvaluationReport {
  var request: PointEvaluationRequest
  var result: PointEvaluationRun.Result

  /// Tomograms beyond this are left to the table in the output folder.
  private static let mostTomograms = 24

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(result.document), as: UTF8.self)
  }

  func lines() -> [String] {
    let evaluation = result.evaluation
    let name = MatchingRule.name(ofBeta: evaluation.beta)
    let total = evaluation.total
    var lines = [
      "\(request.found) against \(request.truth): \(total.counts.foundCount) found, \(total.counts.truthCount) true, "
        + counted(evaluation.tomograms.count, "tomogram"),
      request.rule.sentence + (request.threshold.map { ", score at least \(angstromText($0))" } ?? ""), "",
    ]
    var rows: [(name: String, row: PointEvaluation.Row)] = []
    if evaluation.features.count > 1 { rows += zip(evaluation.features, evaluation.featureRows).map { ($0, $1) } }
    let showsTomograms = evaluation.tomograms.count > 1 && evaluation.tomograms.count <= Self.mostTomograms
    if showsTomograms { rows += zip(evaluation.tomograms, evaluation.tomogramRows).map { ($0.name, $1) } }
    rows.append(("all", total))
    let width = max(18, rows.map(\.name.count).max() ?? 0)
    lines.append(
      Self.left("", width) + Self.right("found", 7) + Self.right("true", 7) + Self.right("hits", 7)
        + Self.right("precision", 11) + Self.right("recall", 8) + Self.right(name, 8) + "  median error")
    for (label, row) in rows {
      let counts = row.counts
      let error = row.errors.angstrom.map { errors in
        "\(angstromText((errors.medianDistance * 100).rounded() / 100)) Å "
          + "(\(Self.number(row.errors.voxels?.medianDistance, digits: 2)) voxels)"
      }
      lines.append(
        Self.left(label, width) + Self.right("\(counts.foundCount)", 7) + Self.right("\(counts.truthCount)", 7)
          + Self.right("\(counts.truePositives)", 7) + Self.right(Self.number(counts.precision), 11)
          + Self.right(Self.number(counts.recall), 8) + Self.right(Self.number(counts.fBeta(evaluation.beta)), 8)
          + "  " + (error ?? "–"))
    }
    func mean(_ label: String, _ rows: [PointEvaluation.Row]) {
      let means = evaluation.macro(rows)
      lines.append(
        Self.left(label, width) + String(repeating: " ", count: 21) + Self.right(Self.number(means.precision), 11)
          + Self.right(Self.number(means.recall), 8) + Self.right(Self.number(means.fBeta), 8))
    }
    if evaluation.features.count > 1 { mean("mean of classes", evaluation.featureRows) }
    if evaluation.tomograms.count > 1 { mean("mean of tomograms", evaluation.tomogramRows) }
    lines += [""] + closing(evaluation, total, name)
    return lines
  }

  private func closing(_ evaluation: PointEvaluation, _ total: PointEvaluation.Row, _ name: String) -> [String] {
    var lines: [String] = []
    if !request.rule.weights.isEmpty {
      lines.append("weighted \(name) of the classes: \(Self.number(evaluation.weightedFBeta, digits: 4))")
    }
    if let angstrom = total.errors.angstrom?.meanSigned, let voxels = total.errors.voxels?.meanSigned {
      lines.append(
        "mean error, found − true: x \(Self.signed(angstrom.x)), y \(Self.signed(angstrom.y)), z \(Self.signed(angstrom.z)) Å"
          + " (\(Self.signed(voxels.x)), \(Self.signed(voxels.y)), \(Self.signed(voxels.z)) voxels)")
    }
    if let best = evaluation.bestThreshold(isWeighted: !request.rule.weights.isEmpty) {
      let kind = request.rule.weights.isEmpty ? name : "weighted \(name)"
      lines.append("best \(kind) \(Self.number(best.fBeta)) with scores of at least \(angstromText(best.threshold))")
    }
    if let occupancy = evaluation.occupancy {
      lines.append(
        "\(occupancy.background) found in the background, \(occupancy.hitRepeatedly) true particles hit more than once, "
          + "\(occupancy.outside) found outside the volume")
      for index in occupancy.classes.indices {
        let counts = occupancy.counts(ofClass: index)
        lines.append(
          "  \(occupancy.classes[index]): \(counts.truthCount) true, precision \(Self.number(counts.precision)), recall "
            + "\(Self.number(counts.recall)), \(name) \(Self.number(counts.fBeta(evaluation.beta)))")
      }
    }
    if evaluation.tomograms.count > Self.mostTomograms, request.output == nil {
      lines.append("each of the \(evaluation.tomograms.count) tomograms: in the table that '-o FOLDER' writes")
    }
    for path in result.written { lines.append("wrote \(path)") }
    if !result.skipped.isEmpty {
      lines.append(
        "\(result.skipped[0]) and \(result.skipped.count - 1) more are there already, made of the same: kept")
    }
    return lines
  }

  private static func number(_ value: Double?, digits: Int = 3) -> String {
    guard let value, value.isFinite else { return "–" }
    return String(format: "%.\(digits)f", value)
  }

  private static func signed(_ value: Double) -> String {
    String(format: "%+.2f", value).replacing("-", with: "−")
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
