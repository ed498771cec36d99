import AisCore

/// Describes a surface with fewer triangles: edges are collapsed, cheapest first, by the quadric error of Garland & Heckbert,
/// "Surface simplification using quadric error metrics", SIGGRAPH 1997.
///
/// The surface stays a closed manifold with the same number of pieces and holes: an edge is only collapsed when its ends
/// have exactly two neighbours in common, and when no triangle around it turns over.
package enum MeshDecimation {
  /// How far to go. Whichever limit is met first ends it.
  package struct Limits: Hashable, Sendable {
    /// No fewer triangles than this.
    package var triangles: Int
    /// No collapse that brings the surface further than this from the original planes around it (root mean square,
    /// weighted by area), in the mesh's unit.
    package var error: Double

    package init(triangles: Int = 0, error: Double = .infinity) {
      self.triangles = triangles
      self.error = error
    }
  }

  /// Memory that the work takes besides the mesh, in bytes for each vertex: quadrics, half-edges and the queue.
  package static let bytesPerVertex = 400

  /// Reduces a closed surface. One that is not closed, or already below the limit, is left as it is.
  ///
  /// Axes must have the same unit. The time grows with n log n.
  package static func decimate(
    _ mesh: inout SurfaceMesh, to limits: Limits, cancellation: Cancellation = Cancellation()
  ) throws(AisError) {
    guard mesh.triangles.count > max(4, limits.triangles), limits.error > 0, var work = Collapse(mesh, limits) else {
      return
    }
    try work.run(cancellation)
    mesh = work.result()
  }
}

/// The state of one decimation.
private struct Collapse {
  private let limits: MeshDecimation.Limits
  private var edges: HalfEdges
  /// Relative to `centre`, so that quadrics do not lose digits.
  private var places: [SIMD3<Double>]
  private let centre: SIMD3<Double>
  private var quadrics: [Quadric]
  /// Counts the changes of each vertex; an edge in the queue is stale when the sum over its ends has changed.
  private var versions: [UInt32]
  private var queue = CollapseQueue()
  /// For each vertex the last question in which it was seen.
  private var seen: [UInt32]
  private var question: UInt32 = 0

  init?(_ mesh: SurfaceMesh, _ limits: MeshDecimation.Limits) {
    guard let edges = HalfEdges(mesh) else { return nil }
    self.edges = edges
    self.limits = limits
    let origin = SIMD3<Double>(mesh.vertices.first ?? .zero)
    centre = origin
    places = mesh.vertices.map { SIMD3<Double>($0) - origin }
    quadrics = Array(repeating: Quadric(), count: mesh.vertices.count)
    versions = Array(repeating: 0, count: mesh.vertices.count)
    seen = Array(repeating: 0, count: mesh.vertices.count)
    for triangle in mesh.triangles {
      let (a, b, c) = (places[Int(triangle.x)], places[Int(triangle.y)], places[Int(triangle.z)])
      let normal = (b - a).cross(c - a)
      let length = (normal * normal).sum().squareRoot()
      guard length > 0 else { continue }
      // A third of the triangle's area for each corner.
      let quadric = Quadric(normal: normal / length, point: a, weight: length / 6)
      for k in 0..<3 { quadrics[Int(triangle[k])] += quadric }
    }
    for edge in edges.origins.indices where edge < edges.twin(edge) { enqueue(edge) }
  }

  /// Where the two ends of an edge are best merged, and what it costs.
  private func merged(_ edge: Int) -> (place: SIMD3<Double>, cost: Double, weight: Double) {
    let (u, v) = (edges.origin(edge), edges.target(edge))
    let quadric = quadrics[u] + quadrics[v]
    let middle = (places[u] + places[v]) / 2
    let place = quadric.minimum(near: middle) ?? middle
    return (place, quadric.value(at: place), quadric.weight)
  }

  private mutating func enqueue(_ edge: Int) {
    let (_, cost, weight) = merged(edge)
    guard cost <= limits.error * limits.error * weight || weight == 0 else { return }
    let version = versions[edges.origin(edge)] &+ versions[edges.target(edge)]
    queue.insert(.init(cost: Float(cost), edge: UInt32(edge), version: version))
  }

  mutating func run(_ cancellation: Cancellation) throws(AisError) {
    var count = 0
    while edges.triangleCount > limits.triangles, let candidate = queue.popCheapest() {
      count += 1
      if count % 4096 == 0 { try cancellation.check() }
      let edge = Int(candidate.edge)
      guard !edges.isRemoved[edge / 3] else { continue }
      let (u, v) = (edges.origin(edge), edges.target(edge))
      guard versions[u] &+ versions[v] == candidate.version else { continue }
      let place = merged(edge).place
      guard staysManifold(edge), turnsNothingOver(edge, place), turnsNothingOver(edges.twin(edge), place) else {
        continue
      }
      edges.collapse(edge)
      places[v] = place
      quadrics[v] += quadrics[u]
      // Above both, for edges of the vertex that is gone now count as edges of this one.
      versions[v] = max(versions[u], versions[v]) + 1
      var around: [Int] = []
      edges.forEachOutgoing(v) { around.append($0) }
      for edge in around { enqueue(edge) }
    }
  }

  /// The link condition for closed surfaces (Dey et al. 1999): the ends share the two corners across and no other vertex;
  /// and each of these corners keeps at least three neighbours.
  private mutating func staysManifold(_ edge: Int) -> Bool {
    question &+= 1
    edges.forEachOutgoing(edges.origin(edge)) { seen[edges.target($0)] = question }
    var shared = 0
    edges.forEachOutgoing(edges.target(edge)) {
      if seen[edges.target($0)] == question { shared += 1 }
    }
    guard shared == 2 else { return false }
    for side in [edge, edges.twin(edge)] {
      var neighbours = 0
      edges.forEachOutgoing(edges.origin(HalfEdges.previous(side))) { _ in neighbours += 1 }
      if neighbours < 4 { return false }
    }
    return true
  }

  /// Whether the triangles around the origin of `edge` that remain keep facing their way when it moves to `place`.
  private func turnsNothingOver(_ edge: Int, _ place: SIMD3<Double>) -> Bool {
    let (vertex, other) = (edges.origin(edge), edges.target(edge))
    var isFine = true
    edges.forEachOutgoing(vertex) { outgoing in
      let (b, c) = (edges.target(outgoing), edges.origin(HalfEdges.previous(outgoing)))
      if b == other || c == other { return }
      let (pb, pc) = (places[b], places[c])
      let before = (pb - places[vertex]).cross(pc - places[vertex])
      let after = (pb - place).cross(pc - place)
      let product = (before * after).sum()
      // Turned by more than 75°, or squeezed to nothing.
      let lengths = (before * before).sum() * (after * after).sum()
      if product <= 0 || product * product < 0.067 * lengths { isFine = false }
    }
    return isFine
  }

  /// The mesh that is left, without the vertices that are gone.
  func result() -> SurfaceMesh {
    var mesh = SurfaceMesh()
    var numbers = [UInt32](repeating: .max, count: places.count)
    mesh.triangles.reserveCapacity(edges.triangleCount)
    for triangle in edges.isRemoved.indices where !edges.isRemoved[triangle] {
      var corners = SIMD3<UInt32>.zero
      for k in 0..<3 {
        let vertex = edges.origin(3 * triangle + k)
        if numbers[vertex] == .max {
          numbers[vertex] = UInt32(mesh.vertices.count)
          mesh.vertices.append(SIMD3<Float>(places[vertex] + centre))
        }
        corners[k] = numbers[vertex]
      }
      mesh.triangles.append(corners)
    }
    return mesh
  }
}

/// Edges in the order of their cost; a binary heap. Equal costs in the order of the edges, so that results are the same
/// everywhere.
private struct CollapseQueue {
  struct Entry {
    var cost: Float
    var edge: UInt32
    var version: UInt32

    @inline(__always)
    func comesBefore(_ other: Entry) -> Bool { cost != other.cost ? cost < other.cost : edge < other.edge }
  }

  private var heap: [Entry] = []

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var place = heap.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard entry.comesBefore(heap[parent]) else { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = entry
  }

  mutating func popCheapest() -> Entry? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].comesBefore(heap[child]) { child += 1 }
      guard heap[child].comesBefore(last) else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = last
    return first
  }
}
