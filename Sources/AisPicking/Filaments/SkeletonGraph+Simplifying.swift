import AisImaging

extension SkeletonGraph {
  /// Whether a node is where one edge ends free.
  func isFreeEnd(_ node: Int) -> Bool { nodes[node].links.count <= 1 }

  /// Removes side branches that are no longer than a threshold, shortest first; where two edges are left at a junction,
  /// they become one.
  ///
  /// A bump on the surface of an object gives a branch that reaches from the middle to the surface. Its length is therefore
  /// compared with the half width at the junction.
  ///
  /// - Parameter threshold: the longest branch to remove, in the unit of the edges, given the half width at its junction.
  mutating func prune(_ threshold: (_ halfWidth: Double) -> Double) {
    while true {
      var shortest: (edge: Int, excess: Double)?
      for index in edges.indices {
        guard let ends = edges[index]?.nodes else { continue }
        let free = [ends.start, ends.end].filter(isFreeEnd)
        guard free.count == 1, let junction = [ends.start, ends.end].first(where: { !isFreeEnd($0) }) else { continue }
        let excess = length(of: index) - threshold(nodes[junction].halfWidth)
        if excess <= 0, excess < shortest?.excess ?? .infinity { shortest = (index, excess) }
      }
      guard let shortest else { return }
      remove(shortest.edge)
    }
  }

  /// Removes the bridges between filaments that lie side by side or across each other and touch: edges no longer than the two
  /// half widths and a little, without which the other edges at either end go straight on.
  ///
  /// - Parameters:
  ///   - greatestBend: in degrees; sharper bends do not count as straight on.
  ///   - tolerance: what is allowed beyond the half widths, in the unit of the edges.
  mutating func removeBridges(greatestBend: Double, tolerance: Double) {
    while let bridge = shortestEdge(where: { edge, ends in
      length(of: edge) <= nodes[ends.start].halfWidth + nodes[ends.end].halfWidth + tolerance
        && [ends.start, ends.end].allSatisfy { goesOn(at: $0, without: edge, greatestBend: greatestBend) }
    }) {
      remove(bridge)
    }
  }

  /// Whether the edges that meet at a node continue each other in pairs when one is left out.
  private func goesOn(at node: Int, without edge: Int, greatestBend: Double) -> Bool {
    let links = nodes[node].links.filter { $0.edge != edge }
    return !links.isEmpty && 2 * pairs(of: links, at: nodes[node], greatestBend: greatestBend).count == links.count
  }

  /// Makes one junction of two that are joined by an edge no longer than a threshold: where filaments cross at an angle,
  /// their skeletons run together for a while.
  ///
  /// - Parameter threshold: the longest edge to contract, in the unit of the edges, given the larger half width at its ends.
  mutating func contract(_ threshold: (_ halfWidth: Double) -> Double) {
    while let shared = shortestEdge(where: { edge, ends in
      length(of: edge) <= threshold(max(nodes[ends.start].halfWidth, nodes[ends.end].halfWidth))
    }), let ends = edges[shared]?.nodes {
      detach(shared)
      guard ends.start != ends.end else {
        joinIfPassing(ends.start)
        continue
      }
      merge(ends.end, into: ends.start)
    }
  }

  /// Makes one node of two: it lies between them and reaches over both.
  private mutating func merge(_ dropped: Int, into kept: Int) {
    let middle = (nodes[kept].position + nodes[dropped].position) / 2
    nodes[kept].reach = [kept, dropped].map { distance(middle, nodes[$0].position) + nodes[$0].reach }.max()!
    nodes[kept].halfWidth = max(nodes[kept].halfWidth, nodes[dropped].halfWidth)
    nodes[kept].position = middle
    for link in nodes[dropped].links {
      if link.isStart { edges[link.edge]?.nodes?.start = kept } else { edges[link.edge]?.nodes?.end = kept }
      nodes[kept].links.append(link)
    }
    nodes[dropped].links = []
    joinIfPassing(kept)
  }

  /// Of the edges between two junctions that a rule allows, the shortest.
  private func shortestEdge(where isAllowed: (Int, (start: Int, end: Int)) -> Bool) -> Int? {
    var shortest: (edge: Int, length: Double)?
    for index in edges.indices {
      guard let ends = edges[index]?.nodes, !isFreeEnd(ends.start), !isFreeEnd(ends.end) else { continue }
      let length = length(of: index)
      if length < shortest?.length ?? .infinity, isAllowed(index, ends) { shortest = (index, length) }
    }
    return shortest?.edge
  }

  private mutating func remove(_ edge: Int) {
    guard let ends = edges[edge]?.nodes else { return }
    detach(edge)
    for node in [ends.start, ends.end] { joinIfPassing(node) }
  }

  private mutating func detach(_ edge: Int) {
    guard let ends = edges[edge]?.nodes else { return }
    for node in [ends.start, ends.end] { nodes[node].links.removeAll { $0.edge == edge } }
    edges[edge] = nil
  }

  /// A junction of two edges is none: they become one edge, or a ring when both ends belong to the same edge.
  private mutating func joinIfPassing(_ node: Int) {
    let links = nodes[node].links
    guard links.count == 2 else { return }
    let middle = nodes[node].position
    if links[0].edge == links[1].edge {
      let ring = (edges[links[0].edge]?.points ?? []) + [middle]
      nodes[node].links = []
      edges[links[0].edge] = Edge(nodes: nil, points: ring)
      return
    }
    guard let start = self.node(of: links[0].opposite), let end = self.node(of: links[1].opposite) else { return }
    let points = points(from: links[0].opposite) + [middle] + points(from: links[1])
    detach(links[0].edge)
    detach(links[1].edge)
    connect(start, end, points)
  }
}
