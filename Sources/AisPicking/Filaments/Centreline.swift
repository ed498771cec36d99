import AisCore
import AisImaging

/// Moves the points of a skeleton, which lie on voxels, to the middle of the object around them.
struct Centreline {
  let mask: Volume<UInt8>
  /// The distance from each voxel to the object's surface, in the unit of the edges.
  let halfWidths: Volume<Float>
  /// The edges of a voxel, (z, y, x).
  let voxelEdges: SIMD3<Double>

  /// The path without ends that run out to the surface: a free end is cut back to where the object is at least 0.6 times
  /// as thick as along most of the path, and to the middle of the last ball that is as wide as the object there.
  ///
  /// So the axis of a tube with round caps ends where the caps begin, wherever in the cap thinning stopped.
  func trimmed(_ path: FilamentPath) -> FilamentPath {
    guard !path.isClosed, path.points.count > 2 else { return path }
    let widths = path.points.map(halfWidth(at:))
    let usual = widths.sorted()[widths.count / 2]
    var kept = path.points.indices
    if path.start == .free { while let first = kept.first, widths[first] < 0.6 * usual { kept.removeFirst() } }
    if path.end == .free { while let last = kept.last, widths[last] < 0.6 * usual { kept.removeLast() } }
    var path = path
    path.points = Array(path.points[kept])
    let (atStart, atEnd) = (path.start == .free, path.end == .free)
    if atStart { path.points = Array(withoutCap(path.points.reversed(), usual).reversed()) }
    if atEnd { path.points = withoutCap(path.points, usual) }
    return path
  }

  /// Cuts off the end of a path that lies in a round cap: there the inscribed ball is smaller by just the way into the cap.
  ///
  /// - Parameter usual: the half width along most of the path; the cap is judged by the points one to two of it further in.
  private func withoutCap(_ points: [SIMD3<Double>], _ usual: Double) -> [SIMD3<Double>] {
    guard let end = points.last else { return points }
    var way = 0.0
    var inner: [Double] = []
    for (point, next) in zip(points.reversed().dropFirst(), points.reversed()) {
      way += ((point - next) * voxelEdges).length
      if way > 2 * usual { break }
      if way >= usual { inner.append(halfWidth(at: point)) }
    }
    guard !inner.isEmpty else { return points }
    return shortened(points, by: inner.sorted()[inner.count / 2] - halfWidth(at: end))
  }

  /// The path without the last piece of some length, in the unit of the edges.
  private func shortened(_ points: [SIMD3<Double>], by length: Double) -> [SIMD3<Double>] {
    var points = points
    var left = length
    while left > 0, points.count > 2, let last = points.popLast() {
      let step = points[points.count - 1] - last
      let way = (step * voxelEdges).length
      if way > left { points.append(last + step * (left / way)) }
      left -= way
    }
    return points
  }

  /// Each point is replaced by the centroid of the object's voxels in a disc across the filament, about one voxel thick
  /// and a little wider than the object; along the filament, points do not move.
  func centred(_ path: FilamentPath) -> [SIMD3<Double>] {
    guard path.points.count > 2 else { return path.points }
    return path.points.indices.map { index in
      let tangent = tangent(path, at: index)
      return tangent == .zero ? path.points[index] : centred(path.points[index], tangent)
    }
  }

  /// The direction from some points before to some after, of length 1.
  private func tangent(_ path: FilamentPath, at index: Int) -> SIMD3<Double> {
    let points = path.points
    let step = 4
    let (before, after): (Int, Int)
    if path.isClosed {
      let count = points.count
      (before, after) = ((index + count - min(step, count / 4)) % count, (index + min(step, count / 4)) % count)
    } else {
      (before, after) = (max(0, index - step), min(points.count - 1, index + step))
    }
    return ((points[after] - points[before]) * voxelEdges).normalized
  }

  private func centred(_ point: SIMD3<Double>, _ tangent: SIMD3<Double>) -> SIMD3<Double> {
    let shape = mask.shape
    let halfThickness = voxelEdges.max()
    let radius = halfWidth(at: point) + 1.5 * voxelEdges.max()
    let reach = (SIMD3(repeating: radius + halfThickness) / voxelEdges).rounded(.up)
    let nearest = point.rounded(.toNearestOrEven)
    let low = pointwiseMax(nearest - reach, .zero)
    let high = pointwiseMin(nearest + reach, SIMD3(Double(shape.z - 1), Double(shape.y - 1), Double(shape.x - 1)))
    guard low[0] <= high[0], low[1] <= high[1], low[2] <= high[2] else { return point }
    var sum = SIMD3<Double>.zero
    var weight = 0.0
    for z in Int(low[0])...Int(high[0]) {
      for y in Int(low[1])...Int(high[1]) {
        for x in Int(low[2])...Int(high[2]) where mask[z: z, y: y, x: x] != 0 {
          let offset = (SIMD3(Double(z), Double(y), Double(x)) - point) * voxelEdges
          let along = (offset * tangent).sum()
          let across = offset - tangent * along
          // The disc's faces fade, so that a voxel that is half in it counts half.
          let share = 1 - abs(along) / halfThickness
          guard share > 0, across.squaredLength <= radius * radius else { continue }
          sum += across * share
          weight += share
        }
      }
    }
    return weight > 0 ? point + sum / weight / voxelEdges : point
  }

  /// How far points stray from a smooth course: the root mean square distance from parabolas through their neighbours
  /// within two half widths (at least six points) to either side. Such short bends of a thick object are noise.
  func roughness(of points: [SIMD3<Double>], isClosed: Bool) -> Double {
    let count = points.count
    guard count > 4 else { return 0 }
    let middle = points[count / 2]
    let reach = max(6, Int((2 * halfWidth(at: middle) / voxelEdges.min()).rounded()))
    var sum = 0.0
    for index in 0..<count {
      let (low, high) =
        isClosed
        ? (index - min(reach, count / 2), index + min(reach, count / 2))
        : (max(0, index - reach), min(count - 1, index + reach))
      var system = BandedLeastSquares(unknowns: 3, width: 3)
      for other in low...high {
        let t = Double(other - index) / Double(reach)
        system.add([1, t, t * t], from: 0, equals: points[(other + count) % count] * voxelEdges)
      }
      sum += (system.solution()[0] - points[index] * voxelEdges).squaredLength
    }
    return (sum / Double(count)).squareRoot()
  }

  private func halfWidth(at point: SIMD3<Double>) -> Double {
    let shape = mask.shape
    let z = min(max(Int(point[0].rounded()), 0), shape.z - 1)
    let y = min(max(Int(point[1].rounded()), 0), shape.y - 1)
    let x = min(max(Int(point[2].rounded()), 0), shape.x - 1)
    return Double(halfWidths[z: z, y: y, x: x])
  }
}
