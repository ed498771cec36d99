import AisCore
import AisImaging

/// How far particles lie from their nearest neighbours, of the same list or of another.
package struct NeighbourDistances: Sendable {
  package struct Row: Sendable {
    package var tomogram: String
    package var point: VoxelPoint
    /// In `unit`; `nil` when there is no other point.
    package var distance: Double?
    /// Counts into the points of that tomogram in the list compared with.
    package var neighbour: Int?
  }

  package var rows: [Row] = []
  /// `Å` when every voxel size is known, else `voxels`.
  package var unit: String

  /// - Parameter others: another list; `nil` measures within the list itself.
  package init(_ list: ParticleList, others: ParticleList?) {
    let isMetric = list.tomograms.allSatisfy { $0.voxelSize != nil }
    unit = isMetric ? "Å" : "voxels"
    let targets = others ?? list
    for (index, frame) in list.tomograms.enumerated() {
      let voxelSize = isMetric ? frame.voxelSize! : VoxelSize(.angstroms(1))
      func scaled(_ point: VoxelPoint) -> VoxelPoint {
        let position = point.position(voxelSize)
        return VoxelPoint(z: position.z, y: position.y, x: position.x)
      }
      let own = list.particles.filter { $0.tomogram == index }.map(\.point)
      let match =
        targets.tomograms.firstIndex { $0.name == frame.name }
        ?? (targets.tomograms.count == 1 && list.tomograms.count == 1 ? 0 : nil)
      let theirs =
        match.map { number in targets.particles.filter { $0.tomogram == number }.map { scaled($0.point) } } ?? []
      let grid = PointGrid(theirs, edge: 8 * voxelSize.x.angstrom)
      for (position, point) in own.enumerated() {
        let found = grid.nearest(to: scaled(point), except: others == nil ? position : nil)
        rows.append(Row(tomogram: frame.name, point: point, distance: found?.distance, neighbour: found?.number))
      }
    }
  }

  /// Sorted distances of all points that have a neighbour.
  package var sorted: [Double] { rows.compactMap(\.distance).sorted() }

  /// The distance below which the given part of the points lies.
  package func quantile(_ part: Double) -> Double? {
    let values = sorted
    guard !values.isEmpty else { return nil }
    return values[min(values.count - 1, Int(part * Double(values.count)))]
  }

  /// A table for other programs.
  package var csv: String {
    var text = "tomogram,x,y,z,distance_\(unit == "Å" ? "angstrom" : "voxels"),neighbour\n"
    for row in rows {
      let name =
        row.tomogram.contains { ",\"\n".contains($0) }
        ? "\"" + row.tomogram.replacing("\"", with: "\"\"") + "\"" : row.tomogram
      let point = [row.point.x, row.point.y, row.point.z].map { PointTransform.text($0) }.joined(separator: ",")
      text +=
        "\(name),\(point),\(row.distance.map { PointTransform.text($0) } ?? ""),\(row.neighbour.map { "\($0)" } ?? "")\n"
    }
    return text
  }
}
