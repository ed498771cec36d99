import AisCore

/// Where cubes are cut out of a tomogram for a closer look: evenly spread, of equal edge, inside a region.
///
/// The edge is a power of two from 16 to 64, as large as the region allows while there are at least four cubes.
package struct CubeSampling: Hashable, Sendable {
  package let edge: Int
  package private(set) var z: [Int]
  package let y: [Int]
  package let x: [Int]

  /// Most cubes along each axis.
  package static let cubesPerAxis = 3

  package var count: Int { z.count * y.count * x.count }

  /// - Parameter region: voxels that hold something, half-open on each axis. `nil` comes back when it is thinner than
  ///   16 voxels on an axis.
  package init?(region: VoxelBox) {
    let extents = [region.z.count, region.y.count, region.x.count]
    guard let thinnest = extents.min(), thinnest >= 16 else { return nil }
    var edge = 64
    while edge > thinnest { edge /= 2 }
    func places(_ range: Range<Int>) -> [Int] {
      let room = range.count - edge
      let count = min(Self.cubesPerAxis, 1 + (room + edge / 2 - 1) / (edge / 2))
      return (0..<count).map { range.lowerBound + (count == 1 ? room / 2 : room * $0 / (count - 1)) }
    }
    if edge > 16, extents.map({ min(Self.cubesPerAxis, 1 + ($0 - edge + edge / 2 - 1) / (edge / 2)) }).reduce(1, *) < 4
    {
      edge /= 2
    }
    self.edge = edge
    z = places(region.z)
    y = places(region.y)
    x = places(region.x)
  }

  /// Keeps only so many layers of cubes, from the middle outwards.
  package mutating func keepLayers(_ count: Int) {
    precondition(count >= 1 && count <= z.count, "there are 1 to \(z.count) layers to keep")
    let first = (z.count - count) / 2
    z = Array(z[first..<first + count])
  }

  /// Reads the cubes, layer after layer, and hands each to `visit` as `[z][y][x]`.
  ///
  /// Holds one slice and one layer of cubes (at most 9 × 64³ voxels, 9.4 MB) in memory. Voxels that are not finite
  /// become the mean of the cube's finite ones; a cube without any is passed over.
  package func forEachCube(
    of source: some SliceSource, cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in },
    _ visit: ([Float]) -> Void
  ) throws(AisError) {
    var slice = [Float](repeating: 0, count: source.shape.sliceCount)
    for (layer, first) in z.enumerated() {
      var cubes = [[Float]](repeating: [], count: y.count * x.count)
      for i in cubes.indices { cubes[i].reserveCapacity(edge * edge * edge) }
      for depth in 0..<edge {
        try cancellation?.check()
        try source.read(first + depth, into: &slice)
        for (row, top) in y.enumerated() {
          for (column, left) in x.enumerated() {
            for line in top..<top + edge {
              let start = line * source.shape.x + left
              cubes[row * x.count + column] += slice[start..<start + edge]
            }
          }
        }
        progress((Double(layer) + Double(depth + 1) / Double(edge)) / Double(z.count))
      }
      for cube in cubes {
        let finite = cube.filter(\.isFinite)
        guard !finite.isEmpty else { continue }
        if finite.count == cube.count {
          visit(cube)
        } else {
          let mean = finite.reduce(0.0) { $0 + Double($1) } / Double(finite.count)
          visit(cube.map { $0.isFinite ? $0 : Float(mean) })
        }
      }
    }
  }
}

extension SliceSource {
  /// Reads slice `z` into an array of `shape.sliceCount` values.
  package func read(_ z: Int, into slice: inout [Float]) throws(AisError) {
    var failure: AisError?
    slice.withUnsafeMutableBufferPointer { buffer in
      do throws(AisError) { try readSlice(z, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
