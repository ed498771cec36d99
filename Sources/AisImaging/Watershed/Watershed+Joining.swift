import AisCore

extension Watershed {
  /// Joins basins that meet in a neck nearly as wide as they are: the fragments of one body rather than two that touch.
  ///
  /// The width of a basin is its greatest depth, that of a neck the greatest depth at which two basins meet through faces (the
  /// lower of the two voxels). Necks are looked at from the widest to the narrowest; two basins, as they are joined by then,
  /// become one when the neck's width is at least `neck` times the lesser of their widths. The joined ones bear the number of the
  /// widest, and numbers without voxels are closed up, so that their order stays. Time is linear in voxels.
  ///
  /// - Parameters:
  ///   - basins: [z][y][x], numbers from 1, 0 outside, as `basins(height:seeds:mask:)` gives them.
  ///   - squaredDepth: of the same shape; the square of the distance to the background.
  ///   - count: the greatest number.
  ///   - neck: 0…1; 1 joins nothing but what meets at its deepest.
  /// - Returns: how many are left.
  package static func joinAcrossWideNecks(
    _ basins: inout Volume<Int32>, squaredDepth: Volume<Float>, count: Int, neck: Double
  ) -> Int {
    precondition(basins.shape == squaredDepth.shape, "basins and depths must have the same shape")
    var widths = [Float](repeating: 0, count: count + 1)
    let necks = necks(of: basins, squaredDepth, widths: &widths)

    var leader = Array(0...count)
    func root(_ number: Int) -> Int {
      var number = number
      while leader[number] != number {
        leader[number] = leader[leader[number]]
        number = leader[number]
      }
      return number
    }
    let limit = Float(neck * neck)
    for neck in necks {
      let (a, b) = (root(neck.lower), root(neck.higher))
      guard a != b, neck.width >= limit * min(widths[a], widths[b]) else { continue }
      // Of equally wide ones the first stays.
      let winner = widths[a] == widths[b] ? min(a, b) : (widths[a] > widths[b] ? a : b)
      leader[winner == a ? b : a] = winner
    }

    var numbers = [Int32](repeating: 0, count: count + 1)
    var left = 0
    for number in 1..<(count + 1) where leader[number] == number {
      left += 1
      numbers[number] = Int32(left)
    }
    if left == count { return count }
    for number in 1..<(count + 1) { numbers[number] = numbers[root(number)] }
    basins.voxels.withUnsafeMutableBufferPointer { voxels in
      for i in voxels.indices { voxels[i] = numbers[Int(voxels[i])] }
    }
    return left
  }

  /// Where two basins meet at their deepest.
  private struct Neck {
    let lower: Int
    let higher: Int
    let width: Float
  }

  /// The neck of every two basins that meet, the widest first; sets the greatest depth of each basin.
  private static func necks(
    of basins: Volume<Int32>, _ squaredDepth: Volume<Float>, widths: inout [Float]
  ) -> [Neck] {
    let shape = basins.shape
    var found: [UInt64: Float] = [:]
    basins.voxels.withUnsafeBufferPointer { basins in
      squaredDepth.voxels.withUnsafeBufferPointer { depth in
        for z in 0..<shape.z {
          for y in 0..<shape.y {
            for x in 0..<shape.x {
              let i = (z * shape.y + y) * shape.x + x
              let basin = basins[i]
              if basin == 0 { continue }
              widths[Int(basin)] = max(widths[Int(basin)], depth[i])
              func meet(_ j: Int) {
                let other = basins[j]
                if other == 0 || other == basin { return }
                let pair = UInt64(min(basin, other)) << 32 | UInt64(max(basin, other))
                found[pair] = max(found[pair] ?? 0, min(depth[i], depth[j]))
              }
              if x > 0 { meet(i - 1) }
              if y > 0 { meet(i - shape.x) }
              if z > 0 { meet(i - shape.x * shape.y) }
            }
          }
        }
      }
    }
    return found.map { Neck(lower: Int($0.key >> 32), higher: Int($0.key & 0xFFFF_FFFF), width: $0.value) }
      .sorted { ($1.width, $0.lower, $0.higher) < ($0.width, $1.lower, $1.higher) }
  }
}
