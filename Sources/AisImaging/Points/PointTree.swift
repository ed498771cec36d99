import AisCore

/// Finds the nearest of many points, and all points within a distance, without looking at each: a k-d tree (Bentley 1975).
///
/// Building takes O(n log n), a question O(log n) on points that do not all lie in one place. Points that are not finite are
/// never found. Distances are in the unit of the points.
package struct PointTree: Sendable {
  package struct Neighbour: Sendable, Hashable {
    /// Index into the points that the tree was made of.
    package var index: Int
    package var distance: Double
  }

  /// So few points are looked at one by one.
  private static let leafCount = 8

  /// The points in the order of the tree: a subtree is a range whose middle splits it.
  private var points: [SIMD3<Double>]
  /// Where each of them stood.
  private var indices: [Int]
  /// Of each range's middle, the axis that it splits.
  private var axes: [UInt8]

  package init(_ positions: [Position]) {
    indices = positions.indices.filter { positions[$0].isFinite }
    points = indices.map { positions[$0].vector }
    axes = [UInt8](repeating: 0, count: points.count)
    split(0, points.count)
  }

  /// The nearest point but the one at index `excluded`; of several equally near ones any, but always the same.
  package func nearest(to position: Position, excluding excluded: Int? = nil) -> Neighbour? {
    guard position.isFinite else { return nil }
    var best = (index: -1, squared: Double.infinity)
    findNearest(position.vector, excluded ?? -1, 0, points.count, &best)
    return best.index < 0 ? nil : Neighbour(index: best.index, distance: best.squared.squareRoot())
  }

  /// All points at most `distance` away, in the order of their indices.
  package func neighbours(of position: Position, within distance: Double) -> [Neighbour] {
    guard position.isFinite, distance >= 0 else { return [] }
    var found: [Neighbour] = []
    collect(position.vector, distance * distance, 0, points.count, &found)
    return found.sorted { $0.index < $1.index }
  }

  private func findNearest(
    _ query: SIMD3<Double>, _ excluded: Int, _ low: Int, _ high: Int, _ best: inout (index: Int, squared: Double)
  ) {
    func consider(_ i: Int) {
      let squared = squaredLength(points[i] - query)
      if squared < best.squared, indices[i] != excluded { best = (indices[i], squared) }
    }
    if high - low <= Self.leafCount {
      for i in low..<high { consider(i) }
      return
    }
    let middle = (low + high) / 2
    consider(middle)
    let offset = query[Int(axes[middle])] - points[middle][Int(axes[middle])]
    let (near, far) = offset < 0 ? ((low, middle), (middle + 1, high)) : ((middle + 1, high), (low, middle))
    findNearest(query, excluded, near.0, near.1, &best)
    if offset * offset < best.squared { findNearest(query, excluded, far.0, far.1, &best) }
  }

  private func collect(
    _ query: SIMD3<Double>, _ limit: Double, _ low: Int, _ high: Int, _ found: inout [Neighbour]
  ) {
    func consider(_ i: Int) {
      let squared = squaredLength(points[i] - query)
      if squared <= limit { found.append(Neighbour(index: indices[i], distance: squared.squareRoot())) }
    }
    if high - low <= Self.leafCount {
      for i in low..<high { consider(i) }
      return
    }
    let middle = (low + high) / 2
    consider(middle)
    let offset = query[Int(axes[middle])] - points[middle][Int(axes[middle])]
    if offset <= 0 || offset * offset <= limit { collect(query, limit, low, middle, &found) }
    if offset >= 0 || offset * offset <= limit { collect(query, limit, middle + 1, high, &found) }
  }

  /// Puts the range in tree order: its middle, by the axis along which it is widest, then both halves.
  private mutating func split(_ low: Int, _ high: Int) {
    guard high - low > Self.leafCount else { return }
    var (least, most) = (points[low], points[low])
    for i in low..<high {
      least = pointwiseMin(least, points[i])
      most = pointwiseMax(most, points[i])
    }
    let extent = most - least
    let axis = extent[0] >= extent[1] ? (extent[0] >= extent[2] ? 0 : 2) : (extent[1] >= extent[2] ? 1 : 2)
    let middle = (low + high) / 2
    select(middle, low, high, axis)
    axes[middle] = UInt8(axis)
    split(low, middle)
    split(middle + 1, high)
  }

  /// Quickselect (Hoare 1961). Both scans stop at equal keys, so that many equal points are split evenly too.
  private mutating func select(_ wanted: Int, _ low: Int, _ high: Int, _ axis: Int) {
    var (low, high) = (low, high - 1)
    while low < high {
      let pivot = medianOfThree(low, high, axis)
      var (i, j) = (low - 1, high + 1)
      while true {
        repeat { i += 1 } while points[i][axis] < pivot
        repeat { j -= 1 } while points[j][axis] > pivot
        if i >= j { break }
        points.swapAt(i, j)
        indices.swapAt(i, j)
      }
      if wanted <= j { high = j } else { low = j + 1 }
    }
  }

  private func medianOfThree(_ low: Int, _ high: Int, _ axis: Int) -> Double {
    let (a, b, c) = (points[low][axis], points[(low + high) / 2][axis], points[high][axis])
    return max(min(a, b), min(max(a, b), c))
  }
}

extension Position {
  /// z, y, x.
  fileprivate var vector: SIMD3<Double> { SIMD3(z, y, x) }
}

@inline(__always)
func squaredLength(_ v: SIMD3<Double>) -> Double { (v * v).sum() }
