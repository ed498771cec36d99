import AisCore
import AisImaging

/// Picks as the reference program (Ais-cryoET 1.2.40) does, for those who go on with lists that it began.
///
/// Everything is in voxels of the volume given, which may be binned. What is peculiar to it is kept: peaks nearer to a face than
/// their minimum distance are not seen, and that distance is measured along the axes (a cube, not a ball).
package struct ReferencePicker: Sendable {
  /// Voxels above it count; in the values of the volume.
  package var threshold: Float
  /// Smaller pieces are removed.
  package var minimumVoxelCount: Double
  /// Voxels kept free at all faces.
  package var margin: Int
  package var threads = 1

  package init(threshold: Float, minimumVoxelCount: Double, margin: Int, threads: Int = 1) {
    self.threshold = threshold
    self.minimumVoxelCount = minimumVoxelCount
    self.margin = margin
    self.threads = threads
  }

  /// A peak of the distance to the background.
  package struct Peak: Sendable, Hashable {
    package var voxel: VoxelIndex
    /// In voxels.
    package var distance: Double
  }

  /// Local maxima of the distance to the background, the largest distance first.
  ///
  /// Needs 5 bytes a voxel of the volume.
  /// - Parameter minimumDistance: half the edge of the cube in which a peak is the greatest.
  package func peaks(
    in source: any SliceSource, minimumDistance: Int, cancellation: Cancellation = Cancellation(),
    progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [Peak] {
    let found = try components(in: source, cancellation) { progress($0 * 0.6) }
    // Outside, nothing is compared.
    var distance = Volume<Float>(shape: source.shape, repeating: .nan)
    for component in found.components {
      try cancellation.check()
      // A piece's own box is enough, see `ComponentSplitter`.
      let (mask, origin) = found.mask(of: component.index, margin: 1)
      let part = DistanceTransform.squared(of: mask, spacing: (z: 1, y: 1, x: 1), threads: threads)
      for run in found.runs(of: component.index) {
        let row = ((Int(run.z) - origin.z) * mask.shape.y + Int(run.y) - origin.y) * mask.shape.x - origin.x
        let target = (Int(run.z) * distance.shape.y + Int(run.y)) * distance.shape.x
        for x in Int(run.lower)..<Int(run.upper) { distance.voxels[target + x] = part.voxels[row + x] }
      }
    }
    progress(0.8)
    let peaks = try LocalMaxima.chebyshev(
      of: VolumeSource(distance), halfWidth: minimumDistance, threads: threads, cancellation: cancellation
    ) { progress(0.8 + $0 * 0.2) }
    return peaks.filter { isInside(VoxelPoint($0.voxel), source.shape) }
      .map { Peak(voxel: $0.voxel, distance: Double($0.value).squareRoot()) }
  }

  /// One component for each piece, the largest first: the particle is its centroid.
  package func centroids(
    in source: any SliceSource, cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [Component] {
    try components(in: source, cancellation, progress).components
      .filter { isInside($0.centroid, source.shape) }
      .enumerated().sorted { ($1.element.voxelCount, $0.offset) < ($0.element.voxelCount, $1.offset) }.map(\.element)
  }

  private func components(
    in source: any SliceSource, _ cancellation: Cancellation, _ progress: (Double) -> Void
  ) throws(AisError) -> ComponentRuns {
    try ComponentRuns.find(
      in: source, above: threshold, connectivity: .faces,
      minimumVoxelCount: Int(min(minimumVoxelCount.rounded(.up), 1e15)), threads: threads, cancellation: cancellation,
      progress: progress)
  }

  private func isInside(_ point: VoxelPoint, _ shape: Shape) -> Bool {
    func holds(_ p: Double, _ n: Int) -> Bool { p >= Double(margin) && p < Double(n - margin) }
    return holds(point.z, shape.z) && holds(point.y, shape.y) && holds(point.x, shape.x)
  }
}
