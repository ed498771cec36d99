import AisCore

/// Takes the steps of the voxels out of a surface without shrinking it (Taubin, "A signal processing approach to fair
/// surface design", SIGGRAPH 1995).
///
/// A step moves every vertex by λ of the way to the mean of its neighbours; a second one, by μ < 0, undoes the shrinking.
/// Waves of the surface longer than the pass band (k = 0.1: about 15 edges) keep their size; shorter ones fade.
package enum MeshSmoothing {
  /// λ, and μ = 1 / (k − 1/λ) for a pass band of k = 0.1.
  private static let steps: [Float] = [0.5, 1 / (0.1 - 1 / 0.5)]

  /// Smooths a closed surface; triangles stay as they are.
  ///
  /// Neighbours count alike whatever their distance, so that stretching the axes before or after gives the same.
  ///
  /// - Parameter iterations: pairs of steps; 0 changes nothing, 10 takes away the steps of a mask.
  package static func smooth(_ mesh: inout SurfaceMesh, iterations: Int, threads: Int = 1) {
    precondition(iterations >= 0, "a surface is smoothed 0 times or more, not \(iterations)")
    guard iterations > 0, !mesh.isEmpty else { return }
    let neighbours = VertexNeighbours(mesh)
    var current = mesh.vertices
    var next = current
    for _ in 0..<iterations {
      for step in steps {
        current.withUnsafeBufferPointer { from in
          next.withUnsafeMutableBufferPointer { to in
            nonisolated(unsafe) let (from, to) = (from, to)
            Slabs.forEach(count: from.count, threads: threads, minimum: 1 << 12) { vertices in
              for vertex in vertices {
                let around = neighbours.indices(of: vertex)
                guard !around.isEmpty else {
                  to[vertex] = from[vertex]
                  continue
                }
                // Differences are summed, not places: far from zero, places have few digits left.
                var sum = SIMD3<Float>.zero
                for other in around { sum += from[Int(other)] - from[vertex] }
                to[vertex] = from[vertex] + sum * (step / Float(around.count))
              }
            }
          }
        }
        swap(&current, &next)
      }
    }
    mesh.vertices = current
  }
}

/// The vertices that share an edge with each vertex of a closed surface.
private struct VertexNeighbours: Sendable {
  private let starts: [UInt32]
  private let neighbours: [UInt32]

  init(_ mesh: SurfaceMesh) {
    // Each edge is run along once in each direction, so that taking the next corner finds every neighbour once.
    var starts = [UInt32](repeating: 0, count: mesh.vertices.count + 1)
    for triangle in mesh.triangles {
      for k in 0..<3 { starts[Int(triangle[k]) + 1] += 1 }
    }
    for i in 1..<starts.count { starts[i] += starts[i - 1] }
    var places = starts
    var neighbours = [UInt32](repeating: 0, count: mesh.triangles.count * 3)
    for triangle in mesh.triangles {
      for k in 0..<3 {
        let vertex = Int(triangle[k])
        neighbours[Int(places[vertex])] = triangle[(k + 1) % 3]
        places[vertex] += 1
      }
    }
    self.starts = starts
    self.neighbours = neighbours
  }

  @inline(__always)
  func indices(of vertex: Int) -> ArraySlice<UInt32> {
    neighbours[Int(starts[vertex])..<Int(starts[vertex + 1])]
  }
}
