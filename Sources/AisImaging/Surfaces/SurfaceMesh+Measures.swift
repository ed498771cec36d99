import AisCore

extension SurfaceMesh {
  /// The sum of the triangles' areas, in squares of the mesh's unit.
  package var area: Double {
    var sum = 0.0
    for index in triangles.indices {
      let (a, b, c) = corners(index)
      let (edge1, edge2) = (SIMD3<Double>(b) - SIMD3<Double>(a), SIMD3<Double>(c) - SIMD3<Double>(a))
      let normal = edge1.cross(edge2)
      sum += (normal * normal).sum().squareRoot()
    }
    return sum / 2
  }

  /// The volume that a closed surface encloses, in cubes of the mesh's unit: above zero when triangles face outwards.
  package var enclosedVolume: Double { moments.volume }

  /// The centre of mass of what a closed surface encloses; `nil` when it encloses nothing.
  package var enclosedCentre: SIMD3<Double>? {
    let (volume, first) = moments
    return volume == 0 ? nil : first / volume + reference
  }

  /// Vertices − edges + triangles: 2 for each sphere, 0 for each torus. Vertices that no triangle uses do not count.
  package var eulerCharacteristic: Int {
    var isUsed = [Bool](repeating: false, count: vertices.count)
    for triangle in triangles {
      for k in 0..<3 { isUsed[Int(triangle[k])] = true }
    }
    return isUsed.count { $0 } - edgeUses().count + triangles.count
  }

  /// Whether every edge has exactly two triangles, which run along it in opposite directions: no border, no edge with
  /// three triangles, one side throughout.
  package var isClosedAndOriented: Bool { edgeUses().allSatisfy { $0.forward == 1 && $0.backward == 1 } }

  /// How often each edge is run along from its lower vertex to its higher one, and back.
  private func edgeUses() -> [(forward: Int, backward: Int)] {
    var keys: [UInt64] = []
    keys.reserveCapacity(triangles.count * 3)
    for triangle in triangles {
      for k in 0..<3 {
        let (a, b) = (triangle[k], triangle[(k + 1) % 3])
        // The lowest bit says the direction, so that one sort brings the uses of an edge together.
        keys.append(UInt64(min(a, b)) << 33 | UInt64(max(a, b)) << 1 | (a < b ? 0 : 1))
      }
    }
    keys.sort()
    var result: [(forward: Int, backward: Int)] = []
    var last: UInt64?
    for key in keys {
      if key >> 1 != last {
        result.append((0, 0))
        last = key >> 1
      }
      if key & 1 == 0 { result[result.count - 1].forward += 1 } else { result[result.count - 1].backward += 1 }
    }
    return result
  }

  /// A point near the surface: tetrahedra from there, and not from a far zero, do not lose digits.
  private var reference: SIMD3<Double> { vertices.first.map { SIMD3<Double>($0) } ?? .zero }

  /// Volume and first moment about `reference`, by the divergence theorem: the sum over tetrahedra from there to each
  /// triangle.
  private var moments: (volume: Double, first: SIMD3<Double>) {
    let origin = reference
    var volume = 0.0
    var first = SIMD3<Double>.zero
    for index in triangles.indices {
      let corners = corners(index)
      let a = SIMD3<Double>(corners.0) - origin
      let b = SIMD3<Double>(corners.1) - origin
      let c = SIMD3<Double>(corners.2) - origin
      let part = (a * b.cross(c)).sum() / 6
      volume += part
      first += (a + b + c) * (part / 4)
    }
    return (volume, first)
  }
}
