import AisImaging

/// The way of a filament through a skeleton, in voxels (z, y, x).
struct FilamentPath {
  var points: [SIMD3<Double>]
  var start: Filament.End
  var end: Filament.End
  var isClosed: Bool
}

extension SkeletonGraph {
  /// The filaments of the graph.
  ///
  /// At each junction, the directions of its branches are taken some way off, where the skeleton is not disturbed. With
  /// `.through`, pairs are joined in the order of their bend, the straightest first, up to the greatest bend. What lies
  /// within a junction's reach is left out: the curve through a joined pair spans it, a branch that ends there stops
  /// short of it.
  func paths(_ settings: FilamentSettings) -> [FilamentPath] {
    let partners = settings.junctions == .through ? partners(greatestBend: settings.greatestBend) : [:]
    var isTaken = [Bool](repeating: false, count: edges.count)
    var paths: [FilamentPath] = []
    // First the chains that have ends, then those that have none.
    for onlyEnds in [true, false] {
      for index in edges.indices where edges[index] != nil && !isTaken[index] {
        if edges[index]?.nodes == nil {
          isTaken[index] = true
          paths.append(
            FilamentPath(points: edges[index]!.points, start: .free, end: .free, isClosed: true))
          continue
        }
        for isStart in [true, false] {
          let link = Link(edge: index, isStart: isStart)
          if isTaken[index] || (onlyEnds && partners[link] != nil) { continue }
          paths.append(chain(from: link, partners, &isTaken))
        }
      }
    }
    return paths.filter { $0.points.count > 1 }
  }

  private func chain(from first: Link, _ partners: [Link: Link], _ isTaken: inout [Bool]) -> FilamentPath {
    let isClosed = partners[first] != nil
    var points = endPoint(first)
    var link = first
    while true {
      isTaken[link.edge] = true
      points += trustedPoints(from: link)
      guard let next = partners[link.opposite], !isTaken[next.edge] else { break }
      link = next
    }
    points += endPoint(link.opposite)
    return FilamentPath(
      points: points, start: end(at: first), end: end(at: link.opposite), isClosed: isClosed)
  }

  /// A free end belongs to the filament; the middle of a junction does not.
  private func endPoint(_ link: Link) -> [SIMD3<Double>] {
    guard let node = node(of: link), isFreeEnd(node) else { return [] }
    return [nodes[node].position]
  }

  private func end(at link: Link) -> Filament.End {
    guard let node = node(of: link), !isFreeEnd(node) else { return .free }
    return .junction
  }

  /// The edge's points outside of the reach of the junctions at its ends.
  private func trustedPoints(from link: Link) -> [SIMD3<Double>] {
    let junctions = [link, link.opposite].compactMap(node).filter { !isFreeEnd($0) }
    return points(from: link).filter { point in
      junctions.allSatisfy { distance(point, nodes[$0].position) > nodes[$0].reach }
    }
  }

  /// For each end of an edge that goes on in another, that other's end.
  private func partners(greatestBend: Double) -> [Link: Link] {
    var partners: [Link: Link] = [:]
    for node in nodes {
      for (first, second) in pairs(of: node.links, at: node, greatestBend: greatestBend) {
        partners[first] = second
        partners[second] = first
      }
    }
    return partners
  }

  /// The links that continue each other best, pair by pair, the straightest first.
  ///
  /// The bend is what a filament turns on its way from one edge straight over to the other and into that one's direction. So of two
  /// filaments side by side, each goes on in its own line.
  func pairs(of links: [Link], at node: Node, greatestBend: Double) -> [(Link, Link)] {
    let approaches = links.map { approach(to: node, $0) }
    var candidates: [(bend: Double, first: Int, second: Int)] = []
    for first in links.indices {
      for second in links.indices where second > first {
        // Both ends of one edge would close a loop around the junction.
        guard links[first].edge != links[second].edge else { continue }
        let bend = bend(from: approaches[first], to: approaches[second])
        if bend <= greatestBend { candidates.append((bend, first, second)) }
      }
    }
    var isTaken = [Bool](repeating: false, count: links.count)
    var pairs: [(Link, Link)] = []
    for pair in candidates.sorted(by: { ($0.bend, $0.first, $0.second) < ($1.bend, $1.first, $1.second) }) {
      guard !isTaken[pair.first], !isTaken[pair.second] else { continue }
      isTaken[pair.first] = true
      isTaken[pair.second] = true
      pairs.append((links[pair.first], links[pair.second]))
    }
    return pairs
  }

  /// Where an edge begins to follow its filament, seen from a junction, and its direction away from there, of length 1 in the
  /// unit of the edges.
  private struct Approach {
    var point: SIMD3<Double>
    var leaving: SIMD3<Double>
  }

  /// Degrees that the way turns which comes along one edge and leaves along the other.
  private func bend(from first: Approach, to second: Approach) -> Double {
    let across = ((second.point - first.point) * voxelEdges).normalized
    guard across != .zero else { return degrees(-first.leaving, second.leaving) }
    return degrees(-first.leaving, across) + degrees(across, second.leaving)
  }

  /// The direction is taken from where the junction's reach ends, over half as much and three voxels.
  private func approach(to node: Node, _ link: Link) -> Approach {
    var way = points(from: link)
    if let far = self.node(of: link.opposite) { way.append(nodes[far].position) }
    let near = way.firstIndex { distance($0, node.position) > node.reach } ?? way.startIndex
    guard way.indices.contains(near) else { return Approach(point: node.position, leaving: .zero) }
    let window = node.reach / 2 + 3 * voxelEdges.min()
    let far = way[near...].firstIndex { distance($0, way[near]) > window } ?? way.index(before: way.endIndex)
    // A short edge has only one trusted point: it is seen from the junction.
    let start = far > near ? way[near] : node.position
    return Approach(point: start, leaving: ((way[far] - start) * voxelEdges).normalized)
  }
}
