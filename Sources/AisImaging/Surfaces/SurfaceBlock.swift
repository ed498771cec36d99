import AisCore

/// The piece of a surface between two slices, with what is needed to join it to the pieces below and above.
struct SurfaceBlock: Sendable {
  /// In voxels: centres on whole numbers, counted from 0.
  var vertices: [SIMD3<Float>] = []
  /// The part that each vertex belongs to.
  var parts: [Int32] = []
  /// Indices into this block's vertices.
  var triangles: [SIMD3<UInt32>] = []
  /// The vertices that lie in the lowest slice come first; they are, in the same order, those of the block below in its
  /// highest slice.
  var lowestCount = 0
  var highest = 0..<0

  /// - Parameters:
  ///   - layers: layer l lies between the slices l and l + 1; there is one below the volume and one above it, for everything
  ///     outside the volume counts as outside the surface.
  ///   - workshop: memory for the work, to be used again for the next block.
  static func make(
    of field: any SurfaceField, level: Float, layers: Range<Int>, in workshop: SurfaceWorkshop
  ) throws(AisError) -> SurfaceBlock {
    var block = workshop.takeSpare()
    var (below, above) = (workshop.slices.0, workshop.slices.1)
    try workshop.load(layers.lowerBound, of: field, into: below)
    block.addVertices(in: below, workshop, level)
    block.lowestCount = block.vertices.count
    block.highest = 0..<block.vertices.count
    for layer in layers {
      try workshop.load(layer + 1, of: field, into: above)
      let first = block.vertices.count
      block.addVertices(in: above, workshop, level)
      block.highest = first..<block.vertices.count
      if !below.isEmpty || !above.isEmpty {
        block.addVertices(between: below, and: above, workshop, level)
        block.addTriangles(between: below, and: above, workshop)
      }
      swap(&below, &above)
    }
    return block
  }

  /// How far from the first voxel to the second the level is crossed.
  ///
  /// Kept off both ends, so that vertices of different edges never coincide where a value equals the level. In the
  /// middle where a value is not a number; the frame is such, so that surfaces are capped at the faces of the volume.
  @inline(__always)
  private static func crossing(_ level: Float, _ first: Float, _ second: Float) -> Float {
    let fraction = (level - first) / (second - first)
    return fraction.isFinite ? min(max(fraction, 1 / 64), 63 / 64) : 0.5
  }

  /// Vertices on the edges along x and y of one slice.
  private mutating func addVertices(in slice: FramedSlice, _ workshop: SurfaceWorkshop, _ level: Float) {
    if slice.isEmpty { return }
    let (pitch, rows) = (workshop.pitch, workshop.rows)
    let (flags, values) = (slice.flags, slice.values)
    let z = Float(slice.z)
    for row in 0..<rows - 1 {
      let y = Float(row - 1)
      for start in stride(from: 0, to: pitch - 8, by: 8) {
        let here = row * pitch + start
        let own = flags.eight(at: here)
        var changes = own ^ flags.eight(at: here + 1)
        while changes != 0 {
          let lane = changes.trailingZeroBitCount / 8
          changes &= changes - 1
          let i = here + lane
          slice.alongX[i] = UInt32(truncatingIfNeeded: vertices.count)
          let x = Float(start + lane - 1) + Self.crossing(level, values[i], values[i + 1])
          vertices.append(SIMD3(x, y, z))
          parts.append(flags[i] != 0 ? slice.parts[i] : slice.parts[i + 1])
        }
        changes = own ^ flags.eight(at: here + pitch)
        while changes != 0 {
          let lane = changes.trailingZeroBitCount / 8
          changes &= changes - 1
          let i = here + lane
          slice.alongY[i] = UInt32(truncatingIfNeeded: vertices.count)
          let fraction = Self.crossing(level, values[i], values[i + pitch])
          vertices.append(SIMD3(Float(start + lane - 1), y + fraction, z))
          parts.append(flags[i] != 0 ? slice.parts[i] : slice.parts[i + pitch])
        }
      }
    }
  }

  /// Vertices on the edges from one slice up to the next.
  private mutating func addVertices(
    between below: FramedSlice, and above: FramedSlice, _ workshop: SurfaceWorkshop, _ level: Float
  ) {
    let (pitch, rows) = (workshop.pitch, workshop.rows)
    let z = Float(below.z)
    for row in 1..<rows - 1 {
      let y = Float(row - 1)
      for start in stride(from: 0, to: pitch - 8, by: 8) {
        let here = row * pitch + start
        var changes = below.flags.eight(at: here) ^ above.flags.eight(at: here)
        while changes != 0 {
          let lane = changes.trailingZeroBitCount / 8
          changes &= changes - 1
          let i = here + lane
          workshop.alongZ[i] = UInt32(truncatingIfNeeded: vertices.count)
          let fraction = Self.crossing(level, below.values[i], above.values[i])
          vertices.append(SIMD3(Float(start + lane - 1), y, z + fraction))
          parts.append(below.flags[i] != 0 ? below.parts[i] : above.parts[i])
        }
      }
    }
  }

  /// The triangles of the cells between two slices whose vertices are there.
  private mutating func addTriangles(
    between below: FramedSlice, and above: FramedSlice, _ workshop: SurfaceWorkshop
  ) {
    let (pitch, rows) = (workshop.pitch, workshop.rows)
    let (low, high) = (below.flags, above.flags)
    // For each edge of a cell, in the order of the table, the vertices on it, counted from the cell's first corner.
    let onEdges: [UnsafeMutablePointer<UInt32>] = [
      below.alongX, below.alongX + pitch, above.alongX, above.alongX + pitch,
      below.alongY, below.alongY + 1, above.alongY, above.alongY + 1,
      workshop.alongZ, workshop.alongZ + 1, workshop.alongZ + pitch, workshop.alongZ + pitch + 1,
    ]
    onEdges.withUnsafeBufferPointer { onEdges in
      CellTable.standard.edges.withUnsafeBufferPointer { edges in
        CellTable.standard.starts.withUnsafeBufferPointer { starts in
          for row in 0..<rows - 1 {
            for start in stride(from: 0, to: pitch - 8, by: 8) {
              let here = row * pitch + start
              // Eight cells at once: a byte of each word is one cell's corner.
              let (c0, c1) = (low.eight(at: here), low.eight(at: here + 1))
              let (c2, c3) = (low.eight(at: here + pitch), low.eight(at: here + pitch + 1))
              let (c4, c5) = (high.eight(at: here), high.eight(at: here + 1))
              let (c6, c7) = (high.eight(at: here + pitch), high.eight(at: here + pitch + 1))
              let some = c0 | c1 | c2 | c3 | c4 | c5 | c6 | c7
              var active = some ^ (c0 & c1 & c2 & c3 & c4 & c5 & c6 & c7)
              if active == 0 { continue }
              let configurations = c0 | c1 << 1 | c2 << 2 | c3 << 3 | c4 << 4 | c5 << 5 | c6 << 6 | c7 << 7
              while active != 0 {
                let lane = active.trailingZeroBitCount / 8
                active &= active - 1
                let configuration = Int(configurations >> UInt64(lane * 8) & 0xFF)
                let i = here + lane
                var k = Int(starts[configuration])
                let end = Int(starts[configuration + 1])
                while k < end {
                  triangles.append(
                    SIMD3(
                      onEdges[Int(edges[k])][i], onEdges[Int(edges[k + 1])][i], onEdges[Int(edges[k + 2])][i]))
                  k += 3
                }
              }
            }
          }
        }
      }
    }
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Eight bytes from `index` on, the first in the lowest bits.
  @inline(__always)
  fileprivate func eight(at index: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(self + index).loadUnaligned(as: UInt64.self))
  }
}
