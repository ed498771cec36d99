import AisCore
import Synchronization

/// Surfaces of constant value by marching cubes: welded, closed, a manifold, facing outwards.
///
/// A voxel is inside when its value is greater than the level; NaN is outside. The surface is closed where a part touches
/// the volume's faces, half a voxel beyond the last centres. Vertices are in voxels, x, y, z, centres on whole numbers;
/// they lie on the lines between neighbouring voxels where linear interpolation meets the level, at least 1/64 voxel from
/// either end. Which triangles join them is told by `CellTable`. Results do not depend on the number of threads.
package enum MarchingCubes {
  /// The surface around everything above the level in a volume in memory.
  package static func surface(of volume: Volume<Float>, level: Float, threads: Int = 1) -> SurfaceMesh {
    guard volume.shape.count > 0 else { return SurfaceMesh() }
    do throws(AisError) {
      return try surfaces(of: WholeVolumeField(volume, level: level), level: level, threads: threads)[0]
    } catch {
      preconditionFailure("nothing is read and nothing can be cancelled, and yet: \(error)")
    }
  }

  /// One surface for each part of a volume, in a single pass over its slices.
  ///
  /// Parts must be apart: no voxel of one may share a face with a voxel of another. Each part's surface is then the one
  /// that it would have if it were alone. Besides the surfaces themselves, a thread keeps four slices and the piece of
  /// surface of 16.
  ///
  /// - Parameters:
  ///   - vertexCounts: how many vertices each part will have, where that is known: room is then made once.
  ///   - progress: called with the fraction of the slices that are done, from the calling thread.
  /// - Throws: what reading throws; `.cancelled`; `.limitExceeded` for a part of more than 2³¹ vertices.
  package static func surfaces(
    of field: any SurfaceField, level: Float, vertexCounts: ComponentField.VertexCounts? = nil, threads: Int = 1,
    cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [SurfaceMesh] {
    precondition(field.shape.count > 0, "a volume of \(field.shape) has no voxel")
    var assembly = Assembly(
      partCount: field.partCount, vertexCounts: vertexCounts?.ofParts, threads: threads)
    // A layer below the first slice and one above the last close the surface.
    let layers = -1..<field.shape.z
    let starts = Array(stride(from: layers.lowerBound, to: layers.upperBound, by: blockHeight))
    // Each block of a wave has its own, which the block at the same place of the next wave uses again.
    let workshops = (0..<min(max(1, threads), starts.count)).map { _ in SurfaceWorkshop(field.shape) }
    nonisolated(unsafe) let places = workshops
    var next = 0
    while next < starts.count {
      try cancellation.check()
      let wave = starts[next..<min(next + workshops.count, starts.count)]
      let results = Mutex([Int: Result<SurfaceBlock, AisError>]())
      Slabs.forEach(count: wave.count, threads: threads) { indices in
        for index in indices {
          let start = wave[wave.startIndex + index]
          let result = Result { () throws(AisError) in
            try SurfaceBlock.make(
              of: field, level: level, layers: start..<min(start + blockHeight, layers.upperBound), in: places[index])
          }
          results.withLock { $0[index] = result }
        }
      }
      var blocks = results.withLock { $0 }
      for index in 0..<wave.count {
        guard let block = try blocks.removeValue(forKey: index)?.get() else { continue }
        try assembly.add(block)
        workshops[index].spare = block
      }
      next += wave.count
      progress(Double(next) / Double(starts.count))
    }
    return assembly.meshes
  }

  /// Memory that making surfaces takes, in bytes, the surfaces themselves included.
  package static func byteCount(of counts: ComponentField.VertexCounts, shape: Shape, threads: Int) -> Int {
    // A vertex has two triangles on closed surfaces without handles, 2.3 in noise; 2.86 is the most there can be.
    let vertex = MemoryLayout<SIMD3<Float>>.stride + MemoryLayout<SIMD3<UInt32>>.stride * 5 / 2
    // Two framed slices of five arrays, a plain one, and one of vertices along z.
    let slices = (shape.x + 16) * (shape.y + 2) * (2 * 17 + 4 + 4)
    // The pieces that are being made: their arrays grow by doubling.
    let fullest =
      counts.ofSlices.indices.lazy
      .map { counts.ofSlices[$0..<min($0 + blockHeight + 1, counts.ofSlices.count)].reduce(0, +) }.max() ?? 0
    return counts.ofParts.reduce(0, +) * vertex + threads * (slices + fullest * 2 * vertex)
  }

  /// Layers of a block. A constant, so that vertices have the same order for any number of threads.
  private static let blockHeight = 16
}

/// Joins blocks, in order from the lowest, into one mesh a part.
private struct Assembly {
  var meshes: [SurfaceMesh]
  private let threads: Int
  /// Vertices of each part so far.
  private var counts: [Int]
  /// Which vertex of its part's mesh each vertex of the block is. Those in its lowest slice are known from the block below.
  private var places: [UInt32] = []

  init(partCount: Int, vertexCounts: [Int]?, threads: Int) {
    meshes = Array(repeating: SurfaceMesh(), count: partCount)
    counts = Array(repeating: 0, count: partCount)
    self.threads = max(1, min(threads, partCount))
    for (part, count) in (vertexCounts ?? []).enumerated() {
      meshes[part].vertices.reserveCapacity(count)
      // More than there can be: four polygons of at most seven corners meet at a vertex. Room that is never used is never
      // given by the system, while growing would need both the old and the new room at once.
      meshes[part].triangles.reserveCapacity(count * 20 / 7)
    }
  }

  mutating func add(_ block: SurfaceBlock) throws(AisError) {
    // The block's lowest vertices are those of the block below: the same, in the same order.
    let known = places.count
    precondition(known == block.lowestCount, "two blocks disagree about the slice that they share")
    places.reserveCapacity(block.vertices.count)
    for part in block.parts[known...] {
      places.append(UInt32(truncatingIfNeeded: counts[Int(part)]))
      counts[Int(part)] += 1
    }
    if let largest = counts.max(), largest > Int32.max {
      throw AisError(
        .limitExceeded, "a surface of more than \(Int32.max) vertices cannot be made: bin the volume")
    }
    // Room is given by the system as it is filled, which takes longer than filling it: each thread fills that of its parts.
    let threads = threads
    places.withUnsafeBufferPointer { places in
      block.withContents { contents in
        meshes.withUnsafeMutableBufferPointer { buffer in
          // Each mesh is changed by the one thread that has its part; nobody changes the places.
          nonisolated(unsafe) let (meshes, places) = (buffer, places)
          Slabs.forEachItem(count: threads, threads: threads) { item in
            contents.forEachStretch(ofVerticesFrom: known) { part, vertices in
              if part % threads == item { meshes[part].vertices.append(contentsOf: vertices) }
            }
            contents.forEachStretchOfTriangles { part, triangles in
              if part % threads != item { return }
              meshes[part].triangles.append(
                contentsOf: triangles.lazy.map { SIMD3(places[Int($0.x)], places[Int($0.y)], places[Int($0.z)]) })
            }
          }
        }
      }
    }
    self.places = Array(places[block.highest])
  }
}

extension SurfaceBlock {
  /// Hands out what the block holds as bare memory: stretches of arrays would be counted in and out by all threads at once.
  fileprivate func withContents(_ body: (Contents) -> Void) {
    vertices.withUnsafeBufferPointer { vertices in
      parts.withUnsafeBufferPointer { parts in
        triangles.withUnsafeBufferPointer { triangles in
          body(Contents(vertices: vertices, parts: parts, triangles: triangles))
        }
      }
    }
  }

  /// Not to be used after the call that it was given to. Sendable, for nobody changes the memory meanwhile.
  fileprivate struct Contents: @unchecked Sendable {
    let vertices: UnsafeBufferPointer<SIMD3<Float>>
    let parts: UnsafeBufferPointer<Int32>
    let triangles: UnsafeBufferPointer<SIMD3<UInt32>>

    /// Calls `body` with each stretch of neighbouring vertices of one part; neighbours mostly are.
    @inline(__always)
    func forEachStretch(
      ofVerticesFrom first: Int, _ body: (_ part: Int, _ vertices: UnsafeBufferPointer<SIMD3<Float>>) -> Void
    ) {
      forEachStretch(first..<vertices.count, part: { parts[$0] }) { part, range in
        body(part, UnsafeBufferPointer(rebasing: vertices[range]))
      }
    }

    /// Calls `body` with each stretch of neighbouring triangles of one part.
    @inline(__always)
    func forEachStretchOfTriangles(
      _ body: (_ part: Int, _ triangles: UnsafeBufferPointer<SIMD3<UInt32>>) -> Void
    ) {
      forEachStretch(0..<triangles.count, part: { parts[Int(triangles[$0].x)] }) { part, range in
        body(part, UnsafeBufferPointer(rebasing: triangles[range]))
      }
    }

    @inline(__always)
    private func forEachStretch(
      _ range: Range<Int>, part: (Int) -> Int32, _ body: (_ part: Int, _ range: Range<Int>) -> Void
    ) {
      var first = range.lowerBound
      while first < range.upperBound {
        let own = part(first)
        var end = first + 1
        while end < range.upperBound && part(end) == own { end += 1 }
        body(Int(own), first..<end)
        first = end
      }
    }
  }
}
