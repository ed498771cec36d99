import AisCore
import AisFormats
import AisImaging
import Logging

extension Evaluation {
  package static let schema = "ais.mask-evaluation/1"

  private struct Settings: Encodable, Sendable {
    var label: Int?
    var thresholds: [Int]
    var tolerance: Double?
  }

  /// Every threshold from 0 to 254 with what it gives.
  package func sweepTable(_ surfaces: SurfaceSweep?) -> CSVTable {
    var table = CSVTable([
      "threshold", "dice", "intersection_over_union", "precision", "recall", "surface_dice", "segmented_voxels",
    ])
    for threshold in 0...254 {
      let overlap = histogram.overlap(threshold: threshold)
      table.append([
        .count(threshold), .number(overlap.dice, digits: 6), .number(overlap.intersectionOverUnion, digits: 6),
        .number(overlap.precision, digits: 6), .number(overlap.recall, digits: 6),
        .optional(surfaces?.dice[threshold], digits: 6), .count(overlap.shared + overlap.onlyTested),
      ])
    }
    return table
  }

  /// Dice, precision, recall and surface Dice over the threshold.
  package func sweepPicture(_ surfaces: SurfaceSweep?) -> Picture {
    var chart = Chart(
      title: "Segmentation against the truth, by threshold", xTitle: "threshold, 0 to 255", yTitle: "",
      x: AxisScale(exactly: 0...255), y: AxisScale(exactly: 0...1))
    func line(_ value: (MaskOverlap) -> Double) -> [(x: Double, y: Double)] {
      (0...254).map { (Double($0), value(histogram.overlap(threshold: $0))) }
    }
    chart.layers = [
      .line(line(\.dice), Chart.colours[0], title: "Dice"),
      .line(line(\.intersectionOverUnion), Chart.colours[4], title: "intersection over union"),
      .line(line(\.precision), Chart.colours[1], title: "precision"),
      .line(line(\.recall), Chart.colours[2], title: "recall"),
    ]
    if let surfaces, !surfaces.dice.isEmpty {
      let points = surfaces.dice.sorted { $0.key < $1.key }.map { (x: Double($0.key), y: $0.value) }
      chart.layers.append(.line(points, Chart.colours[3], title: "surface Dice"))
      chart.layers.append(.dots(points, Chart.colours[3], title: nil))
    }
    let best = histogram.bestThreshold
    chart.layers.append(.mark(x: Double(best), Chart.colours[6], title: "best: \(best)"))
    return chart.draw()
  }

  /// Writes table and picture with their account, whole or not at all, unless they are there already.
  ///
  /// - Returns: the paths, and whether they were there.
  package func write(
    to folder: String, surfaces: SurfaceSweep?, replaces: Bool, logger: Logger
  ) throws(AisError) -> (paths: [String], wereThere: Bool) {
    var label: Int?
    if case .label(let number) = truth { label = number }
    let record = try WorkRecord(
      schema: Self.schema,
      settings: Settings(
        label: label, thresholds: surfaces?.dice.keys.sorted() ?? [], tolerance: surfaces?.tolerance),
      inputs: [segmentation, groundTruth])
    let base = OutputFolder.prefix(folder) + "evaluation"
    let picture = sweepPicture(surfaces)
    let png = try PNGEncoder.encode(
      rgb: picture.rgb, width: picture.width, height: picture.height,
      texts: [
        .init("Software", "ais \(AisVersion.current)"), .init("Title", "A segmentation against the truth"),
        .init("Description", "'\(segmentation)' against '\(groundTruth)'"),
      ])
    let outputs: [(path: String, bytes: [UInt8])] = [
      (base + "_sweep.csv", sweepTable(surfaces).bytes), (base + "_sweep.png", png),
    ]
    var claims = OutputClaims(inputs: [segmentation, groundTruth])
    for output in outputs { claims.claim(output.path, for: segmentation) }
    try claims.check()
    let paths = outputs.map(\.path)
    switch replaces ? .absent : ExistingOutput.look(at: paths, record: record) {
    case .same: return (paths, true)
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .absent: break
    }
    try OutputFolder.prepare(folder, logger: logger)
    try record.write(outputs)
    return (paths, false)
  }
}
