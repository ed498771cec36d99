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
    let leastCosine = cosine(ofDegrees: greatestBend)
    for node in nodes where node.links.count > 1 {
      let directions = node.links.map { direction(leaving: node, $0) }
      var pairs: [(cosine: Double, first: Int, second: Int)] = []
      for first in node.links.indices {
        for second in node.links.indices where second > first {
          let cosine = -(directions[first] * directions[second]).sum()
          // Both ends of one edge would close a loop around the junction.
          if cosine >= leastCosine, node.links[first].edge != node.links[second].edge {
            pairs.append((cosine, first, second))
          }
        }
      }
      for pair in pairs.sorted(by: { ($1.cosine, $0.first, $0.second) < ($0.cosine, $1.first, $1.second) }) {
        let (first, second) = (node.links[pair.first], node.links[pair.second])
        guard partners[first] == nil, partners[second] == nil else { continue }
        partners[first] = second
        partners[second] = first
      }
    }
    return partners
  }

  /// Where an edge goes from a junction, of length 1: from where the junction's reach ends, over half as much and
  /// three voxels.
  private func direction(leaving node: Node, _ link: Link) -> SIMD3<Double> {
    var way = points(from: link)
    if let far = self.node(of: link.opposite) { way.append(nodes[far].position) }
    let near = way.firstIndex { distance($0, node.position) > node.reach } ?? way.startIndex
    guard way.indices.contains(near) else { return .zero }
    let window = node.reach / 2 + 3 * voxelEdges.min()
    let far = way[near...].firstIndex { distance($0, way[near]) > window } ?? way.index(before: way.endIndex)
    // A short edge has only one trusted point: it is seen from the junction.
    let start = far > near ? way[near] : node.position
    return ((way[far] - start) * voxelEdges).normalized
  }
}
