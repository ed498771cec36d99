import AisImaging

/// Pieces that are bodies rather than sheets: the middle that points were set on lies deep inside of them.
package struct SolidPieces: Sendable, Hashable {
  /// The indices of the components, ascending.
  package private(set) var components: [Int] = []
  /// The thickness of the thickest one, in the unit of the edges.
  package private(set) var greatestThickness = 0.0

  /// Looks for bodies among the components that have points.
  ///
  /// A sheet is wide and thin: its volume is its area times its thickness, and that many times the cube of its thickness. A
  /// ball has half of that cube, a disc four times as wide as thick twelve and a half.
  ///
  /// - Parameter edges: of a voxel of the volume that the components were found in.
  package init(among points: [SurfacePoint], in found: ComponentRuns, edges: VoxelEdges) {
    var widths: [Int: [Double]] = [:]
    for point in points { widths[point.component, default: []].append(point.halfWidth) }
    for (component, halfWidths) in widths.sorted(by: { $0.key < $1.key }) {
      let thickness = 2 * halfWidths.sorted()[halfWidths.count / 2]
      let volume = Double(found.components[component].voxelCount) * edges.volume
      guard volume < Self.leastOfSheets * thickness * thickness * thickness else { continue }
      components.append(component)
      greatestThickness = max(greatestThickness, thickness)
    }
  }

  /// Of the volume in cubes of the thickness.
  private static let leastOfSheets = 12.0
}
