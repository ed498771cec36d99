import AisCore

/// How the voxels of two grids of one volume lie on each other when one is coarser.
package enum GridAlignment: String, CaseIterable, Sendable {
  /// The centres of the first voxels coincide: p · b. So RELION and Warp reconstruct binned tomograms.
  case firstVoxels = "first-voxels"
  /// The outer edges coincide: (p + ½) · b − ½. So averaging blocks of voxels bins a tomogram.
  case edges

  /// A point of a grid with voxels of `spacing`, in voxels of `target`.
  package func convert(_ point: VoxelPoint, from spacing: VoxelSize, to target: VoxelSize) -> VoxelPoint {
    let half = self == .edges ? 0.5 : 0
    func moved(_ value: Double, _ a: Length, _ b: Length) -> Double { (value + half) * (a / b) - half }
    return VoxelPoint(
      z: moved(point.z, spacing.z, target.z), y: moved(point.y, spacing.y, target.y),
      x: moved(point.x, spacing.x, target.x))
  }

  /// For a sentence on frames.
  package var phrase: String {
    switch self {
    case .firstVoxels: "the centres of the first voxels of both grids lie on each other"
    case .edges: "the outer edges of both grids lie on each other"
    }
  }
}

/// Where a file that counts from the middle of the volume has its zero, in unbinned pixels from the centre of the first.
package enum CenterRule: String, CaseIterable, Sendable {
  /// N/2: RELION 5 itself.
  case half = "n/2"
  /// N/2 − 1: the pickers that come with RELION 5.
  case halfMinusOne = "n/2-1"

  package func center(of shape: Shape) -> VoxelPoint {
    let offset: Double = self == .half ? 0 : 1
    return VoxelPoint(
      z: Double(shape.z) / 2 - offset, y: Double(shape.y) / 2 - offset, x: Double(shape.x) / 2 - offset)
  }
}
