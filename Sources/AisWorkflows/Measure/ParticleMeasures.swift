import AisCore
import AisFormats
import AisImaging

/// The particles of one list, measured: neighbours, and distances to features.
struct ParticleMeasures: Sendable {
  struct Row: Sendable {
    var point: PointSet.Point
    /// To the nearest other particle of the same class, and of any class.
    var nearestNanometers: Double?
    var nearestOfAnyClassNanometers: Double?
    /// To each target; below zero inside it.
    var distances: [Double?]
  }

  let list: PointSet
  let targetNames: [String]
  let rows: [Row]
  /// The volume of each tomogram of the list, where it is known from the list or from a segmentation of the tomogram.
  let tomogramCubicNanometers: [Double?]

  /// - Parameter targets: for each tomogram of the set, what distances are measured to there; the same names everywhere.
  static func make(
    of list: PointSet, targetNames: [String], targets: (Int) throws(AisError) -> [MeasureTarget], threads: Int,
    cancellation: Cancellation, progress: (Double) -> Void
  ) throws(AisError) -> ParticleMeasures {
    var rows = list.points.map { Row(point: $0, distances: [Double?](repeating: nil, count: targetNames.count)) }
    var volumes = list.tomograms.map(\.volumeCubicNanometers)
    func nanometers(_ value: Double?) -> Double? { value.map { $0 / 10 } }
    for tomogram in list.tomograms.indices {
      try cancellation.check()
      let members = list.points.indices.filter { list.points[$0].tomogram == tomogram }
      let positions = members.map { list.points[$0].position }
      for (place, distance) in PositionRuns.nearestNeighbours(positions, threads: threads).enumerated() {
        rows[members[place]].nearestOfAnyClassNanometers = nanometers(distance)
      }
      for feature in list.features.indices {
        let same = members.filter { list.points[$0].feature == feature }
        let nearest = PositionRuns.nearestNeighbours(same.map { list.points[$0].position }, threads: threads)
        for (place, distance) in nearest.enumerated() { rows[same[place]].nearestNanometers = nanometers(distance) }
      }
      for target in try targets(tomogram) {
        volumes[tomogram] = volumes[tomogram] ?? target.tomogramCubicNanometers
        guard let column = targetNames.firstIndex(of: target.name) else { continue }
        let distances = try target.distances(from: positions, threads: threads, cancellation)
        for (place, distance) in distances.enumerated() {
          rows[members[place]].distances[column] = nanometers(distance)
        }
      }
      progress(Double(tomogram + 1) / Double(list.tomograms.count))
    }
    return ParticleMeasures(list: list, targetNames: targetNames, rows: rows, tomogramCubicNanometers: volumes)
  }

  private var hasClasses: Bool { list.features.count > 1 }

  /// One line a particle, in the order of the list; places in voxels counted from 0.
  func table() -> CSVTable {
    var table = CSVTable(
      ["particle", "tomogram", "class", "x", "y", "z", "nearest_particle_nm"]
        + (hasClasses ? ["nearest_of_any_class_nm"] : []) + targetNames.map { "\($0)_nm" })
    for (index, row) in rows.enumerated() {
      let tomogram = list.tomograms[row.point.tomogram]
      let corner = row.point.position.point(tomogram.voxelSize)
      table.append(
        [
          .count(index + 1), .text(tomogram.name), .text(list.features[row.point.feature]),
          .optional(corner.x - 0.5, digits: 3), .optional(corner.y - 0.5, digits: 3),
          .optional(corner.z - 0.5, digits: 3), .optional(row.nearestNanometers, digits: 3),
        ] + (hasClasses ? [.optional(row.nearestOfAnyClassNanometers, digits: 3)] : [])
          + row.distances.map { .optional($0, digits: 3) })
    }
    return table
  }

  /// Histograms of what was measured.
  func picture(title: String) -> Picture {
    var charts = [
      Histogram(rows.compactMap(\.nearestNanometers)).chart(
        title: title, xTitle: "distance to the nearest particle\(hasClasses ? " of its class" : "") (nm)",
        yTitle: "particles")
    ]
    for (index, name) in targetNames.enumerated() {
      var chart = Histogram(rows.compactMap { $0.distances[index] }).chart(
        title: "Distance to \(name)", xTitle: "distance to \(name) (nm); below zero: inside", yTitle: "particles",
        colour: Chart.colours[(1 + index) % Chart.colours.count])
      if chart.x.low < 0, chart.x.high > 0 { chart.layers.append(.mark(x: 0, Chart.colours[6], title: "surface")) }
      charts.append(chart)
    }
    return Chart.sheet(charts)
  }

  /// One for each tomogram and class.
  func summaries() -> [MeasureSummary] {
    list.tomograms.indices.flatMap { tomogram in
      list.features.indices.map { feature in
        let members = rows.filter { $0.point.tomogram == tomogram && $0.point.feature == feature }
        return MeasureSummary(
          tomogram: list.tomograms[tomogram].name, feature: list.features[feature], kind: .particles,
          count: members.count, tomogramVolumeCubicNanometers: tomogramCubicNanometers[tomogram],
          medianNearestNanometers: MeasureSummary.median(members.compactMap(\.nearestNanometers)),
          medianDistancesNanometers: Dictionary(
            uniqueKeysWithValues: targetNames.enumerated().compactMap { index, name in
              MeasureSummary.median(members.compactMap { $0.distances[index] }).map { (name, $0) }
            }))
      }
    }
  }
}
