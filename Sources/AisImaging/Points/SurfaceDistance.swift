import AisCore

/// Finds the place on a surface that is nearest to a point, exactly: the least distance to any of its triangles.
///
/// Triangles are found by a tree over their centres: none whose centre is farther than the best distance so far and the
/// longest way from a centre to a corner can be nearer.
package struct SurfaceDistance: Sendable {
  /// In ångström, x, y, z.
  private let mesh: SurfaceMesh
  private let tree: PointTree
  /// The longest way from the centre of a triangle to one of its corners.
  private let reach: Double

  package init(_ mesh: SurfaceMesh) {
    self.mesh = mesh
    var centres: [Position] = []
    centres.reserveCapacity(mesh.triangles.count)
    var reach = 0.0
    for index in mesh.triangles.indices {
      let (a, b, c) = Self.corners(mesh, index)
      let centre = (a + b + c) / 3
      centres.append(Position(z: centre.z, y: centre.y, x: centre.x))
      for corner in [a, b, c] { reach = max(reach, squaredLength(corner - centre)) }
    }
    self.reach = reach.squareRoot()
    tree = PointTree(centres)
  }

  package var isEmpty: Bool { mesh.isEmpty }

  /// The distance from a position to the surface; `nil` when there is no surface or the position is not finite.
  package func distance(from position: Position) -> Double? {
    guard let nearest = tree.nearest(to: position) else { return nil }
    let point = SIMD3(position.x, position.y, position.z)
    var best = squaredDistance(point, nearest.index)
    for neighbour in tree.neighbours(of: position, within: best.squareRoot() + reach) {
      best = min(best, squaredDistance(point, neighbour.index))
    }
    return best.squareRoot()
  }

  /// The shortest way between two surfaces, from a corner of one to any place of the other; `nil` when one is empty.
  package func gap(to other: SurfaceMesh) -> Double? {
    guard !isEmpty, !other.isEmpty else { return nil }
    var best = Double.infinity
    for vertex in other.vertices {
      let position = Position(z: Double(vertex.z), y: Double(vertex.y), x: Double(vertex.x))
      // A corner whose nearest centre is beyond the best way and the size of a triangle cannot be nearer.
      guard let nearest = tree.nearest(to: position), nearest.distance - reach < best else { continue }
      if let distance = distance(from: position) { best = min(best, distance) }
    }
    return best.isFinite ? best : nil
  }

  private static func corners(
    _ mesh: SurfaceMesh, _ index: Int
  ) -> (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>) {
    let (a, b, c) = mesh.corners(index)
    return (SIMD3<Double>(a), SIMD3<Double>(b), SIMD3<Double>(c))
  }

  private func squaredDistance(_ p: SIMD3<Double>, _ index: Int) -> Double {
    let (a, b, c) = Self.corners(mesh, index)
    let (u, v, w) = (b - a, c - a, p - a)
    // Barycentric coordinates of the foot of the perpendicular; a triangle without area has none and is its edges.
    let (uu, uv, vv) = ((u * u).sum(), (u * v).sum(), (v * v).sum())
    let (wu, wv) = ((w * u).sum(), (w * v).sum())
    let whole = uu * vv - uv * uv
    if whole > 1e-12 * uu * vv {
      let s = (vv * wu - uv * wv) / whole
      let t = (uu * wv - uv * wu) / whole
      if s >= 0, t >= 0, s + t <= 1 { return squaredLength(w - s * u - t * v) }
    }
    return min(Self.squaredDistance(p, a, b), Self.squaredDistance(p, b, c), Self.squaredDistance(p, c, a))
  }

  /// From a point to the line between two.
  private static func squaredDistance(_ p: SIMD3<Double>, _ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    let edge = b - a
    let length = squaredLength(edge)
    let part = length == 0 ? 0 : max(0, min(1, ((p - a) * edge).sum() / length))
    return squaredLength(p - a - part * edge)
  }
}
