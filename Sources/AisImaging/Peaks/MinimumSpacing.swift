import AisCore

/// Keeps the heaviest of points that lie too near to each other.
package enum MinimumSpacing {
  /// The indices of the points that stay, heaviest first: a point is dropped when one that stays, with at least its weight,
  /// lies nearer than `distance`. Of equal weights the first wins.
  package static func kept(
    _ points: [VoxelPoint], weights: [Double], distance: Double, metric: Metric = .euclidean
  ) -> [Int] {
    precondition(points.count == weights.count, "\(points.count) points need as many weights, got \(weights.count)")
    let order = points.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
    guard distance > 0 else { return order }
    var grid = PointGrid(edge: distance)
    return order.filter { index in
      if grid.hasPoint(nearerThan: distance, to: points[index], metric: metric) { return false }
      grid.insert(points[index])
      return true
    }
  }
}
