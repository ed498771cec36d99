import AisCore
import AisImaging
import Synchronization

/// Finds filaments: each connected piece of a mask is thinned to curves of one voxel's width, which are cleaned of side
/// branches, led through junctions, centred, smoothed by splines, and sampled at even distances.
package struct FilamentPicker: Sendable {
  package var settings: FilamentSettings
  package var threads: Int
  /// Bytes that may be used.
  package var memory: ByteCount

  package init(_ settings: FilamentSettings, threads: Int = 1, memory: ByteCount = .gibibytes(4)) {
    precondition(settings.spacing > 0, "the spacing of points is above zero, not \(settings.spacing)")
    self.settings = settings
    self.threads = max(1, threads)
    self.memory = memory
  }

  /// The filaments of all components, in the order of the components. The result does not depend on the number of threads.
  ///
  /// - Parameter progress: called on this thread with the fraction done, 0…1.
  /// - Throws: `out-of-memory` when a piece is too large; `cancelled`.
  package func filaments(
    in found: ComponentRuns, cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [Filament] {
    let components = found.components
    // Large pieces first, so that no thread is left alone with one at the end.
    var waiting = components.indices.sorted { (components[$1].voxelCount, $0) < (components[$0].voxelCount, $1) }[...]
    let all = Double(max(1, components.reduce(0) { $0 + $1.voxelCount }))
    var done = 0.0
    var results = [[Filament]](repeating: [], count: components.count)
    while let largest = waiting.first {
      try cancellation.check()
      let workers = try workers(for: components[largest])
      let round = Array(waiting.prefix(workers * 4))
      let parts = Mutex<[Int: Result<[Filament], AisError>]>([:])
      Slabs.forEachItem(count: round.count, threads: workers) { item in
        let part = Result { () throws(AisError) in try filaments(of: round[item], in: found, cancellation) }
        parts.withLock { $0[round[item]] = part }
      }
      for (index, part) in parts.withLock({ $0 }) { results[index] = try part.get() }
      waiting = waiting.dropFirst(round.count)
      done += Double(round.reduce(0) { $0 + components[$1].voxelCount })
      progress(done / all)
    }
    return results.flatMap { $0 }
  }

  /// How many pieces of this size fit in the memory at once.
  private func workers(for component: Component) throws(AisError) -> Int {
    let needed = Self.bytes(for: component)
    guard needed <= memory.bytes else {
      throw .tooLarge(component, for: "thinning it", needed: needed, allowed: memory)
    }
    return max(1, min(threads, memory.bytes / max(1, needed)))
  }

  /// Bytes that thinning a component takes: its mask twice, the skeleton, the outside, and its distances.
  static func bytes(for component: Component) -> Int { component.box.grown(by: 1).shape.count * 9 }

  private func filaments(
    of index: Int, in found: ComponentRuns, _ cancellation: Cancellation
  ) throws(AisError) -> [Filament] {
    var (mask, origin) = found.mask(of: index, margin: 1, goesBeyondFaces: true)
    _ = Cavities.fillPores(in: &mask)
    _ = Cavities.fill(in: &mask)
    let skeleton = try Thinning.skeleton(of: mask, cancellation: cancellation)
    let halfWidths = DistanceTransform.distance(
      of: mask, spacing: (settings.edges.z, settings.edges.y, settings.edges.x))
    let tracing = FilamentTracing(
      mask: mask, halfWidths: halfWidths, origin: origin, volume: found.shape, settings: settings)
    return tracing.filaments(along: skeleton, component: index)
  }
}

extension VoxelEdges {
  /// (z, y, x).
  var vector: SIMD3<Double> { SIMD3(z, y, x) }
}

extension Shape {
  /// (z, y, x).
  var vector: SIMD3<Double> { SIMD3(Double(z), Double(y), Double(x)) }
}
