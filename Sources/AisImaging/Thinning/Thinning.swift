import AisCore

/// Thinning in three dimensions: an object is peeled from six sides until a curve of one voxel's width is left.
package enum Thinning {
  /// The curve skeleton of a mask: voxels that are not 0 form the object.
  ///
  /// Topology is kept: as many pieces (over corners, 26), tunnels and cavities (over faces, 6) as the mask has; a closed
  /// shell therefore stays a shell. Ends of curves are kept; a rod with rounded ends keeps its axis. Outside of the
  /// volume is background. Every voxel left is the end of a curve or cannot be removed without a change of topology.
  ///
  /// From each of six sides in turn, the voxels that face the background there, are not ends (one neighbour) and are simple
  /// are collected, and removed one after the other if they are then still simple (Lee, Kashyap & Chu 1994). Only voxels on the
  /// object's surface are looked at: work grows with the surface times the thickness, memory is one byte a voxel.
  ///
  /// - Returns: a volume of the same shape, 1 on the skeleton.
  /// - Throws: `.cancelled`.
  package static func skeleton(
    of mask: Volume<UInt8>, cancellation: Cancellation = Cancellation()
  ) throws(AisError) -> Volume<UInt8> {
    var peeling = Peeling(mask)
    while true {
      var removed = 0
      for side in peeling.sides {
        try cancellation.check()
        removed += peeling.peel(side)
      }
      if removed == 0 { return peeling.result }
    }
  }
}

/// An object that is being peeled: its voxels in a frame of zeros, and those on its surface.
private struct Peeling {
  private static let inside: UInt8 = 1
  /// An object voxel that stands in `surface`. The lowest bit says "object" in both.
  private static let exposed: UInt8 = 3

  private let shape: Shape
  private let rowStride: Int
  private let planeStride: Int
  /// Offsets of the six face neighbours; opposite sides follow each other, so that the curve stays near the middle.
  let sides: [Int]
  private var voxels: [UInt8]
  /// Object voxels with a face to the background, in scan order.
  private var surface: [Int] = []

  init(_ mask: Volume<UInt8>) {
    shape = mask.shape
    rowStride = shape.x + 2
    planeStride = rowStride * (shape.y + 2)
    sides = [-planeStride, planeStride, -rowStride, rowStride, -1, 1]
    voxels = [UInt8](repeating: 0, count: planeStride * (shape.z + 2))
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        let source = (z * shape.y + y) * shape.x
        let target = (z + 1) * planeStride + (y + 1) * rowStride + 1
        for x in 0..<shape.x where mask.voxels[source + x] != 0 { voxels[target + x] = Self.inside }
      }
    }
    for index in voxels.indices where voxels[index] != 0 {
      if sides.contains(where: { voxels[index + $0] == 0 }) {
        voxels[index] = Self.exposed
        surface.append(index)
      }
    }
  }

  /// Removes what can go from one side, and returns how many voxels that was.
  mutating func peel(_ side: Int) -> Int {
    let candidates = surface.filter { index in
      guard voxels[index + side] == 0 else { return false }
      let around = neighbourhood(of: index)
      return around.count > 1 && around.isSimple
    }
    var removed = 0
    var uncovered: [Int] = []
    for index in candidates {
      let around = neighbourhood(of: index)
      // Where the object is one voxel thick, what was removed before may have made an end of this one: ribbons two voxels
      // wide would be eaten up. On a thick object such a voxel is a bump, which goes.
      let isEnd = around.count <= 1 && voxels[index - side] == 0
      guard around.isSimple, !isEnd else { continue }
      voxels[index] = 0
      removed += 1
      for neighbour in sides where voxels[index + neighbour] == Self.inside {
        voxels[index + neighbour] = Self.exposed
        uncovered.append(index + neighbour)
      }
    }
    if removed > 0 { updateSurface(adding: uncovered.sorted()) }
    return removed
  }

  /// Drops removed voxels and merges newly uncovered ones, both in scan order: the result does not depend on when a voxel
  /// came to the surface.
  private mutating func updateSurface(adding uncovered: [Int]) {
    var merged: [Int] = []
    merged.reserveCapacity(surface.count + uncovered.count)
    var next = 0
    for index in surface where voxels[index] != 0 {
      while next < uncovered.count, uncovered[next] < index {
        if voxels[uncovered[next]] != 0 { merged.append(uncovered[next]) }
        next += 1
      }
      merged.append(index)
    }
    for index in uncovered[next...] where voxels[index] != 0 { merged.append(index) }
    surface = merged
  }

  @inline(__always)
  private func neighbourhood(of index: Int) -> Neighbourhood {
    voxels.withUnsafeBufferPointer { voxels in
      var bits: UInt32 = 0
      var shift: UInt32 = 0
      var plane = index &- planeStride &- rowStride
      for _ in 0..<3 {
        var row = plane
        for _ in 0..<3 {
          let triple =
            UInt32(voxels[row &- 1] & 1) | UInt32(voxels[row] & 1) << 1 | UInt32(voxels[row &+ 1] & 1) << 2
          bits |= triple << shift
          shift += 3
          row &+= rowStride
        }
        plane &+= planeStride
      }
      return Neighbourhood(object: bits)
    }
  }

  var result: Volume<UInt8> {
    var skeleton = Volume<UInt8>(shape: shape, repeating: 0)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        let source = (z + 1) * planeStride + (y + 1) * rowStride + 1
        let target = (z * shape.y + y) * shape.x
        for x in 0..<shape.x { skeleton.voxels[target + x] = voxels[source + x] & 1 }
      }
    }
    return skeleton
  }
}
