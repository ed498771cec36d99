import AisCore
import AisImaging
import Synchronization

/// Finds particles in a prediction by the procedure of Last et al. (eLife 2024, 10.7554/eLife.98552).
///
/// Threshold; connected pieces; distance to the background; watershed from the maxima of the distance; groups that meet in a
/// wide neck are one (ours: hollow and rough particles stay whole); groups below the minimum volume are dropped; each group weighs the sum of its predictions; of two groups nearer than the minimum spacing the
/// lighter one goes; the centroids of the rest are the particles.
package struct ParticlePicker: Sendable {
  /// Which maxima of the distance start a group.
  package enum Seeds: String, Sendable, CaseIterable {
    /// The highest, and then each that is at least half the minimum spacing away from all those taken before.
    case apart
    /// Every maximum, as the paper has it: on rough surfaces many in one particle.
    case all
  }

  package struct Settings: Sendable, Hashable {
    /// Voxels above it belong to particles; in the values of the volume.
    package var threshold: Float
    /// In the unit of `edges`.
    package var spacing: Double
    package var minimumVoxelCount: Int
    package var edges = VoxelEdges.one
    package var seeds = Seeds.apart
    /// Groups that meet in a neck at least so wide, as a part of the narrower one's width, are one; not for `Seeds.all`.
    package var neck = ParticlePicker.defaultNeck

    package init(threshold: Float, spacing: Double, minimumVoxelCount: Int) {
      self.threshold = threshold
      self.spacing = spacing
      self.minimumVoxelCount = minimumVoxelCount
    }
  }

  /// Two balls meet in a neck of 0.6 of their width when their centres are 0.8 of it apart: nearer than two particles can be.
  package static let defaultNeck = 0.6

  /// The groups that are left, the heaviest first: `sum` is the weight, `centroid` the particle.
  package struct Result: Sendable {
    package var groups: [Component] = []
    package var tally = PickTally()
  }

  package var settings: Settings
  package var threads: Int
  /// Bytes that may be used.
  package var memory: ByteCount

  package init(_ settings: Settings, threads: Int = 1, memory: ByteCount = .gibibytes(4)) {
    self.settings = settings
    self.threads = threads
    self.memory = memory
  }

  /// Searches a volume. The result does not depend on the number of threads.
  ///
  /// Time is linear in voxels, but for the watershed of pieces that are divided (n log n in their voxels). Memory: a slice a
  /// thread, the runs and values above the threshold, and the boxes of the pieces that are being divided.
  ///
  /// - Parameter progress: called on this thread with the fraction done, 0…1.
  /// - Throws: what reading throws; `out-of-memory` when a piece is too large to be divided; `cancelled`.
  package func pick(
    in source: any SliceSource, cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> Result {
    let found = try ComponentRuns.find(
      in: source, above: settings.threshold, connectivity: .faces,
      minimumVoxelCount: max(1, settings.minimumVoxelCount),
      keepsValues: true, memory: memory, threads: threads, cancellation: cancellation
    ) { progress($0 * 0.7) }
    let divided = try divided(found, cancellation: cancellation) { progress(0.7 + $0 * 0.3) }
    return chosen(from: divided)
  }

  /// Pieces and the groups that they were divided into: all that does not depend on the minimum volume.
  package struct Divided: Sendable {
    /// Voxels of each piece.
    package fileprivate(set) var voxelCounts: [Int]
    /// Of each piece, in the order of the pieces.
    fileprivate(set) var groups: [[Component]]
  }

  /// Divides pieces into groups. Of the settings, spacing, edges, seeds and neck count.
  ///
  /// - Parameter found: with their values.
  package func divided(
    _ found: ComponentRuns, cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> Divided {
    Divided(voxelCounts: found.components.map(\.voxelCount), groups: try groups(of: found, cancellation, progress))
  }

  /// The particles among groups: those that are large enough, and no two nearer than the spacing.
  package func chosen(from divided: Divided) -> Result {
    var result = Result()
    let pieces = divided.voxelCounts.indices.filter { divided.voxelCounts[$0] >= max(1, settings.minimumVoxelCount) }
    result.tally.components = pieces.count
    let groups = pieces.flatMap { divided.groups[$0] }
    result.tally.groups = groups.count
    let large = groups.filter { $0.voxelCount >= settings.minimumVoxelCount }
    result.tally.small = groups.count - large.count
    let kept = MinimumSpacing.kept(
      large.map { settings.edges.scaled($0.centroid) }, weights: large.map(\.sum), distance: settings.spacing)
    result.tally.crowded = large.count - kept.count
    result.groups = kept.map { large[$0] }
    result.tally.picked = kept.count
    return result
  }

  /// Every piece's groups, in the order of the pieces: small pieces side by side, large ones one after the other.
  private func groups(
    of found: ComponentRuns, _ cancellation: Cancellation, _ progress: (Double) -> Void
  ) throws(AisError) -> [[Component]] {
    let splitter = ComponentSplitter(found: found, settings: settings)
    let most = min(Self.smallBytes, memory.bytes / max(1, 2 * threads))
    var groups = [[Component]](repeating: [], count: found.components.count)
    var small: [Int] = []
    var large: [Int] = []
    for component in found.components {
      if splitter.isOneGroup(component) {
        groups[component.index] = [component]
      } else if splitter.bytes(for: component) <= most {
        small.append(component.index)
      } else {
        large.append(component.index)
      }
    }
    let round = max(1, threads) * 64
    for start in stride(from: 0, to: small.count, by: round) {
      try cancellation.check()
      let some = small[start..<min(start + round, small.count)]
      let parts = Mutex<[Int: [Component]]>([:])
      Slabs.forEachItem(count: some.count, threads: threads) { item in
        let index = some[start + item]
        let part = splitter.groups(of: index, threads: 1)
        parts.withLock { $0[index] = part }
      }
      for (index, part) in parts.withLock({ $0 }) { groups[index] = part }
      progress(Double(start + some.count) / Double(small.count + large.count))
    }
    for (done, index) in large.enumerated() {
      try cancellation.check()
      let component = found.components[index]
      let needed = splitter.bytes(for: component)
      if needed > memory.bytes {
        throw .tooLarge(component, for: "dividing it", needed: needed, allowed: memory)
      }
      groups[index] = splitter.groups(of: index, threads: threads)
      progress(Double(small.count + done + 1) / Double(small.count + large.count))
    }
    return groups
  }

  /// Pieces that need less are divided side by side, one a thread.
  private static let smallBytes = 48 << 20
}
