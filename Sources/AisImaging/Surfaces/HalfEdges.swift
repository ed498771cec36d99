import AisCore

/// A closed surface as half-edges, in which edges can be collapsed.
///
/// Half-edge 3t + k runs along triangle t from its corner k to the next. Every half-edge has a twin that runs the other
/// way along the neighbouring triangle.
struct HalfEdges {
  /// The vertex that each half-edge starts from.
  private(set) var origins: [UInt32]
  private(set) var twins: [UInt32]
  /// One of the half-edges that start from each vertex.
  private(set) var outgoing: [UInt32]
  private(set) var isRemoved: [Bool]
  private(set) var triangleCount: Int

  /// `nil` when the surface is not closed and oriented.
  init?(_ mesh: SurfaceMesh) {
    triangleCount = mesh.triangles.count
    isRemoved = Array(repeating: false, count: triangleCount)
    origins = []
    origins.reserveCapacity(triangleCount * 3)
    for triangle in mesh.triangles {
      for k in 0..<3 { origins.append(triangle[k]) }
    }
    // Half-edges sorted by origin, so that a twin is found among the few that leave its own end.
    var starts = [UInt32](repeating: 0, count: mesh.vertices.count + 1)
    for origin in origins { starts[Int(origin) + 1] += 1 }
    for i in 1..<starts.count { starts[i] += starts[i - 1] }
    var places = starts
    var leaving = [UInt32](repeating: 0, count: origins.count)
    for (edge, origin) in origins.enumerated() {
      leaving[Int(places[Int(origin)])] = UInt32(edge)
      places[Int(origin)] += 1
    }
    twins = Array(repeating: .max, count: origins.count)
    outgoing = Array(repeating: .max, count: mesh.vertices.count)
    for edge in origins.indices {
      let (from, to) = (origins[edge], origins[Self.next(edge)])
      var found = 0
      for candidate in leaving[Int(starts[Int(to)])..<Int(starts[Int(to) + 1])]
      where origins[Self.next(Int(candidate))] == from {
        twins[edge] = candidate
        found += 1
      }
      guard found == 1 else { return nil }
      outgoing[Int(from)] = UInt32(edge)
    }
  }

  @inline(__always)
  static func next(_ edge: Int) -> Int { edge % 3 == 2 ? edge - 2 : edge + 1 }
  @inline(__always)
  static func previous(_ edge: Int) -> Int { edge % 3 == 0 ? edge + 2 : edge - 1 }

  @inline(__always)
  func origin(_ edge: Int) -> Int { Int(origins[edge]) }
  @inline(__always)
  func twin(_ edge: Int) -> Int { Int(twins[edge]) }
  /// Where a half-edge ends.
  @inline(__always)
  func target(_ edge: Int) -> Int { Int(origins[Self.next(edge)]) }

  /// Calls `body` with every half-edge that starts from a vertex.
  @inline(__always)
  func forEachOutgoing(_ vertex: Int, _ body: (Int) -> Void) {
    let first = Int(outgoing[vertex])
    var edge = first
    repeat {
      body(edge)
      edge = twin(Self.previous(edge))
    } while edge != first
  }

  /// Merges the origin of `edge` into its end and takes the two triangles beside it away.
  ///
  /// The surface stays a closed manifold if the two ends have exactly two neighbours in common, and each of these has more
  /// than three neighbours: the caller has made sure.
  mutating func collapse(_ edge: Int) {
    let (removed, kept) = (origin(edge), target(edge))
    forEachOutgoing(removed) { pending.append(UInt32($0)) }
    for outgoing in pending { origins[Int(outgoing)] = UInt32(kept) }
    pending.removeAll(keepingCapacity: true)
    for side in [edge, twin(edge)] {
      let (after, before) = (Self.next(side), Self.previous(side))
      let (outer1, outer2) = (twin(after), twin(before))
      // The two outer neighbours of the triangle become each other's.
      twins[outer1] = UInt32(outer2)
      twins[outer2] = UInt32(outer1)
      // Half-edges of a removed triangle must not be anyone's entry.
      outgoing[Int(origins[outer1])] = UInt32(outer1)
      outgoing[Int(origins[outer2])] = UInt32(outer2)
      isRemoved[side / 3] = true
    }
    triangleCount -= 2
  }
  private var pending: [UInt32] = []
}
