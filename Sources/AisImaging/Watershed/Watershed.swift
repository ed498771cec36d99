import AisCore

/// Parts a mask into the basins of given seeds, as rising water would fill them.
package enum Watershed {
  /// Every voxel of the mask that a seed can reach through faces gets the number of a seed, from 1 in the order given; 0 elsewhere.
  ///
  /// Flooding by a priority queue (Meyer 1991): the lowest voxel that water has reached spreads first, of equal ones the one
  /// reached first, to its neighbours in the order −z, −y, −x, +x, +y, +z; seeds are reached first, in their order. There are
  /// no lines between the basins. Pass the negative distance to part touching balls. NaN is above everything. Time n log n for
  /// arbitrary heights, memory see `memory(for:)`.
  ///
  /// - Parameters:
  ///   - height: [z][y][x].
  ///   - seeds: voxels of the mask; those outside are passed over, of several in one voxel the first counts.
  ///   - mask: of the same shape; voxels of 0 are not flooded.
  package static func basins(height: Volume<Float>, seeds: [VoxelIndex], mask: Volume<UInt8>) -> Volume<Int32> {
    let shape = height.shape
    precondition(mask.shape == shape, "mask and heights must have the same shape")
    precondition(memory(for: shape) != nil, "a watershed of \(shape) voxels is too large; divide or bin the volume")
    guard shape.count > 0, !seeds.isEmpty else { return Volume(shape: shape, repeating: 0) }
    let frame = Frame(shape)
    let (ranks, levels) = HeightRanks.ranks(of: height, mask: mask, frame: frame)
    let queue = LevelQueue(items: ranks.count, levels: levels)
    // Dry ground is 0; what no water enters is −1, so that one look tells whether it can go on.
    var labels = [Int32](unsafeUninitializedCapacity: ranks.count) { labels, count in
      count = ranks.count
      ranks.withUnsafeBufferPointer { ranks in
        for i in 0..<ranks.count { labels[i] = ranks[i] < 0 ? -1 : 0 }
      }
    }
    for (number, seed) in seeds.enumerated() {
      precondition(VoxelBox(shape).contains(seed), "seed \(seed) lies outside the volume")
      let index = frame.index(z: seed.z, y: seed.y, x: seed.x)
      guard labels[index] == 0 else { continue }
      labels[index] = Int32(number + 1)
      queue.push(index, level: Int(ranks[index]))
    }
    let steps = [-frame.plane, -frame.width, -1, 1, frame.width, frame.plane]
    labels.withUnsafeMutableBufferPointer { labels in
      ranks.withUnsafeBufferPointer { ranks in
        steps.withUnsafeBufferPointer { steps in
          while let index = queue.pop() {
            let label = labels[index]
            for step in steps where labels[index + step] == 0 {
              labels[index + step] = label
              queue.push(index + step, level: Int(ranks[index + step]))
            }
          }
        }
      }
    }
    let basins = [Int32](unsafeUninitializedCapacity: shape.count) { basins, count in
      count = shape.count
      labels.withUnsafeBufferPointer { labels in
        for z in 0..<shape.z {
          for y in 0..<shape.y {
            let (row, padded) = ((z * shape.y + y) * shape.x, frame.index(z: z, y: y, x: 0))
            for x in 0..<shape.x { basins[row + x] = max(0, labels[padded + x]) }
          }
        }
      }
    }
    return Volume(shape: shape, voxels: basins)
  }

  /// The memory that `basins` takes for a volume of this shape beside heights and mask, if most heights occur more than
  /// once; `nil` when it cannot flood so many voxels.
  package static func memory(for shape: Shape) -> ByteCount? {
    guard let frame = Shape(z: shape.z + 2, y: shape.y + 2, x: shape.x + 2).countIfRepresentable, frame < Int(Int32.max)
    else { return nil }
    return ByteCount(frame * 12 + shape.count * 4)
  }

  /// The volume with a voxel more on every side, so that every voxel has six neighbours.
  struct Frame {
    let width: Int
    let plane: Int
    let count: Int

    init(_ shape: Shape) {
      width = shape.x + 2
      plane = width * (shape.y + 2)
      count = plane * (shape.z + 2)
    }

    /// Where a voxel of the volume stands.
    func index(z: Int, y: Int, x: Int) -> Int { (z + 1) * plane + (y + 1) * width + x + 1 }
  }
}

/// Heights as whole numbers: equal heights have equal ranks, higher ones higher ranks.
enum HeightRanks {
  /// For each voxel of the frame its rank from 0, −1 outside the mask; and the number of ranks.
  static func ranks(of height: Volume<Float>, mask: Volume<UInt8>, frame: Watershed.Frame) -> (
    ranks: [Int32], count: Int
  ) {
    height.voxels.withUnsafeBufferPointer { height in
      mask.voxels.withUnsafeBufferPointer { inside in ranks(of: height, inside: inside, shape: mask.shape, frame: frame)
      }
    }
  }

  private static func ranks(
    of height: UnsafeBufferPointer<Float>, inside: UnsafeBufferPointer<UInt8>, shape: Shape, frame: Watershed.Frame
  ) -> (ranks: [Int32], count: Int) {
    var patterns: [UInt32] = []
    for i in height.indices where inside[i] != 0 { patterns.append(ordinal(height[i])) }
    RadixSort.sort(&patterns)
    // The sorted distinct heights.
    var count = 0
    for pattern in patterns where count == 0 || patterns[count - 1] != pattern {
      patterns[count] = pattern
      count += 1
    }
    patterns = Array(patterns[..<count])
    var ranks = [Int32](repeating: -1, count: frame.count)
    ranks.withUnsafeMutableBufferPointer { ranks in
      patterns.withUnsafeBufferPointer { patterns in
        for z in 0..<shape.z {
          for y in 0..<shape.y {
            let (row, padded) = ((z * shape.y + y) * shape.x, frame.index(z: z, y: y, x: 0))
            for x in 0..<shape.x where inside[row + x] != 0 {
              ranks[padded + x] = rank(of: ordinal(height[row + x]), in: patterns)
            }
          }
        }
      }
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
