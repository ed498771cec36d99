import AisCore
import AisFormats
import AisImaging

extension PointEvaluation {
  /// Counts and errors of every class in every tomogram, of each class, of each tomogram, and of all, as one table.
  package func countsTable() -> CSVTable {
    var table = CSVTable([
      "tomogram", "class", "found", "true", "true_positives", "false_positives", "false_negatives", "precision",
      "recall",
      MatchingRule.name(ofBeta: beta).lowercased(), "median_distance_A", "median_distance_voxels", "mean_error_x_A",
      "mean_error_y_A", "mean_error_z_A", "mean_error_x_voxels", "mean_error_y_voxels", "mean_error_z_voxels",
    ])
    func add(_ tomogram: String, _ feature: String, _ row: Row) {
      let (counts, angstrom, voxels) = (row.counts, row.errors.angstrom, row.errors.voxels)
      table.append([
        .text(tomogram), .text(feature), .count(counts.foundCount), .count(counts.truthCount),
        .count(counts.truePositives), .count(counts.falsePositives), .count(counts.falseNegatives),
        .optional(counts.precision, digits: 6), .optional(counts.recall, digits: 6),
        .optional(counts.fBeta(beta), digits: 6), .optional(angstrom?.medianDistance, digits: 4),
        .optional(voxels?.medianDistance, digits: 4), .optional(angstrom?.meanSigned.x, digits: 4),
        .optional(angstrom?.meanSigned.y, digits: 4), .optional(angstrom?.meanSigned.z, digits: 4),
        .optional(voxels?.meanSigned.x, digits: 4), .optional(voxels?.meanSigned.y, digits: 4),
        .optional(voxels?.meanSigned.z, digits: 4),
      ])
    }
    for (tomogram, rows) in zip(tomograms, groups) {
      for (feature, row) in zip(features, rows) { add(tomogram.name, feature, row) }
    }
    for (feature, row) in zip(features, featureRows) { add("all", feature, row) }
    if features.count > 1 { for (tomogram, row) in zip(tomograms, tomogramRows) { add(tomogram.name, "all", row) } }
    if features.count > 1 { add("all", "all", total) }
    return table
  }

  /// Every pair of a found and a true particle. Numbers count from 1 in the order in which the lists were read.
  package func matchTable() -> CSVTable {
    var table = CSVTable(["tomogram", "class", "found", "true", "distance_A", "error_x_A", "error_y_A", "error_z_A"])
    for match in matches {
      table.append([
        .text(tomograms[match.tomogram].name), .text(features[match.feature]), .count(match.found + 1),
        .count(match.truth + 1), .number(match.distance, digits: 4), .number(match.offset.x, digits: 4),
        .number(match.offset.y, digits: 4), .number(match.offset.z, digits: 4),
      ])
    }
    return table
  }

  /// Counts at every score threshold, all particles together and each class; `nil` without scores.
  package func sweepTable() -> CSVTable? {
    guard let curve, let featureCurves else { return nil }
    var table = CSVTable([
      "class", "threshold", "true_positives", "false_positives", "false_negatives", "precision", "recall",
      MatchingRule.name(ofBeta: beta).lowercased(),
    ])
    func add(_ name: String, _ curve: DetectionCurve) {
      for point in curve.points {
        let counts = point.counts
        table.append([
          .text(name), .optional(point.threshold, digits: 6), .count(counts.truePositives),
          .count(counts.falsePositives), .count(counts.falseNegatives), .optional(counts.precision, digits: 6),
          .optional(counts.recall, digits: 6), .optional(counts.fBeta(beta), digits: 6),
        ])
      }
    }
    if features.count > 1 { for (name, curve) in zip(features, featureCurves) { add(name, curve) } }
    add("all", curve)
    return table
  }

  /// Precision, recall and F-beta over the score threshold, and precision over recall; `nil` without scores.
  package func sweepPicture(isWeighted: Bool) -> Picture? {
    guard let curve, let featureCurves, !curve.points.isEmpty else { return nil }
    let name = MatchingRule.name(ofBeta: beta)
    let points = Self.thinned(curve.points)
    let thresholds = points.map(\.threshold).filter(\.isFinite)
    var sweep = Chart(
      title: "Found particles against the truth, by score", xTitle: "least score of a found particle", yTitle: "",
      x: AxisScale(covering: thresholds), y: AxisScale(exactly: 0...1))
    func line(_ value: (DetectionCounts) -> Double?) -> [(x: Double, y: Double)] {
      points.filter(\.threshold.isFinite).map { ($0.threshold, value($0.counts) ?? .nan) }
    }
    sweep.layers = [
      .line(line(\.precision), Chart.colours[0], title: "precision"),
      .line(line(\.recall), Chart.colours[1], title: "recall"),
      .line(line { $0.fBeta(beta) }, Chart.colours[2], title: name),
    ]
    if let best = bestThreshold(isWeighted: isWeighted), best.threshold.isFinite {
      let kind = isWeighted ? "weighted \(name)" : name
      sweep.layers.append(
        .mark(
          x: best.threshold, Chart.colours[6],
          title: "best \(kind) \(Self.short(best.fBeta)) at \(Self.short(best.threshold))"))
    }
    var trade = Chart(
      title: "Precision and recall", xTitle: "recall", yTitle: "precision", x: AxisScale(exactly: 0...1),
      y: AxisScale(exactly: 0...1))
    func path(_ curve: DetectionCurve) -> [(x: Double, y: Double)] {
      Self.thinned(curve.points).map { ($0.counts.recall ?? .nan, $0.counts.precision ?? .nan) }
    }
    if features.count > 1, features.count <= Chart.colours.count - 1 {
      for (index, feature) in features.enumerated() where featureRows[index].counts.truthCount > 0 {
        trade.layers.append(.line(path(featureCurves[index]), Chart.colours[index], title: feature))
      }
      trade.layers.append(.line(path(curve), Chart.colours[6], title: "all"))
    } else {
      trade.layers = [.line(path(curve), Chart.colours[0], title: nil)]
    }
    return Chart.sheet([sweep, trade])
  }

  /// At most a thousand points: a picture has no room for more. The ends stay.
  private static func thinned(_ points: [DetectionCurve.Point]) -> [DetectionCurve.Point] {
    guard points.count > 1000 else { return points }
    return (0..<1000).map { points[$0 * (points.count - 1) / 999] }
  }

  private static func short(_ value: Double) -> String { angstromText((value * 1000).rounded() / 1000) }
}
