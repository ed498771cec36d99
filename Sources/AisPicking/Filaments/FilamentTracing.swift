import AisCore
import AisImaging

/// From the skeleton of one piece to its filaments. Points are in voxels of the piece's box until the end.
struct FilamentTracing {
  let mask: Volume<UInt8>
  /// The distance from each voxel to the piece's surface, in the unit of the edges.
  let halfWidths: Volume<Float>
  /// Where the box lies in the volume; may be outside by a voxel.
  let origin: VoxelIndex
  /// The volume that was searched.
  let volume: Shape
  let settings: FilamentSettings

  private var edges: SIMD3<Double> { settings.edges.vector }
  private var smallestEdge: Double { edges.min() }

  func filaments(along skeleton: Volume<UInt8>, component: Int) -> [Filament] {
    var graph = SkeletonGraph(skeleton, voxelEdges: edges) { Double(halfWidths.voxels[$0]) }
    graph.prune { settings.pruning ?? 1.5 * $0 + 2 * smallestEdge }
    if settings.junctions == .through {
      graph.removeBridges(greatestBend: settings.greatestBend, tolerance: 2 * smallestEdge)
    }
    graph.contract { 5 * $0 }
    let centreline = Centreline(mask: mask, halfWidths: halfWidths, voxelEdges: edges)
    return graph.paths(settings).compactMap { path in
      var path = centreline.trimmed(path)
      path.points = centreline.centred(path)
      let smoothing = settings.smoothing ?? centreline.roughness(of: path.points, isClosed: path.isClosed)
      extendToBorder(&path)
      return filament(path, smoothing: smoothing, component)
    }
  }

  private func filament(_ path: FilamentPath, smoothing: Double, _ component: Int) -> Filament? {
    var path = path
    if isReversed(path) {
      path.points.reverse()
      swap(&path.start, &path.end)
    }
    let positions = path.points.map { ($0 + origin.vector) * edges }
    guard let curve = FilamentCurve(positions, isClosed: path.isClosed, smoothing: smoothing) else { return nil }
    // Lengths that differ by rounding are equal: a filament of just the minimum length stays.
    guard curve.length >= settings.minimumLength * (1 - 1e-9) else { return nil }
    let ways = curve.ways(every: settings.spacing)
    var points = curve.points(at: ways, twist: settings.twist, edges: edges)
    // Smoothing may lead a curve that ends at a face a little beyond it.
    for index in points.indices { points[index].point = clamped(points[index].point) }
    return Filament(
      points: points, length: curve.length, start: path.start,
      end: path.end, isClosed: curve.isClosed, component: component)
  }

  /// A filament starts at the end of smaller z; of equals, of smaller y, then x.
  private func isReversed(_ path: FilamentPath) -> Bool {
    guard !path.isClosed, let first = path.points.first, let last = path.points.last else { return false }
    return (last[0], last[1], last[2]) < (first[0], first[1], first[2])
  }

  // MARK: Ends at the faces of the volume

  /// Thinning stops about the half width before a flat end. Where the object goes on to a face of the volume, so does
  /// the filament, straight on.
  private func extendToBorder(_ path: inout FilamentPath) {
    guard !path.isClosed, path.points.count > 1 else { return }
    if path.end == .free, let exit = exit(from: path.points) {
      path.points.append(exit)
      path.end = .border
    }
    if path.start == .free, let exit = exit(from: path.points.reversed()) {
      path.points.insert(exit, at: 0)
      path.start = .border
    }
  }

  /// The point of a face that the last points head for, if the object reaches that far.
  private func exit(from points: [SIMD3<Double>]) -> SIMD3<Double>? {
    guard let last = points.last else { return nil }
    let reach = 1.5 * halfWidth(at: last) + 2 * edges.max()
    let back = points.last { ((last - $0) * edges).length >= 2 * reach } ?? points[0]
    let direction = ((last - back) * edges).normalized
    guard direction != .zero else { return nil }
    let step = 0.5 * smallestEdge
    var way = 0.0
    var point = last
    while way <= reach {
      guard isInVolume(point) else {
        // The centre of the outermost voxel is the last place that a coordinate can name.
        return clamped(point)
      }
      guard isObject(point) else { return nil }
      way += step
      point = last + direction * way / edges
    }
    return nil
  }

  private func isInVolume(_ point: SIMD3<Double>) -> Bool {
    let place = point + origin.vector
    return (0..<3).allSatisfy { place[$0] > 0 && place[$0] < volume.vector[$0] - 1 }
  }

  /// A point of the volume, kept among the centres of its voxels.
  private func clamped(_ point: VoxelPoint) -> VoxelPoint {
    VoxelPoint(
      z: min(max(point.z, 0), Double(volume.z - 1)), y: min(max(point.y, 0), Double(volume.y - 1)),
      x: min(max(point.x, 0), Double(volume.x - 1)))
  }

  private func clamped(_ point: SIMD3<Double>) -> SIMD3<Double> {
    pointwiseMin(pointwiseMax(point + origin.vector, .zero), volume.vector - 1) - origin.vector
  }

  private func isObject(_ point: SIMD3<Double>) -> Bool {
    voxel(at: point).map { mask[z: $0.z, y: $0.y, x: $0.x] != 0 } ?? false
  }

  private func halfWidth(at point: SIMD3<Double>) -> Double {
    voxel(at: point).map { Double(halfWidths[z: $0.z, y: $0.y, x: $0.x]) } ?? 0
  }

  private func voxel(at point: SIMD3<Double>) -> VoxelIndex? {
    let nearest = point.rounded(.toNearestOrEven)
    let shape = mask.shape.vector
    guard (0..<3).allSatisfy({ nearest[$0] >= 0 && nearest[$0] < shape[$0] }) else { return nil }
    return VoxelIndex(z: Int(nearest[0]), y: Int(nearest[1]), x: Int(nearest[2]))
  }
}

extension VoxelIndex {
  /// (z, y, x).
  var vector: SIMD3<Double> { SIMD3(Double(z), Double(y), Double(x)) }
}
