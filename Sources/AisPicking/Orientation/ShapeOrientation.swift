import AisCore
import AisImaging

/// How a particle lies, told from the shape of its group of voxels.
package struct ShapeOrientation: Sendable, Hashable {
  /// Which axis of the group becomes the particle's z axis.
  package enum Axis: String, Sendable, CaseIterable {
    /// The shortest: for discs and patches of membrane.
    case normal
    /// The longest: for rods.
    case longAxis = "long-axis"
  }

  /// Which of the axis' two directions is taken.
  package enum Sign: String, Sendable, CaseIterable {
    /// Towards greater z.
    case z
    /// Towards the centre of the volume.
    case center
    /// Away from the centre of the volume.
    case out
  }

  package var axis: Axis
  package var sign: Sign

  package init(axis: Axis, sign: Sign = .z) {
    self.axis = axis
    self.sign = sign
  }

  /// A shape has the axis only if its variance differs enough from the next one's: their ratio is at most this.
  package static let greatestRatio = 0.7

  /// The direction of the axis, or `nil` for shapes that have none that stands out.
  ///
  /// - Parameters:
  ///   - edges: of a voxel.
  ///   - volumeCentre: in voxels, as the pick's centre.
  package func direction(of pick: Component, edges: VoxelEdges, volumeCentre: VoxelPoint) -> (
    z: Double, y: Double, x: Double
  )? {
    let principal = PrincipalAxes(edges.covariance(pick.covariance))
    let (low, middle, high) = (principal.variances[0], principal.variances[1], principal.variances[2])
    let isDistinct =
      switch axis {
      case .normal: middle > 0 && low / middle <= Self.greatestRatio
      case .longAxis: high > 0 && middle / high <= Self.greatestRatio
      }
    guard isDistinct else { return nil }
    let found = principal.axes[axis == .normal ? 0 : 2]
    let toCentre = volumeCentre - pick.centroid
    let inward = found.z * toCentre.z * edges.z + found.y * toCentre.y * edges.y + found.x * toCentre.x * edges.x
    let isReversed =
      switch sign {
      case .z: found.z < 0
      case .center: inward < 0
      case .out: inward > 0
      }
    return isReversed ? (-found.z, -found.y, -found.x) : found
  }

  /// The angles of the particle, or `nil` for shapes without such an axis. Turns about the axis are not told from the
  /// shape: rot is 0.
  package func angles(of pick: Component, edges: VoxelEdges, volumeCentre: VoxelPoint) -> EulerAngles? {
    direction(of: pick, edges: edges, volumeCentre: volumeCentre).map { EulerAngles(zAxis: $0) }
  }
}
