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
    var assembly = Assembly(partCount: field.partCount, vertexCounts: vertexCounts?.ofParts)
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
  /// For the vertices in the highest slice so far: which vertex of its part's mesh each is.
  private var seam: [UInt32] = []

  init(partCount: Int, vertexCounts: [Int]?) {
    meshes = Array(repeating: SurfaceMesh(), count: partCount)
    for (part, count) in (vertexCounts ?? []).enumerated() {
      meshes[part].vertices.reserveCapacity(count)
      // More than there can be: four polygons of at most seven corners meet at a vertex. Room that is never used is never
      // given by the system, while growing would need both the old and the new room at once.
      meshes[part].triangles.reserveCapacity(count * 20 / 7)
    }
  }

  mutating func add(_ block: SurfaceBlock) throws(AisError) {
    // The block's lowest vertices are those of the block below: the same, in the same order.
    var places = seam
    precondition(seam.count == block.lowestCount, "two blocks disagree about the slice that they share")
    places.reserveCapacity(block.vertices.count)
    // Neighbours mostly belong to one part: they go over together.
    block.parts.withUnsafeBufferPointer { parts in
      block.vertices.withUnsafeBufferPointer { vertices in
        var first = places.count
        while first < parts.count {
          let part = parts[first]
          var end = first + 1
          while end < parts.count && parts[end] == part { end += 1 }
          let base = UInt32(truncatingIfNeeded: meshes[Int(part)].vertices.count)
          places.append(contentsOf: base..<base + UInt32(truncatingIfNeeded: end - first))
          meshes[Int(part)].vertices.append(contentsOf: UnsafeBufferPointer(rebasing: vertices[first..<end]))
          first = end
        }
      }
      places.withUnsafeBufferPointer { places in
        block.triangles.withUnsafeBufferPointer { triangles in
          var first = 0
          while first < triangles.count {
            let part = parts[Int(triangles[first].x)]
            var end = first + 1
            while end < triangles.count && parts[Int(triangles[end].x)] == part { end += 1 }
            meshes[Int(part)].triangles.append(
              contentsOf: UnsafeBufferPointer(rebasing: triangles[first..<end]).lazy.map {
                SIMD3(places[Int($0.x)], places[Int($0.y)], places[Int($0.z)])
              })
            first = end
          }
        }
      }
    }
    if let largest = meshes.map(\.vertices.count).max(), largest > Int32.max {
      throw AisError(
        .limitExceeded, "a surface of more than \(Int32.max) vertices cannot be made: bin the volume")
    }
    seam = Array(places[block.highest])
  }
}
