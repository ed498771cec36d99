import AisCore
import AisImaging

/// A skeleton as nodes (ends and junctions) and the voxels between them. Positions are in voxels, (z, y, x).
struct SkeletonGraph {
  struct Node {
    var position: SIMD3<Double>
    /// The distance from the node to the object's surface, in the unit of the edges.
    var halfWidth: Double
    /// How far around the node, in the unit of the edges, the skeleton does not follow the filaments: the half width, or more where
    /// several junctions became one.
    var reach: Double
    /// Ends of edges that meet here.
    var links: [Link] = []
  }

  struct Edge {
    /// The nodes at either end; `nil` for a ring without ends.
    var nodes: (start: Int, end: Int)?
    /// The voxels between the nodes, from start to end.
    var points: [SIMD3<Double>]
  }

  /// One end of an edge.
  struct Link: Hashable {
    var edge: Int
    var isStart: Bool

    var opposite: Link { Link(edge: edge, isStart: !isStart) }
  }

  /// The edges of a voxel, (z, y, x); lengths are in their unit.
  let voxelEdges: SIMD3<Double>
  var nodes: [Node] = []
  /// `nil` where an edge was removed or joined with another.
  var edges: [Edge?] = []

  /// Reads the graph off a skeleton of one voxel's width.
  ///
  /// - Parameter halfWidth: the distance from a voxel to the object's surface in the unit of the edges.
  init(_ skeleton: Volume<UInt8>, voxelEdges: SIMD3<Double>, halfWidth: (Int) -> Double) {
    self.voxelEdges = voxelEdges
    let voxels = SkeletonVoxels(skeleton)
    let count = voxels.indices.count
    var nodeOf = [Int](repeating: -1, count: count)

    // Voxels with more than two neighbours that touch each other are one junction.
    for voxel in 0..<count where voxels.neighbours[voxel].count != 2 && nodeOf[voxel] < 0 {
      let node = nodes.count
      nodeOf[voxel] = node
      var members = [voxel]
      var next = 0
      while voxels.neighbours[voxel].count > 2, next < members.count {
        for other in voxels.neighbours[members[next]] where voxels.neighbours[other].count > 2 && nodeOf[other] < 0 {
          nodeOf[other] = node
          members.append(other)
        }
        next += 1
      }
      let sum = members.reduce(SIMD3<Double>.zero) { $0 + voxels.position($1) }
      let width = members.map { halfWidth(voxels.indices[$0]) }.max()!
      nodes.append(Node(position: sum / Double(members.count), halfWidth: width, reach: width))
    }

    var isUsed = [Bool](repeating: false, count: count)
    for voxel in 0..<count where nodeOf[voxel] >= 0 {
      for neighbour in voxels.neighbours[voxel] where nodeOf[neighbour] != nodeOf[voxel] {
        if nodeOf[neighbour] >= 0 {
          // Two nodes that touch: seen from both, taken once.
          if voxel < neighbour { connect(nodeOf[voxel], nodeOf[neighbour], []) }
        } else if !isUsed[neighbour] {
          let path = voxels.walk(from: voxel, over: neighbour) { nodeOf[$0] >= 0 }
          for step in path.between { isUsed[step] = true }
          connect(nodeOf[voxel], nodeOf[path.last], path.between.map(voxels.position))
        }
      }
    }
    for voxel in 0..<count where nodeOf[voxel] < 0 && !isUsed[voxel] {
      let ring = voxels.walk(from: voxel, over: voxels.neighbours[voxel][0]) { $0 == voxel }
      let members = [voxel] + ring.between
      for step in members { isUsed[step] = true }
      edges.append(Edge(nodes: nil, points: members.map(voxels.position)))
    }
  }

  mutating func connect(_ start: Int, _ end: Int, _ points: [SIMD3<Double>]) {
    let edge = edges.count
    edges.append(Edge(nodes: (start, end), points: points))
    nodes[start].links.append(Link(edge: edge, isStart: true))
    nodes[end].links.append(Link(edge: edge, isStart: false))
  }

  // MARK: Measures

  func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { ((a - b) * voxelEdges).length }

  /// The node that an end of an edge lies on; `nil` on a ring.
  func node(of link: Link) -> Int? {
    guard let ends = edges[link.edge]?.nodes else { return nil }
    return link.isStart ? ends.start : ends.end
  }

  /// The edge's points as seen from one end, without the nodes.
  func points(from link: Link) -> [SIMD3<Double>] {
    let points = edges[link.edge]?.points ?? []
    return link.isStart ? points : points.reversed()
  }

  /// The way from node to node in the unit of the edges.
  func length(of index: Int) -> Double {
    guard let edge = edges[index] else { return 0 }
    var way = edge.points
    if let ends = edge.nodes {
      way.insert(nodes[ends.start].position, at: 0)
      way.append(nodes[ends.end].position)
    } else if let first = way.first {
      way.append(first)
    }
    return zip(way, way.dropFirst()).reduce(0) { $0 + distance($1.0, $1.1) }
  }
}

/// The voxels of a skeleton and their neighbours over corners, in scan order.
private struct SkeletonVoxels {
  let shape: Shape
  /// Where each voxel lies in the volume.
  let indices: [Int]
  let neighbours: [[Int]]

  init(_ skeleton: Volume<UInt8>) {
    let shape = skeleton.shape
    self.shape = shape
    let indices = skeleton.voxels.indices.filter { skeleton.voxels[$0] != 0 }
    self.indices = indices
    let number = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
    neighbours = indices.map { index in
      let (z, y, x) = (index / shape.sliceCount, index / shape.x % shape.y, index % shape.x)
      var found: [Int] = []
      for dz in -1...1 where (0..<shape.z).contains(z + dz) {
        for dy in -1...1 where (0..<shape.y).contains(y + dy) {
          for dx in -1...1 where (0..<shape.x).contains(x + dx) && (dz, dy, dx) != (0, 0, 0) {
            if let other = number[index + (dz * shape.y + dy) * shape.x + dx] { found.append(other) }
          }
        }
      }
      return found
    }
  }

  func position(_ voxel: Int) -> SIMD3<Double> {
    let index = indices[voxel]
    return SIMD3(
      Double(index / shape.sliceCount), Double(index / shape.x % shape.y), Double(index % shape.x))
  }

  /// Walks over voxels of two neighbours until one that stops the walk.
  func walk(from: Int, over first: Int, until stops: (Int) -> Bool) -> (between: [Int], last: Int) {
    var between = [first]
    var (previous, current) = (from, first)
    while true {
      let next = neighbours[current].first { $0 != previous } ?? previous
      if stops(next) { return (between, next) }
      between.append(next)
      (previous, current) = (current, next)
    }
  }
}
