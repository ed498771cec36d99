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

  /// - Parameter layers: layer l lies between the slices l and l + 1; there is one below the volume and one above it, for
  ///   everything outside the volume counts as outside the surface.
  static func make(of field: any SurfaceField, level: Float, layers: Range<Int>) throws(AisError) -> SurfaceBlock {
    var builder = BlockBuilder(field, level: level)
    var below = builder.makeSlice()
    try builder.load(layers.lowerBound, into: &below)
    builder.addVertices(in: &below)
    builder.block.lowestCount = builder.block.vertices.count
    builder.block.highest = 0..<builder.block.vertices.count
    var above = builder.makeSlice()
    for layer in layers {
      try builder.load(layer + 1, into: &above)
      let first = builder.block.vertices.count
      builder.addVertices(in: &above)
      builder.block.highest = first..<builder.block.vertices.count
      if !below.isEmpty || !above.isEmpty {
        builder.addVertices(between: below, and: above)
        builder.addTriangles(between: below, and: above)
      }
      swap(&below, &above)
    }
    return builder.block
  }
}

/// One slice with a frame of outside voxels around it, and the vertices on its edges.
private struct FramedSlice {
  var z = 0
  var isEmpty = true
  /// NaN where there is no voxel.
  var values: [Float]
  /// Part + 1, or 0 outside.
  var labels: [Int32]
  /// 1 inside, 0 outside: eight of them fit a register.
  var flags: [UInt8]
  /// The vertex on the edge from each voxel to its neighbour along x and y, where there is one.
  var alongX: [UInt32]
  var alongY: [UInt32]
}

/// Makes vertices and triangles slice by slice.
///
/// Not generic over the field, which is asked once a slice: a generic would not be specialised for fields of other modules.
private struct BlockBuilder {
  let field: any SurfaceField
  let level: Float
  /// Voxels in a framed row: one more at each end, filled up so that eight flags can be read from any voxel's place.
  let pitch: Int
  let rows: Int
  var block = SurfaceBlock()
  /// The vertex on the edge from each voxel to the one above it.
  private var alongZ: [UInt32]
  private var plainLabels: [Int32]
  private var plainValues: [Float]

  init(_ field: any SurfaceField, level: Float) {
    self.field = field
    self.level = level
    pitch = (field.shape.x + 2 + 7) / 8 * 8 + 8
    rows = field.shape.y + 2
    alongZ = Array(repeating: 0, count: pitch * rows)
    plainLabels = Array(repeating: 0, count: field.shape.sliceCount)
    plainValues = Array(repeating: 0, count: field.shape.sliceCount)
  }

  func makeSlice() -> FramedSlice {
    let count = pitch * rows
    return FramedSlice(
      values: Array(repeating: .nan, count: count), labels: Array(repeating: 0, count: count),
      // One more group of eight, for the last row is read one further.
      flags: Array(repeating: 0, count: count + 8), alongX: Array(repeating: 0, count: count),
      alongY: Array(repeating: 0, count: count))
  }

  /// Whether slice `z` lies outside the volume or holds no voxel of any part.
  private func isEmpty(_ z: Int) -> Bool { !(0..<field.shape.z).contains(z) || field.isEmpty(z) }

  mutating func load(_ z: Int, into slice: inout FramedSlice) throws(AisError) {
    let (field, pitch) = (field, pitch)
    if !slice.isEmpty {
      for i in slice.flags.indices { slice.flags[i] = 0 }
    }
    slice.z = z
    slice.isEmpty = isEmpty(z)
    if !slice.isEmpty {
      plainLabels.withUnsafeMutableBufferPointer { field.paint(z, into: $0) }
      frameLabels(in: &slice)
    }
    guard (0..<field.shape.z).contains(z) else {
      for i in slice.values.indices { slice.values[i] = .nan }
      return
    }
    // Values count only where the surface passes, which is beside a voxel that is inside.
    guard !slice.isEmpty || !isEmpty(z - 1) || !isEmpty(z + 1) else { return }
    var failure: AisError?
    plainValues.withUnsafeMutableBufferPointer { values in
      do throws(AisError) { try field.readValues(z, into: values) } catch { failure = error }
    }
    if let failure { throw failure }
    let (width, height) = (field.shape.x, field.shape.y)
    plainValues.withUnsafeBufferPointer { plain in
      slice.values.withUnsafeMutableBufferPointer { values in
        for y in 0..<height {
          let row = UnsafeBufferPointer(rebasing: plain[y * width..<(y + 1) * width])
          _ = values[((y + 1) * pitch + 1)...].update(fromContentsOf: row)
        }
      }
    }
  }

  /// Copies the labels of a slice into its frame, sets the flags, and leaves the plain labels clean for the next one.
  private mutating func frameLabels(in slice: inout FramedSlice) {
    let (width, height, pitch) = (field.shape.x, field.shape.y, pitch)
    plainLabels.withUnsafeMutableBufferPointer { plain in
      slice.labels.withUnsafeMutableBufferPointer { labels in
        slice.flags.withUnsafeMutableBufferPointer { flags in
          for y in 0..<height {
            let (from, to) = (y * width, (y + 1) * pitch + 1)
            for x in 0..<width {
              labels[to + x] = plain[from + x]
              flags[to + x] = plain[from + x] == 0 ? 0 : 1
            }
          }
        }
      }
      plain.update(repeating: 0)
    }
  }

  /// How far from the first voxel to the second the level is crossed.
  ///
  /// Kept off both ends, so that vertices of different edges never coincide where a value equals the level. In the
  /// middle where a value is not a number; the frame is such, so that surfaces are capped at the faces of the volume.
  @inline(__always)
  private func crossing(_ first: Float, _ second: Float) -> Float {
    let fraction = (level - first) / (second - first)
    return fraction.isFinite ? min(max(fraction, 1 / 64), 63 / 64) : 0.5
  }

  /// Vertices on the edges along x and y of one slice.
  mutating func addVertices(in slice: inout FramedSlice) {
    if slice.isEmpty { return }
    let z = Float(slice.z)
    slice.flags.withUnsafeBytes { flags in
      for row in 0..<rows - 1 {
        let y = Float(row - 1)
        for start in stride(from: 0, to: pitch - 8, by: 8) {
          let here = row * pitch + start
          let own = flags.loadUnaligned(fromByteOffset: here, as: UInt64.self)
          let right = flags.loadUnaligned(fromByteOffset: here + 1, as: UInt64.self)
          let below = flags.loadUnaligned(fromByteOffset: here + pitch, as: UInt64.self)
          var changes = own ^ right
          while changes != 0 {
            let lane = changes.trailingZeroBitCount / 8
            changes &= changes - 1
            let i = here + lane
            let x = Float(start + lane - 1)
            slice.alongX[i] = UInt32(truncatingIfNeeded: block.vertices.count)
            block.vertices.append(SIMD3(x + crossing(slice.values[i], slice.values[i + 1]), y, z))
            block.parts.append(max(slice.labels[i] * Int32(flags[i]), slice.labels[i + 1] * Int32(flags[i + 1])) - 1)
          }
          changes = own ^ below
          while changes != 0 {
            let lane = changes.trailingZeroBitCount / 8
            changes &= changes - 1
            let i = here + lane
            let x = Float(start + lane - 1)
            slice.alongY[i] = UInt32(truncatingIfNeeded: block.vertices.count)
            block.vertices.append(SIMD3(x, y + crossing(slice.values[i], slice.values[i + pitch]), z))
            block.parts.append(
              max(slice.labels[i] * Int32(flags[i]), slice.labels[i + pitch] * Int32(flags[i + pitch])) - 1)
          }
        }
      }
    }
  }

  /// Vertices on the edges from one slice up to the next.
  mutating func addVertices(between below: FramedSlice, and above: FramedSlice) {
    let z = Float(below.z)
    below.flags.withUnsafeBytes { low in
      above.flags.withUnsafeBytes { high in
        for row in 1..<rows - 1 {
          let y = Float(row - 1)
          for start in stride(from: 0, to: pitch - 8, by: 8) {
            let here = row * pitch + start
            var changes =
              low.loadUnaligned(fromByteOffset: here, as: UInt64.self)
              ^ high.loadUnaligned(fromByteOffset: here, as: UInt64.self)
            while changes != 0 {
              let lane = changes.trailingZeroBitCount / 8
              changes &= changes - 1
              let i = here + lane
              alongZ[i] = UInt32(truncatingIfNeeded: block.vertices.count)
              let x = Float(start + lane - 1)
              block.vertices.append(SIMD3(x, y, z + crossing(below.values[i], above.values[i])))
              block.parts.append((low[i] != 0 ? below.labels[i] : above.labels[i]) - 1)
            }
          }
        }
      }
    }
  }

  /// The triangles of the cells between two slices whose vertices are there.
  mutating func addTriangles(between below: FramedSlice, and above: FramedSlice) {
    let table = CellTable.standard
    below.flags.withUnsafeBytes { low in
      above.flags.withUnsafeBytes { high in
        for row in 0..<rows - 1 {
          for start in stride(from: 0, to: pitch - 8, by: 8) {
            let here = row * pitch + start
            // Eight cells at once: a byte of each word is one cell's corner.
            func corner(_ flags: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
              flags.loadUnaligned(fromByteOffset: here + offset, as: UInt64.self)
            }
            let (c0, c1) = (corner(low, 0), corner(low, 1))
            let (c2, c3) = (corner(low, pitch), corner(low, pitch + 1))
            let (c4, c5) = (corner(high, 0), corner(high, 1))
            let (c6, c7) = (corner(high, pitch), corner(high, pitch + 1))
            let some = c0 | c1 | c2 | c3 | c4 | c5 | c6 | c7
            var active = some ^ (c0 & c1 & c2 & c3 & c4 & c5 & c6 & c7)
            if active == 0 { continue }
            let configurations = c0 | c1 << 1 | c2 << 2 | c3 << 3 | c4 << 4 | c5 << 5 | c6 << 6 | c7 << 7
            while active != 0 {
              let lane = active.trailingZeroBitCount / 8
              active &= active - 1
              let configuration = Int(configurations >> UInt64(lane * 8) & 0xFF)
              add(table, configuration, at: here + lane, below, above)
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private mutating func add(
    _ table: CellTable, _ configuration: Int, at i: Int, _ below: FramedSlice, _ above: FramedSlice
  ) {
    func vertex(_ edge: UInt8) -> UInt32 {
      switch edge {
      case 0: below.alongX[i]
      case 1: below.alongX[i + pitch]
      case 2: above.alongX[i]
      case 3: above.alongX[i + pitch]
      case 4: below.alongY[i]
      case 5: below.alongY[i + 1]
      case 6: above.alongY[i]
      case 7: above.alongY[i + 1]
      case 8: alongZ[i]
      case 9: alongZ[i + 1]
      case 10: alongZ[i + pitch]
      default: alongZ[i + pitch + 1]
      }
    }
    var k = Int(table.starts[configuration])
    let end = Int(table.starts[configuration + 1])
    while k < end {
      block.triangles.append(SIMD3(vertex(table.edges[k]), vertex(table.edges[k + 1]), vertex(table.edges[k + 2])))
      k += 3
    }
  }
}
