import AisFormats
import AisImaging

/// What was measured of one feature in one tomogram.
package struct MeasureSummary: Sendable, Codable, Hashable {
  package enum Kind: String, Sendable, Codable { case components, particles }

  package var tomogram: String
  package var feature: String
  package var kind: Kind
  package var count: Int
  /// Of components, those that touch a face of the volume and may go on beyond.
  package var countAtBorder: Int?
  package var tomogramVolumeCubicNanometers: Double?
  package var volumeCubicNanometers: Double?
  package var areaSquareNanometers: Double?
  package var medianVolumeCubicNanometers: Double?
  package var medianNearestNanometers: Double?
  /// To each target: of particles from their centre, of components the shortest way.
  package var medianDistancesNanometers: [String: Double]

  /// The part of the tomogram that the feature fills.
  package var volumeFraction: Double? {
    guard let volume = volumeCubicNanometers, let whole = tomogramVolumeCubicNanometers, whole > 0 else { return nil }
    return volume / whole
  }

  /// Components or particles in a cubic micrometre.
  package var densityPerCubicMicrometer: Double? {
    guard let whole = tomogramVolumeCubicNanometers, whole > 0 else { return nil }
    return Double(count) / whole * 1e9
  }

  static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : Histogram.quantile(values.sorted(), 0.5)
  }

  /// One line for each tomogram and feature.
  static func table(_ summaries: [MeasureSummary]) -> CSVTable {
    let targets = Set(summaries.flatMap(\.medianDistancesNanometers.keys)).sorted()
    var table = CSVTable(
      [
        "tomogram", "feature", "kind", "count", "touching_border", "density_per_um3", "volume_nm3", "volume_fraction",
        "area_nm2", "median_volume_nm3", "median_nearest_nm",
      ] + targets.map { "median_\($0)_nm" })
    for summary in summaries {
      table.append(
        [
          .text(summary.tomogram), .text(summary.feature), .text(summary.kind.rawValue), .count(summary.count),
          summary.countAtBorder.map { .count($0) } ?? .empty,
          .optional(summary.densityPerCubicMicrometer, digits: 3), .optional(summary.volumeCubicNanometers, digits: 3),
          .optional(summary.volumeFraction, digits: 6), .optional(summary.areaSquareNanometers, digits: 3),
          .optional(summary.medianVolumeCubicNanometers, digits: 3),
          .optional(summary.medianNearestNanometers, digits: 3),
        ] + targets.map { .optional(summary.medianDistancesNanometers[$0], digits: 3) })
    }
    return table
  }
}
