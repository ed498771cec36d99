import AisCore
import AisFormats
import AisImaging
import Foundation

/// One component of a segmentation, measured.
struct ComponentMeasure: Sendable {
  var component: Component
  /// In voxels of the file, before binning.
  var centroid: VoxelPoint
  var volumeCubicNanometers: Double
  var areaSquareNanometers: Double
  /// What its surface encloses: near the volume of its voxels, and less for those of a few.
  var enclosedCubicNanometers: Double
  var meanValue: Double
  /// The edges of its box.
  var extentNanometers: Position
  var nearestNanometers: Double?
  /// To each target: from the centre, and the shortest way from surface to surface.
  var distances: [(centre: Double?, gap: Double?)]

  /// The diameter of the sphere of the same volume.
  var diameterNanometers: Double { cbrt(6 * volumeCubicNanometers / .pi) }

  /// The area of the sphere that encloses as much over the area of its surface: 1 for a sphere, less for everything else
  /// (Wadell 1935).
  var sphericity: Double? {
    guard areaSquareNanometers > 0, enclosedCubicNanometers > 0 else { return nil }
    return cbrt(.pi) * pow(6 * enclosedCubicNanometers, 2.0 / 3) / areaSquareNanometers
  }
}

/// All components of one segmentation.
struct ComponentMeasures: Sendable {
  let feature: FeatureVolume
  let targetNames: [String]
  let targetsAreSurfaces: [Bool]
  let components: [ComponentMeasure]

  static func make(
    of feature: FeatureVolume, targets: [MeasureTarget], threads: Int, cancellation: Cancellation
  ) throws(AisError) -> ComponentMeasures {
    let size = feature.workingVoxelSize
    let centres = feature.components.map(feature.centre)
    let nearest = PositionRuns.nearestNeighbours(centres, threads: threads)
    let surfaces = PositionRuns.map(feature.surfaces, threads: threads) { ($0.area, $0.enclosedVolume) }
    var toCentres: [[Double?]] = []
    var gaps: [[Double?]] = []
    for target in targets {
      try cancellation.check()
      toCentres.append(try target.distances(from: centres, threads: threads, cancellation))
      gaps.append(target.gaps(from: feature.surfaces, threads: threads))
    }
    var measures: [ComponentMeasure] = []
    for (index, component) in feature.components.enumerated() {
      let point = centres[index].point(feature.voxelSize)
      measures.append(
        ComponentMeasure(
          component: component,
          centroid: VoxelPoint(z: point.z - 0.5, y: point.y - 0.5, x: point.x - 0.5),
          volumeCubicNanometers: Double(component.voxelCount) * size.volumeCubicNanometers,
          areaSquareNanometers: (surfaces[index]?.0 ?? 0) / 100,
          enclosedCubicNanometers: (surfaces[index]?.1 ?? 0) / 1000,
          meanValue: component.sum / Double(component.voxelCount) * feature.valueScale,
          extentNanometers: Position(
            z: Double(component.box.z.count) * size.z.nanometer, y: Double(component.box.y.count) * size.y.nanometer,
            x: Double(component.box.x.count) * size.x.nanometer),
          nearestNanometers: nearest[index].map { $0 / 10 },
          distances: targets.indices.map {
            (toCentres[$0][index].map { $0 / 10 }, gaps[$0][index].map { $0 / 10 })
          }))
    }
    return ComponentMeasures(
      feature: feature, targetNames: targets.map(\.name), targetsAreSurfaces: targets.map(\.isSurface),
      components: measures)
  }

  /// One line a component; lengths in nanometres, places in voxels of the file counted from 0.
  func table() -> CSVTable {
    var table = CSVTable(
      [
        "component", "voxels", "volume_nm3", "area_nm2", "diameter_nm", "sphericity", "x", "y", "z", "extent_x_nm",
        "extent_y_nm", "extent_z_nm", "mean_value", "touches_border", "nearest_component_nm",
      ] + targetNames.flatMap { ["\($0)_from_centre_nm", "\($0)_gap_nm"] })
    for (index, measure) in components.enumerated() {
      table.append(
        [
          .count(index + 1), .count(measure.component.voxelCount), .number(measure.volumeCubicNanometers, digits: 3),
          .number(measure.areaSquareNanometers, digits: 3), .number(measure.diameterNanometers, digits: 3),
          .optional(measure.sphericity, digits: 4), .number(measure.centroid.x, digits: 3),
          .number(measure.centroid.y, digits: 3), .number(measure.centroid.z, digits: 3),
          .number(measure.extentNanometers.x, digits: 3), .number(measure.extentNanometers.y, digits: 3),
          .number(measure.extentNanometers.z, digits: 3), .number(measure.meanValue, digits: 3),
          .count(measure.component.isAtFace ? 1 : 0), .optional(measure.nearestNanometers, digits: 3),
        ]
          + measure.distances.flatMap {
            [CSVTable.Field.optional($0.centre, digits: 3), CSVTable.Field.optional($0.gap, digits: 3)]
          })
    }
    return table
  }

  /// Histograms of what was measured.
  func picture(title: String) -> Picture {
    var charts = [
      Histogram(components.map(\.volumeCubicNanometers)).chart(
        title: title, xTitle: "volume of a component (nm³)", yTitle: "components"),
      Histogram(components.map(\.areaSquareNanometers)).chart(
        title: "Surface", xTitle: "area of a component (nm²)", yTitle: "components", colour: Chart.colours[1]),
      Histogram(components.compactMap(\.sphericity)).chart(
        title: "Shape", xTitle: "sphericity (1: a sphere)", yTitle: "components", colour: Chart.colours[2]),
      Histogram(components.compactMap(\.nearestNanometers)).chart(
        title: "Neighbours", xTitle: "distance to the nearest component, centre to centre (nm)", yTitle: "components",
        colour: Chart.colours[3]),
    ]
    for (index, name) in targetNames.enumerated() {
      charts.append(
        Histogram(components.compactMap { $0.distances[index].gap }).chart(
          title: "Distance to \(name)", xTitle: "shortest way to \(name) (nm)", yTitle: "components",
          colour: Chart.colours[(4 + index) % Chart.colours.count]))
    }
    return Chart.sheet(charts)
  }

  func summary(tomogram: String, name: String) -> MeasureSummary {
    let volumes = components.map(\.volumeCubicNanometers)
    return MeasureSummary(
      tomogram: tomogram, feature: name, kind: .components, count: components.count,
      countAtBorder: components.count { $0.component.isAtFace },
      tomogramVolumeCubicNanometers: feature.wholeCubicNanometers,
      volumeCubicNanometers: volumes.reduce(0, +),
      areaSquareNanometers: components.reduce(0) { $0 + $1.areaSquareNanometers },
      medianVolumeCubicNanometers: MeasureSummary.median(volumes),
      medianNearestNanometers: MeasureSummary.median(components.compactMap(\.nearestNanometers)),
      medianDistancesNanometers: Dictionary(
        uniqueKeysWithValues: targetNames.enumerated().compactMap { index, name in
          MeasureSummary.median(components.compactMap { $0.distances[index].gap }).map { (name, $0) }
        }))
  }
}
