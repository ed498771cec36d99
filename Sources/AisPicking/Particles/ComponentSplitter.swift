import AisCore
import AisImaging

/// Divides a connected piece into groups: a watershed of the distance to the background.
struct ComponentSplitter: Sendable {
  let found: ComponentRuns
  let settings: ParticlePicker.Settings

  /// Whether a piece cannot have two seeds, because no two of its voxels are far enough apart.
  func isOneGroup(_ component: Component) -> Bool {
    if component.voxelCount == 1 { return true }
    guard settings.seeds == .apart else { return false }
    let shape = component.box.shape
    let corner = VoxelPoint(z: Double(shape.z - 1), y: Double(shape.y - 1), x: Double(shape.x - 1))
    return settings.edges.squaredDistance(corner, VoxelPoint(z: 0, y: 0, x: 0)) < seedSpacing * seedSpacing
  }

  /// Memory that dividing a piece takes: mask, distances and the flood, which needs more than what comes after it.
  func bytes(for component: Component) -> Int {
    let box = found.box(of: component.index, margin: 1).shape
    guard let count = box.countIfRepresentable, let flood = Watershed.memory(for: box) else { return .max }
    return count * 5 + flood.bytes
  }

  private var seedSpacing: Double { settings.seeds == .apart ? settings.spacing / 2 : 0 }

  /// The groups of a piece, in the order of their seeds, the most inward one first; places are those of the whole volume.
  func groups(of index: Int, threads: Int) -> [Component] {
    // Faces connect: the background voxel nearest to a voxel touches the same piece, so that the box and one voxel
    // around it hold all that the distance depends on.
    let (mask, origin) = found.mask(of: index, margin: 1)
    let edges = settings.edges
    var distance = DistanceTransform.squared(of: mask, spacing: (z: edges.z, y: edges.y, x: edges.x), threads: threads)
    let maxima = LocalMaxima.points(of: distance, mask: mask)
    let kept = MinimumSpacing.kept(
      maxima.map { edges.scaled(VoxelPoint($0.voxel)) }, weights: maxima.map { Double($0.value) }, distance: seedSpacing
    )
    let seeds = kept.map { maxima[$0].voxel }
    if seeds.count < 2 { return [found.components[index]] }

    distance.voxels.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] = -$0[i] } }
    var basins = Watershed.basins(height: distance, seeds: seeds, mask: mask)
    distance.voxels.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] = -$0[i] } }
    var count = seeds.count
    if settings.seeds == .apart {
      count = Watershed.joinAcrossWideNecks(&basins, squaredDepth: distance, count: count, neck: settings.neck)
      if count == 1 { return [found.components[index]] }
    }
    return RegionStatistics.measure(
      labels: basins, count: count, values: found.values(of: index, margin: 1), origin: origin,
      within: found.shape)
  }
}
