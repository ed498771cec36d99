import AisCore

extension PointMatching {
  /// The one-to-one matching with the most pairs, and of those the one with the smallest sum of distances.
  ///
  /// Exact: each connected group of pairs is solved as a minimum-cost flow by successive shortest paths (Edmonds & Karp
  /// 1972), which for every size gives the cheapest matching of that size. The pairs come back sorted by true point.
  ///
  /// - Throws: `.limitExceeded` when groups of close points are so large that this would take hours.
  package static func optimal(_ pairs: [ClosePair], foundCount: Int, truthCount: Int) throws(AisError) -> [ClosePair] {
    var groups = DisjointSets(count: foundCount + truthCount)
    for pair in pairs { groups.unite(Int32(pair.found), Int32(foundCount + pair.truth)) }
    var members: [Int32: [ClosePair]] = [:]
    for pair in pairs { members[groups.root(of: Int32(pair.found)), default: []].append(pair) }
    var result: [ClosePair] = []
    for root in members.keys.sorted() {
      let group = members[root]!
      if group.count == 1 {
        result.append(group[0])
        continue
      }
      var flow = MatchingFlow(group)
      guard flow.isFeasible else {
        throw AisError(
          .limitExceeded,
          "\(group.count) pairs of found and true particles hang together: the distance that counts as found is larger than "
            + "the spacing of the particles. Choose a smaller one.")
      }
      result += flow.solve()
    }
    return result.sorted { $0.truth < $1.truth }
  }
}

/// One group of pairs as a flow from a source through found and true points to a sink, every capacity 1.
///
/// Nodes: found points, then true points, then source and sink. The potentials keep the cost of every arc that can carry flow
/// at or above zero, so that Dijkstra's algorithm finds the cheapest path.
private struct MatchingFlow {
  /// Beyond this many steps (paths × pairs) a group would take minutes.
  private static let mostSteps = 1e10

  private let pairs: [ClosePair]
  private let foundCount: Int
  private let truthCount: Int
  /// For each found point of the group its pairs, as (true point of the group, index into `pairs`).
  private var arcs: [[(truth: Int, pair: Int)]]
  /// The pair that a true or found point is matched by, or −1.
  private var pairOfTruth: [Int]
  private var pairOfFound: [Int]
  private var foundOfPair: [Int]
  private var truthOfPair: [Int]
  private var potential: [Double]
  private var source: Int { foundCount + truthCount }
  private var sink: Int { foundCount + truthCount + 1 }

  init(_ pairs: [ClosePair]) {
    self.pairs = pairs
    var foundNumbers: [Int: Int] = [:]
    var truthNumbers: [Int: Int] = [:]
    foundOfPair = []
    truthOfPair = []
    for pair in pairs {
      let found = foundNumbers[pair.found] ?? foundNumbers.count
      foundNumbers[pair.found] = found
      let truth = truthNumbers[pair.truth] ?? truthNumbers.count
      truthNumbers[pair.truth] = truth
      foundOfPair.append(found)
      truthOfPair.append(truth)
    }
    foundCount = foundNumbers.count
    truthCount = truthNumbers.count
    arcs = [[(truth: Int, pair: Int)]](repeating: [], count: foundCount)
    for index in pairs.indices { arcs[foundOfPair[index]].append((truthOfPair[index], index)) }
    pairOfTruth = [Int](repeating: -1, count: truthCount)
    pairOfFound = [Int](repeating: -1, count: foundCount)
    potential = [Double](repeating: 0, count: foundCount + truthCount + 2)
  }

  var isFeasible: Bool { Double(min(foundCount, truthCount)) * Double(pairs.count) <= Self.mostSteps }

  mutating func solve() -> [ClosePair] {
    while augment() {}
    return pairOfTruth.filter { $0 >= 0 }.map { pairs[$0] }
  }

  /// Sends one more unit along the cheapest path; false when there is none.
  private mutating func augment() -> Bool {
    var cost = [Double](repeating: .infinity, count: foundCount + truthCount + 2)
    var isSettled = [Bool](repeating: false, count: cost.count)
    /// The pair by which a node was reached; −1 for found points that the source reaches.
    var reachedBy = [Int](repeating: -1, count: cost.count)
    var heap = MinimumHeap()
    var lastTruth = -1
    func reach(_ node: Int, _ newCost: Double, by pair: Int) {
      guard newCost < cost[node] else { return }
      cost[node] = newCost
      reachedBy[node] = pair
      heap.push(newCost, node)
    }
    cost[source] = 0
    for found in 0..<foundCount where pairOfFound[found] < 0 {
      reach(found, max(0, potential[source] - potential[found]), by: -1)
    }
    while let (nodeCost, node) = heap.pop() {
      if isSettled[node] { continue }
      isSettled[node] = true
      if node == sink { break }
      if node < foundCount {
        for (truth, pair) in arcs[node] where pairOfFound[node] != pair {
          let other = foundCount + truth
          reach(other, nodeCost + max(0, pairs[pair].distance + potential[node] - potential[other]), by: pair)
        }
      } else {
        let pair = pairOfTruth[node - foundCount]
        if pair < 0 {
          let newCost = nodeCost + max(0, potential[node] - potential[sink])
          if newCost < cost[sink] { lastTruth = node - foundCount }
          reach(sink, newCost, by: -1)
        } else {
          let other = foundOfPair[pair]
          reach(other, nodeCost + max(0, potential[node] - pairs[pair].distance - potential[other]), by: pair)
        }
      }
    }
    guard isSettled[sink] else { return false }
    // Only the nodes nearer than the sink change, relative to all others.
    let whole = cost[sink]
    for node in cost.indices where cost[node] < whole { potential[node] += cost[node] - whole }
    var truth = lastTruth
    while true {
      let pair = reachedBy[foundCount + truth]
      let found = foundOfPair[pair]
      let former = pairOfFound[found]
      pairOfFound[found] = pair
      pairOfTruth[truth] = pair
      if former < 0 { return true }
      truth = truthOfPair[former]
    }
  }
}

/// A binary heap of nodes by cost.
private struct MinimumHeap {
  private var entries: [(cost: Double, node: Int)] = []

  mutating func push(_ cost: Double, _ node: Int) {
    entries.append((cost, node))
    var child = entries.count - 1
    while child > 0, entries[(child - 1) / 2].cost > entries[child].cost {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (cost: Double, node: Int)? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
          if entries[child].cost < entries[least].cost { least = child }
        }
        if least == parent { break }
        entries.swapAt(parent, least)
        parent = least
      }
    }
    return first
  }
}
