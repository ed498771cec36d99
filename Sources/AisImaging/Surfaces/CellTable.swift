/// Which triangles cut a cell of eight voxels, for each of the 256 ways in which they can lie inside or outside.
///
/// The idea is that of Lorensen & Cline 1987; the table is not theirs but derived here from one rule that the two cells on
/// either side of a face apply alike, so that no hole can open between them (the demand of Lewiner et al. 2003): **on a
/// face whose inside corners lie across from each other, each is cut off alone.** Parts that only touch at an edge or a
/// corner stay apart, as they do among components of faces. Around the cell the cuts of the faces join to closed polygons
/// of three to seven corners, each of which is triangulated. No diagonal of a polygon lies in a face of the cell: there it
/// could meet a diagonal of the neighbour, and the edge would have four triangles. So every edge of the whole surface has
/// two triangles, and the surface is a manifold.
///
/// ```text
///        6───────7        corner: bit 0 is x, bit 1 is y, bit 2 is z
///       /│      /│        edge 0…3 along x, at y = edge & 1, z = edge >> 1
///      4───────5 │             4…7 along y, at x = edge & 1, z = edge >> 1 & 1
///      │ 2─────│─3             8…11 along z, at x = edge & 1, y = edge >> 1 & 1
///      │/      │/
///      0───────1
/// ```
struct CellTable: Sendable {
  /// The triangles of configuration c (bit n set: corner n is inside) are `edges[starts[c]..<starts[c + 1]]`.
  let starts: [UInt16]
  /// Three edges of the cell for each triangle, anticlockwise when seen from outside the surface.
  let edges: [UInt8]

  static let standard = CellTable()

  init() {
    var starts: [UInt16] = [0]
    var edges: [UInt8] = []
    for configuration in 0..<256 {
      for polygon in Self.polygons(configuration) { edges += Self.triangulated(polygon).map { UInt8($0) } }
      starts.append(UInt16(edges.count))
    }
    self.starts = starts
    self.edges = edges
  }

  /// The edge between two corners that differ in one bit.
  private static func edge(_ a: Int, _ b: Int) -> Int {
    let low = min(a, b)
    switch a ^ b {
    case 1: return low >> 1
    case 2: return 4 + (low & 1) + (low >> 2) * 2
    default: return 8 + low
    }
  }

  /// The corners of each face, anticlockwise when seen from outside the cell.
  private static let faces: [[Int]] = (0..<3).flatMap { axis in
    // u, v and the axis are right-handed, so that u → v turns anticlockwise around the axis.
    let (u, v) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3))
    let around = [0, u, u | v, v]
    return [around.reversed().map { $0 }, around.map { $0 | 1 << axis }]
  }

  /// For each edge a mask of the two faces that it borders.
  private static let facesOfEdge: [Int] = {
    var result = [Int](repeating: 0, count: 12)
    for (face, corners) in faces.enumerated() {
      for k in 0..<4 { result[edge(corners[k], corners[(k + 1) % 4])] |= 1 << face }
    }
    return result
  }()

  /// The closed polygons around the inside corners, each a cycle of edges.
  ///
  /// Walking around a face, every stretch of inside corners is entered over one edge and left over another; the cut joins
  /// the two. An edge over which one face is left is the one over which its neighbour is entered, so that following the
  /// cuts leads around a polygon.
  private static func polygons(_ configuration: Int) -> [[Int]] {
    func isInside(_ corner: Int) -> Bool { configuration >> corner & 1 == 1 }
    var next = [Int?](repeating: nil, count: 12)
    for corners in faces {
      for k in 0..<4 where !isInside(corners[k]) && isInside(corners[(k + 1) % 4]) {
        var last = k + 1
        while isInside(corners[(last + 1) % 4]) { last += 1 }
        next[edge(corners[k], corners[(k + 1) % 4])] = edge(corners[last % 4], corners[(last + 1) % 4])
      }
    }
    var polygons: [[Int]] = []
    for start in 0..<12 where next[start] != nil {
      var polygon: [Int] = []
      var current = start
      while let following = next[current] {
        polygon.append(current)
        next[current] = nil
        current = following
      }
      polygons.append(polygon)
    }
    return polygons
  }

  /// The triangulation with the shortest diagonals (sum of squares, of edges cut in their middle), none of them in a face.
  private static func triangulated(_ polygon: [Int]) -> [Int] {
    func mayJoin(_ i: Int, _ j: Int) -> Bool {
      let isSide = j - i == 1 || j - i == polygon.count - 1
      return isSide || facesOfEdge[polygon[i]] & facesOfEdge[polygon[j]] == 0
    }
    /// The best triangles between the diagonal or side i–j and the corners between them.
    func best(_ i: Int, _ j: Int) -> (cost: Int, triangles: [Int])? {
      if j - i < 2 { return (0, []) }
      var result: (cost: Int, triangles: [Int])?
      for k in i + 1..<j where mayJoin(i, k) && mayJoin(k, j) {
        guard let before = best(i, k), let after = best(k, j) else { continue }
        var cost = before.cost + after.cost
        if k - i > 1 { cost += squaredDistance(polygon[i], polygon[k]) }
        if j - k > 1 { cost += squaredDistance(polygon[k], polygon[j]) }
        if cost < result?.cost ?? .max {
          result = (cost, before.triangles + after.triangles + [polygon[i], polygon[k], polygon[j]])
        }
      }
      return result
    }
    guard let result = best(0, polygon.count - 1) else {
      preconditionFailure("every polygon of a cell has a triangulation without diagonals in a face")
    }
    return result.triangles
  }

  /// Between the middles of two edges, in quarters of a squared voxel.
  private static func squaredDistance(_ a: Int, _ b: Int) -> Int {
    func middle(_ edge: Int) -> SIMD3<Int> {
      let (first, second) = ((edge & 1) * 2, (edge >> 1 & 1) * 2)
      switch edge >> 2 {
      case 0: return SIMD3(1, first, second)
      case 1: return SIMD3(first, 1, second)
      default: return SIMD3(first, second, 1)
      }
    }
    let difference = middle(a) &- middle(b)
    return (difference &* difference).wrappedSum()
  }
}
