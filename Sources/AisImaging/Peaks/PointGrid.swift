import AisCore

/// Points sorted into cubes, so that the neighbours of a place are found without looking at all points.
///
/// Distances are in the unit of the points, which may be scaled voxels or ångström.
package struct PointGrid: Sendable {
  private struct Cell: Hashable {
    var z: Int
    var y: Int
    var x: Int
  }

  /// The edge of a cube.
  private let edge: Double
  private var cells: [Cell: [Int]] = [:]
  package private(set) var points: [VoxelPoint] = []

  /// An empty grid. `edge` should be about the radius of the searches to come.
  package init(edge: Double) {
    precondition(edge > 0 && edge.isFinite, "a cube has an edge longer than 0, not \(edge)")
    self.edge = edge
  }

  /// A grid of these points, numbered from 0.
  package init(_ points: [VoxelPoint], edge: Double) {
    self.init(edge: edge)
    for point in points { insert(point) }
  }

  /// Adds a point; its number is that of the points before it. No coordinate may be NaN.
  package mutating func insert(_ point: VoxelPoint) {
    cells[cell(point), default: []].append(points.count)
    points.append(point)
  }

  /// Calls `body` with every point within `radius` of a place on each axis, and some more, until it returns true.
  ///
  /// Says whether `body` was given every point of the grid: a search that is wider than the grid takes them one by one.
  @discardableResult
  private func search(around place: VoxelPoint, radius: Double, _ body: (Int) -> Bool) -> Bool {
    let low = cell(VoxelPoint(z: place.z - radius, y: place.y - radius, x: place.x - radius))
    let high = cell(VoxelPoint(z: place.z + radius, y: place.y + radius, x: place.x + radius))
    let cubes = Double(high.z - low.z + 1) * Double(high.y - low.y + 1) * Double(high.x - low.x + 1)
    if cubes > Double(cells.count) {
      for number in points.indices where body(number) { return false }
      return true
    }
    for z in low.z...high.z {
      for y in low.y...high.y {
        for x in low.x...high.x {
          for number in cells[Cell(z: z, y: y, x: x)] ?? [] where body(number) { return false }
        }
      }
    }
    return false
  }

  /// Whether a point lies nearer than `distance`.
  package func hasPoint(nearerThan distance: Double, to place: VoxelPoint, metric: Metric = .euclidean) -> Bool {
    var found = false
    search(around: place, radius: distance) { number in
      found = metric.distance(points[number], place) < distance
      return found
    }
    return found
  }

  /// The numbers of the points at most `radius` away (Euclidean), in ascending order.
  package func numbers(within radius: Double, of place: VoxelPoint) -> [Int] {
    var found: [Int] = []
    search(around: place, radius: radius) { number in
      if Metric.euclidean.distance(points[number], place) <= radius { found.append(number) }
      return false
    }
    return found.sorted()
  }

  /// The nearest point (Euclidean), other than the one excluded; of equals the first. `nil` when there is none.
  package func nearest(to place: VoxelPoint, except excluded: Int? = nil) -> (number: Int, distance: Double)? {
    guard points.count > (excluded == nil ? 0 : 1) else { return nil }
    var radius = edge
    while true {
      var best: (number: Int, distance: Double)?
      let sawAll = search(around: place, radius: radius) { number in
        let distance = Metric.euclidean.distance(points[number], place)
        if number != excluded, best.map({ (distance, number) < ($0.distance, $0.number) }) ?? true {
          best = (number, distance)
        }
        return false
      }
      // What lies beyond the radius may have been seen by chance, and something nearer missed.
      if let best, sawAll || best.distance <= radius { return best }
      radius *= 2
    }
  }

  private func cell(_ point: VoxelPoint) -> Cell {
    // Places that no tomogram has share the outermost cubes; distances are still their own.
    func index(_ value: Double) -> Int { Int(max(-1e15, min(1e15, (value / edge).rounded(.down)))) }
    return Cell(z: index(point.z), y: index(point.y), x: index(point.x))
  }
}

/// How a distance is measured.
package enum Metric: Sendable {
  case euclidean
  /// The largest difference on an axis.
  case chebyshev

  package func distance(_ a: VoxelPoint, _ b: VoxelPoint) -> Double {
    let (dz, dy, dx) = (a.z - b.z, a.y - b.y, a.x - b.x)
    switch self {
    case .euclidean: return (dz * dz + dy * dy + dx * dx).squareRoot()
    case .chebyshev: return max(abs(dz), abs(dy), abs(dx))
    }
  }
}
