import AisCore

/// Hollows inside objects.
package enum Cavities {
  /// Fills background that no way over faces connects with the outside of the volume: pores of a noisy object and the inside
  /// of closed tubes and shells, which would stay shells when thinned.
  ///
  /// - Returns: how many voxels were filled with 1.
  package static func fill(in mask: inout Volume<UInt8>) -> Int {
    let shape = mask.shape
    guard shape.count > 0 else { return 0 }
    // 0: not reached yet, 1: outside. The walk starts at every background voxel of the faces.
    var isOutside = [Bool](repeating: false, count: shape.count)
    var waiting: [Int] = []
    func visit(_ index: Int) {
      if mask.voxels[index] == 0, !isOutside[index] {
        isOutside[index] = true
        waiting.append(index)
      }
    }
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        let row = (z * shape.y + y) * shape.x
        if z == 0 || z == shape.z - 1 || y == 0 || y == shape.y - 1 {
          for x in 0..<shape.x { visit(row + x) }
        } else {
          visit(row)
          visit(row + shape.x - 1)
        }
      }
    }
    while let index = waiting.popLast() {
      let x = index % shape.x
      let y = index / shape.x % shape.y
      let z = index / shape.sliceCount
      if x > 0 { visit(index - 1) }
      if x < shape.x - 1 { visit(index + 1) }
      if y > 0 { visit(index - shape.x) }
      if y < shape.y - 1 { visit(index + shape.x) }
      if z > 0 { visit(index - shape.sliceCount) }
      if z < shape.z - 1 { visit(index + shape.sliceCount) }
    }
    var filled = 0
    for index in mask.voxels.indices where mask.voxels[index] == 0 && !isOutside[index] {
      mask.voxels[index] = 1
      filled += 1
    }
    return filled
  }

  /// Fills background voxels that at least 20 of their 26 neighbours enclose: pores, and tunnels of one voxel's width, which
  /// would stay rings when thinned. Slits between parallel objects (18 neighbours) stay open. Outside of the volume is
  /// background.
  ///
  /// - Returns: how many voxels were filled with 1.
  package static func fillPores(in mask: inout Volume<UInt8>) -> Int {
    let shape = mask.shape
    guard shape.z > 2, shape.y > 2, shape.x > 2 else { return 0 }
    var pores: [Int] = []
    mask.voxels.withUnsafeBufferPointer { voxels in
      for z in 1..<shape.z - 1 {
        for y in 1..<shape.y - 1 {
          for x in 1..<shape.x - 1 {
            let index = (z * shape.y + y) * shape.x + x
            guard voxels[index] == 0 else { continue }
            var count = 0
            for plane in stride(from: index - shape.sliceCount, through: index + shape.sliceCount, by: shape.sliceCount)
            {
              for row in stride(from: plane - shape.x, through: plane + shape.x, by: shape.x) {
                for other in row - 1...row + 1 where voxels[other] != 0 { count += 1 }
              }
            }
            if count >= 20 { pores.append(index) }
          }
        }
      }
    }
    for index in pores { mask.voxels[index] = 1 }
    return pores.count
  }
}
