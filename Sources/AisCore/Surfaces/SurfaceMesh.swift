/// A surface of triangles, with vertices shared between them.
///
/// Triangles are anticlockwise when seen from outside, in right-handed axes x, y, z. What the unit is and where zero lies
/// is said where the mesh is made.
package struct SurfaceMesh: Sendable, Equatable {
  package var vertices: [SIMD3<Float>]
  /// Three indices into `vertices` each.
  package var triangles: [SIMD3<UInt32>]

  package init(vertices: [SIMD3<Float>] = [], triangles: [SIMD3<UInt32>] = []) {
    self.vertices = vertices
    self.triangles = triangles
  }

  package var isEmpty: Bool { triangles.isEmpty }

  /// Scales and then shifts every vertex. Scales are above zero, so that outside stays outside.
  package mutating func map(scale: SIMD3<Double>, offset: SIMD3<Double>) {
    precondition(scale.min() > 0, "a mesh is scaled by numbers above zero, not by \(scale)")
    for i in vertices.indices { vertices[i] = SIMD3<Float>(SIMD3<Double>(vertices[i]) * scale + offset) }
  }

  /// Adds another mesh's triangles. The two are not joined.
  package mutating func append(_ other: SurfaceMesh) {
    precondition(vertices.count + other.vertices.count <= UInt32.max, "a mesh has at most 4294967295 vertices")
    let base = UInt32(vertices.count)
    vertices += other.vertices
    triangles.reserveCapacity(triangles.count + other.triangles.count)
    for triangle in other.triangles { triangles.append(triangle &+ SIMD3(repeating: base)) }
  }

  /// Corners of triangle `index`.
  @inlinable
  package func corners(_ index: Int) -> (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) {
    let triangle = triangles[index]
    return (vertices[Int(triangle.x)], vertices[Int(triangle.y)], vertices[Int(triangle.z)])
  }

  /// The direction outwards at each vertex, of length 1: the mean of its triangles' normals, weighted by their area.
  ///
  /// 0, 0, 1 where the triangles have no area or cancel each other.
  package var vertexNormals: [SIMD3<Float>] {
    var sums = [SIMD3<Float>](repeating: .zero, count: vertices.count)
    for index in triangles.indices {
      let (a, b, c) = corners(index)
      let normal = (b - a).cross(c - a)
      let triangle = triangles[index]
      sums[Int(triangle.x)] += normal
      sums[Int(triangle.y)] += normal
      sums[Int(triangle.z)] += normal
    }
    for i in sums.indices {
      let length = (sums[i] * sums[i]).sum().squareRoot()
      // Compared with the smallest normal number: the square of a shorter one is no longer exact.
      sums[i] = length > 1e-18 ? sums[i] / length : SIMD3(0, 0, 1)
    }
    return sums
  }
}

extension SIMD3 where Scalar: FloatingPoint {
  /// The vector product.
  @inlinable @inline(__always)
  package func cross(_ other: SIMD3) -> SIMD3 {
    SIMD3(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
  }
}
