import AisCore

/// Parts a mask into the basins of given seeds, as rising water would fill them.
package enum Watershed {
  /// Every voxel of the mask that a seed can reach through faces gets the number of a seed, from 1 in the order given; 0 elsewhere.
  ///
  /// Flooding by a priority queue (Meyer 1991): the lowest voxel that water has reached spreads first, of equal ones the one
  /// reached first, to its neighbours in the order −z, −y, −x, +x, +y, +z; seeds are reached first, in their order. There are
  /// no lines between the basins. Pass the negative distance to part touching balls. NaN is above everything. Time n log n for
  /// arbitrary heights, memory 16 bytes a voxel.
  ///
  /// - Parameters:
  ///   - height: [z][y][x].
  ///   - seeds: voxels of the mask; those outside are passed over, of several in one voxel the first counts.
  ///   - mask: of the same shape; voxels of 0 are not flooded.
  package static func basins(height: Volume<Float>, seeds: [VoxelIndex], mask: Volume<UInt8>) -> Volume<Int32> {
    let shape = height.shape
    precondition(mask.shape == shape, "mask and heights must have the same shape")
    precondition(shape.count < Int(Int32.max), "a watershed of \(shape) voxels is too large; divide or bin the volume")
    precondition(seeds.count < Int(Int32.max), "too many seeds")
    var basins = Volume<Int32>(shape: shape, repeating: 0)
    guard shape.count > 0, !seeds.isEmpty else { return basins }
    let (ranks, levels) = HeightRanks.ranks(of: height, mask: mask)
    var queue = LevelQueue(items: shape.count, levels: levels)
    let (plane, width) = (shape.sliceCount, shape.x)
    basins.voxels.withUnsafeMutableBufferPointer { labels in
      ranks.withUnsafeBufferPointer { ranks in
        for (number, seed) in seeds.enumerated() {
          precondition(VoxelBox(shape).contains(seed), "seed \(seed) lies outside the volume")
          let index = (seed.z * shape.y + seed.y) * width + seed.x
          guard ranks[index] >= 0, labels[index] == 0 else { continue }
          labels[index] = Int32(number + 1)
          queue.push(index, level: Int(ranks[index]))
        }
        while let index = queue.pop() {
          let label = labels[index]
          let (row, x) = index.quotientAndRemainder(dividingBy: width)
          let (z, y) = row.quotientAndRemainder(dividingBy: shape.y)
          @inline(__always) func reach(_ other: Int) {
            if ranks[other] >= 0 && labels[other] == 0 {
              labels[other] = label
              queue.push(other, level: Int(ranks[other]))
            }
          }
          if z > 0 { reach(index - plane) }
          if y > 0 { reach(index - width) }
          if x > 0 { reach(index - 1) }
          if x < width - 1 { reach(index + 1) }
          if y < shape.y - 1 { reach(index + width) }
          if z < shape.z - 1 { reach(index + plane) }
        }
      }
    }
    return basins
  }
}

/// Heights as whole numbers: equal heights have equal ranks, higher ones higher ranks.
enum HeightRanks {
  /// For each voxel its rank from 0, −1 outside the mask; and the number of ranks.
  static func ranks(of height: Volume<Float>, mask: Volume<UInt8>) -> (ranks: [Int32], count: Int) {
    var patterns: [UInt32] = []
    for i in height.voxels.indices where mask.voxels[i] != 0 { patterns.append(ordinal(height.voxels[i])) }
    RadixSort.sort(&patterns)
    // The sorted distinct heights.
    var count = 0
    for pattern in patterns where count == 0 || patterns[count - 1] != pattern {
      patterns[count] = pattern
      count += 1
    }
    patterns.removeLast(patterns.count - count)
    var ranks = [Int32](repeating: -1, count: height.voxels.count)
    patterns.withUnsafeBufferPointer { patterns in
      for i in ranks.indices where mask.voxels[i] != 0 { ranks[i] = rank(of: ordinal(height.voxels[i]), in: patterns) }
    }
    return (ranks, count)
  }

  /// Bit patterns in the order of the numbers: negative ones turned round, positive ones above them, NaN last; −0 is 0.
  private static func ordinal(_ value: Float) -> UInt32 {
    if value.isNaN { return .max }
    let bits = (value + 0).bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  /// Where a number stands in a sorted list that holds it.
  private static func rank(of pattern: UInt32, in sorted: UnsafeBufferPointer<UInt32>) -> Int32 {
    var (low, high) = (0, sorted.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < pattern { low = middle + 1 } else { high = middle }
    }
    return Int32(low)
  }
}
