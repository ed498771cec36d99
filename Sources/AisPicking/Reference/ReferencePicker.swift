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
  package var threads: Int
  /// Bytes that may be used.
  package var memory: ByteCount

  package init(
    threshold: Float, minimumVoxelCount: Double, margin: Int, threads: Int = 1, memory: ByteCount = .gibibytes(4)
  ) {
    self.threshold = threshold
    self.minimumVoxelCount = minimumVoxelCount
    self.margin = margin
    self.threads = threads
    self.memory = memory
  }

  /// A peak of the distance to the background.
  package struct Peak: Sendable, Hashable {
    package var voxel: VoxelIndex
    /// In voxels.
    package var distance: Double
  }

  /// Local maxima of the distance to the background, the largest distance first.
  ///
  /// Memory: what is above the threshold, the box of the largest piece, and 2·`minimumDistance` + 1 slices.
  /// - Parameter minimumDistance: half the edge of the cube in which a peak is the greatest.
  /// - Throws: what reading throws; `out-of-memory` before the distances are taken; `cancelled`.
  package func peaks(
    in source: any SliceSource, minimumDistance: Int, cancellation: Cancellation = Cancellation(),
    progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [Peak] {
    let found = try components(in: source, cancellation) { progress($0 * 0.6) }
    let slices = min(source.shape.z, 2 * minimumDistance + 1) + 3 * threads
    let needed = ComponentDistances.byteCount(of: found) + slices * source.shape.sliceCount * 4
    guard needed <= memory.bytes else {
      throw AisError(
        .outOfMemory,
        "\(found.components.reduce(0) { $0 + $1.voxelCount }) voxels lie above the threshold, and the distances inside them need "
          + "\(ByteCount(needed)), \(memory) are left for it. Raise the threshold, bin the volume (--binning 2), or allow more "
          + "(--memory).")
    }
    let distances = try ComponentDistances(found, threads: threads, cancellation: cancellation)
    progress(0.8)
    let peaks = try LocalMaxima.chebyshev(
      of: distances, halfWidth: minimumDistance, threads: threads, cancellation: cancellation
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
      minimumVoxelCount: Int(min(minimumVoxelCount.rounded(.up), 1e15)), memory: memory, threads: threads,
      cancellation: cancellation, progress: progress)
  }

  private func isInside(_ point: VoxelPoint, _ shape: Shape) -> Bool {
    func holds(_ p: Double, _ n: Int) -> Bool { p >= Double(margin) && p < Double(n - margin) }
    return holds(point.z, shape.z) && holds(point.y, shape.y) && holds(point.x, shape.x)
  }
}
