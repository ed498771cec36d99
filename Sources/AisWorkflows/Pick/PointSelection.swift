import AisCore
import AisFormats
import AisImaging
import AisPicking

/// Which points of a tomogram are wanted: by their place alone, so that no point is moved.
struct PointSelection {
  let shape: Shape
  private let margin: (z: Double, y: Double, x: Double)
  private let region: VoxelBox?
  private let mask: Tomogram?

  /// - Parameters:
  ///   - margin: in voxels along x.
  ///   - mask: a volume of the same shape.
  init(
    shape: Shape, edges: VoxelEdges, margin: Double, region: VoxelBox?, mask: String?, options: TomogramOptions
  ) throws(AisError) {
    self.shape = shape
    self.margin = (margin / edges.z, margin / edges.y, margin / edges.x)
    self.region = region
    var found: Tomogram?
    if let mask {
      let volume = try Tomogram.open(mask, options: options)
      guard volume.shape == shape else {
        throw AisError(
          .shapeMismatch,
          "the mask '\(mask)' has \(volume.shape) voxels, the segmentation \(shape). Give a mask of the same tomogram at the "
            + "same binning")
      }
      found = volume
    }
    self.mask = found
  }

  /// Whether a point is at least the margin away from the outermost voxel centres.
  func isBeyondMargin(_ point: VoxelPoint) -> Bool {
    func holds(_ p: Double, _ margin: Double, _ n: Int) -> Bool { p >= margin && p <= Double(n - 1) - margin }
    return holds(point.z, margin.z, shape.z) && holds(point.y, margin.y, shape.y) && holds(point.x, margin.x, shape.x)
  }

  /// Whether the voxel of each point is in the region and above 0 in the mask.
  func isInside(_ points: [VoxelPoint], cancellation: Cancellation) throws(AisError) -> [Bool] {
    let voxels = points.map { point in
      VoxelIndex(
        z: Self.nearest(point.z, shape.z), y: Self.nearest(point.y, shape.y), x: Self.nearest(point.x, shape.x))
    }
    var result = voxels.map { region?.contains($0) ?? true }
    guard let mask else { return result }
    for (z, indices) in Dictionary(grouping: voxels.indices, by: { voxels[$0].z }).sorted(by: { $0.key < $1.key }) {
      try cancellation.check()
      let slice = try mask.slice(z)
      for index in indices where !(slice[voxels[index].y * shape.x + voxels[index].x] > 0) { result[index] = false }
    }
    return result
  }

  private static func nearest(_ p: Double, _ count: Int) -> Int { max(0, min(count - 1, Int(p.rounded()))) }
}
