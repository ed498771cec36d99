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
  mutating func prune(_ threshold: (_ reach: Double) -> Double) {
    while true {
      var shortest: (edge: Int, excess: Double)?
      for index in edges.indices {
        guard let ends = edges[index]?.nodes else { continue }
        let free = [ends.start, ends.end].filter(isFreeEnd)
        guard free.count == 1, let junction = [ends.start, ends.end].first(where: { !isFreeEnd($0) }) else { continue }
        let excess = length(of: index) - threshold(nodes[junction].reach)
        if excess <= 0, excess < shortest?.excess ?? .infinity { shortest = (index, excess) }
      }
      guard let shortest else { return }
      remove(shortest.edge)
    }
  }

  /// Makes one junction of two that are joined by an edge no longer than a threshold: where filaments cross at an angle,
  /// their skeletons run together for a while.
  ///
  /// - Parameter threshold: the longest edge to contract, in the unit of the edges, given the larger half width at its ends.
  mutating func contract(_ threshold: (_ reach: Double) -> Double) {
    while true {
      var shortest: (edge: Int, length: Double)?
      for index in edges.indices {
        guard let ends = edges[index]?.nodes, !isFreeEnd(ends.start), !isFreeEnd(ends.end) else { continue }
        let length = length(of: index)
        let reach = max(nodes[ends.start].reach, nodes[ends.end].reach)
        if length <= threshold(reach), length < shortest?.length ?? .infinity { shortest = (index, length) }
      }
      guard let shortest, let ends = edges[shortest.edge]?.nodes else { return }
      detach(shortest.edge)
      guard ends.start != ends.end else {
        joinIfPassing(ends.start)
        continue
      }
      let (kept, dropped) = (ends.start, ends.end)
      let reach = shortest.length / 2 + max(nodes[kept].reach, nodes[dropped].reach)
      nodes[kept].position = (nodes[kept].position + nodes[dropped].position) / 2
      nodes[kept].reach = reach
      for link in nodes[dropped].links {
        if link.isStart { edges[link.edge]?.nodes?.start = kept } else { edges[link.edge]?.nodes?.end = kept }
        nodes[kept].links.append(link)
      }
      nodes[dropped].links = []
      joinIfPassing(kept)
    }
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
