import AisCore

/// The topology of a mask by counting: objects hang together over corners, background over faces; outside is background.
struct MaskTopology: Equatable {
  var pieces: Int
  var cavities: Int
  /// Corners − edges + faces − cubes of the closed cubes that the object is made of.
  var euler: Int
  /// From pieces − tunnels + cavities = Euler characteristic.
  var tunnels: Int { pieces + cavities - euler }

  init(_ mask: Volume<UInt8>) {
    let shape = mask.shape
    let padded = Shape(z: shape.z + 2, y: shape.y + 2, x: shape.x + 2)
    var object = [Bool](repeating: false, count: padded.count)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x where mask[z: z, y: y, x: x] != 0 {
          object[((z + 1) * padded.y + y + 1) * padded.x + x + 1] = true
        }
      }
    }
    pieces = Self.components(object, padded, overCorners: true)
    cavities = Self.components(object.map { !$0 }, padded, overCorners: false) - 1
    euler = Self.euler(mask)
  }

  private static func components(_ set: [Bool], _ shape: Shape, overCorners: Bool) -> Int {
    var isReached = [Bool](repeating: false, count: set.count)
    var count = 0
    for seed in set.indices where set[seed] && !isReached[seed] {
      count += 1
      isReached[seed] = true
      var waiting = [seed]
      while let index = waiting.popLast() {
        let (z, y, x) = (index / shape.sliceCount, index / shape.x % shape.y, index % shape.x)
        for dz in -1...1 {
          for dy in -1...1 {
            for dx in -1...1 where overCorners || abs(dz) + abs(dy) + abs(dx) == 1 {
              guard (0..<shape.z).contains(z + dz), (0..<shape.y).contains(y + dy), (0..<shape.x).contains(x + dx)
              else { continue }
              let other = index + (dz * shape.y + dy) * shape.x + dx
              if set[other], !isReached[other] {
                isReached[other] = true
                waiting.append(other)
              }
            }
          }
        }
      }
    }
    return count
  }

  private static func euler(_ mask: Volume<UInt8>) -> Int {
    // On a grid twice as fine, a cell's dimension is the number of its odd coordinates.
    let shape = mask.shape
    let fine = Shape(z: 2 * shape.z + 1, y: 2 * shape.y + 1, x: 2 * shape.x + 1)
    var isCell = [Bool](repeating: false, count: fine.count)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x where mask[z: z, y: y, x: x] != 0 {
          for fz in 2 * z...2 * z + 2 {
            for fy in 2 * y...2 * y + 2 {
              for fx in 2 * x...2 * x + 2 { isCell[(fz * fine.y + fy) * fine.x + fx] = true }
            }
          }
        }
      }
    }
    var sum = 0
    for index in isCell.indices where isCell[index] {
      let odd = (index / fine.sliceCount) % 2 + (index / fine.x % fine.y) % 2 + (index % fine.x) % 2
      sum += odd % 2 == 0 ? 1 : -1
    }
    return sum
  }
}

extension Volume where Element == UInt8 {
  /// A mask from voxels given as z, y, x one after the other.
  init(shape: [Int], voxels: [Int]) {
    self.init(shape: Shape(z: shape[0], y: shape[1], x: shape[2]), repeating: 0)
    for start in stride(from: 0, to: voxels.count, by: 3) {
      self[z: voxels[start], y: voxels[start + 1], x: voxels[start + 2]] = 1
    }
  }

  var ones: [SIMD3<Double>] {
    voxels.indices.filter { voxels[$0] != 0 }.map { index in
      SIMD3(Double(index / shape.sliceCount), Double(index / shape.x % shape.y), Double(index % shape.x))
    }
  }
}
