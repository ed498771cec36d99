import AisCore
import AisFormats
import AisImaging
import Foundation

extension MeasureRun {
  /// `T__Membrane.mrc` is of tomogram `T`.
  static func tomogramName(_ path: String) -> String {
    let stem = SegmentationName.stem(of: path)
    guard let range = stem.range(of: "__", options: .backwards), range.lowerBound > stem.startIndex else { return stem }
    return String(stem[..<range.lowerBound])
  }

  /// What a target is called in the names of columns: its feature, or the name of its list.
  static func targetName(_ path: String) -> String {
    let name =
      PointReading.holdsPoints(path)
      ? PointReading.featureOfName(
        path, otherwise: ((path as NSString).lastPathComponent as NSString).deletingPathExtension)
      : SegmentationName.feature(of: path)
    let plain = name.map { $0.isLetter || $0.isNumber ? $0 : "_" }
    return plain.isEmpty ? "target" : String(plain)
  }

  /// The targets that are of the same tomogram as `name`; a single one is taken whatever it is called, when what is measured
  /// is of one tomogram too.
  static func targets(_ targets: [String], of name: String, isOnly: Bool = true) -> [String] {
    let key = PointNames.tomogramKey(name)
    return targets.filter {
      PointReading.holdsPoints($0) || PointNames.tomogramKey($0) == key || isOnly && targets.count == 1
    }
  }

  /// Targets of one name get numbers, so that each has columns of its own.
  static func withUniqueNames(_ targets: [MeasureTarget]) -> [MeasureTarget] {
    var seen: [String: Int] = [:]
    return targets.map { target in
      seen[target.name, default: 0] += 1
      let count = seen[target.name]!
      return count == 1 ? target : target.named("\(target.name)_\(count)")
    }
  }

  /// What an earlier run found, from its account.
  static func keptSummaries(_ output: String) -> [MeasureSummary]? {
    struct Account: Decodable { var results: [MeasureSummary] }
    guard let bytes = try? RandomAccessFile(WorkRecord.path(of: output)).contents(limit: 64 << 20) else { return nil }
    return (try? JSONDecoder().decode(Account.self, from: Data(bytes)))?.results
  }

  /// What was found, in a line.
  static func line(_ summary: MeasureSummary) -> String {
    func number(_ value: Double) -> String {
      angstromText(value >= 100 ? value.rounded() : (value * 100).rounded() / 100)
    }
    var parts: [String] = []
    switch summary.kind {
    case .components:
      parts.append("\(summary.count) component\(summary.count == 1 ? "" : "s")")
      if let volume = summary.volumeCubicNanometers { parts.append("\(number(volume)) nm³") }
      if let fraction = summary.volumeFraction { parts.append("\(number(fraction * 100)) % of the volume") }
      if let area = summary.areaSquareNanometers { parts.append("\(number(area)) nm² of surface") }
      if let border = summary.countAtBorder, border > 0 { parts.append("\(border) at the border") }
    case .particles:
      parts.append("\(summary.count) particle\(summary.count == 1 ? "" : "s")")
    }
    if let nearest = summary.medianNearestNanometers { parts.append("median nearest neighbour \(number(nearest)) nm") }
    for (name, distance) in summary.medianDistancesNanometers.sorted(by: { $0.key < $1.key }) {
      parts.append("median distance to \(name) \(number(distance)) nm")
    }
    return "\(summary.tomogram), \(summary.feature): " + parts.joined(separator: ", ")
  }

  /// Refuses to replace a summary that is not ours.
  static func checkSummary(_ folder: String, isReplaced: Bool) throws(AisError) {
    let path = folder + "summary.csv"
    guard !isReplaced, FileManager.default.fileExists(atPath: path) else { return }
    guard ExistingOutput.json(WorkRecord.path(of: path))?["schema"]?.string == summarySchema else {
      throw AisError(
        .needsDecision,
        "'\(path)' is there already and was not made by this program. Use '--force' to replace it, or another '-o'")
    }
  }

  /// The table and the picture over all inputs. An aggregate: it is made anew by every run.
  func writeSummary(_ summaries: [MeasureSummary]) throws(AisError) {
    let folder = OutputFolder.prefix(request.outputFolder)
    let record = try WorkRecord(schema: Self.summarySchema, settings: request.settings, inputs: inputs)
    let charts = Self.charts(summaries)
    let picture = Chart.sheet(charts)
    try record.write(
      [
        (folder + "summary.csv", MeasureSummary.table(summaries).bytes),
        (folder + "summary.png", try Self.png(picture, title: "Measures of \(inputs.count) inputs")),
      ], results: summaries)
  }

  /// Bars for each feature over the tomograms, in the order of the inputs.
  private static func charts(_ summaries: [MeasureSummary]) -> [Chart] {
    func series(_ summary: MeasureSummary) -> String {
      summary.kind == .components ? summary.feature : "\(summary.feature) (particles)"
    }
    var features: [String] = []
    for summary in summaries where !features.contains(series(summary)) { features.append(series(summary)) }
    func chart(_ title: String, _ yTitle: String, _ value: (MeasureSummary) -> Double?) -> Chart? {
      guard summaries.contains(where: { value($0) != nil }) else { return nil }
      var chart = Chart(
        title: title, xTitle: tomograms.count > 12 ? "tomogram, in the order of the table" : "", yTitle: yTitle,
        x: AxisScale(places: tomograms),
        y: AxisScale(covering: summaries.compactMap(value), from: 0))
      let shown = features.prefix(Chart.colours.count)
      for (index, feature) in shown.enumerated() {
        let width = 0.8 / Double(shown.count)
        let bars = summaries.filter { series($0) == feature }.compactMap { summary -> (ClosedRange<Double>, Double)? in
          guard let height = value(summary), let place = tomograms.firstIndex(of: summary.tomogram) else { return nil }
          let left = Double(place) + 0.6 + Double(index) * width
          return (left...left + width, height)
        }
        if bars.isEmpty { continue }
        chart.layers.append(.bars(bars.map { (range: $0.0, y: $0.1) }, Chart.colours[index], title: feature))
      }
      return chart
    }
    var tomograms: [String] = []
    for summary in summaries where !tomograms.contains(summary.tomogram) { tomograms.append(summary.tomogram) }
    return [
      chart("How many", "components or particles", { Double($0.count) }),
      chart("Volume", "nm³", \.volumeCubicNanometers), chart("Surface", "nm²", \.areaSquareNanometers),
      chart("Nearest neighbours", "median distance (nm)", \.medianNearestNanometers),
    ].compactMap { $0 }
  }
}
