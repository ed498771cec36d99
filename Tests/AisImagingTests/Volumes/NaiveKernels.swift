import AisCore
import AisImaging

/// The kernels on volumes as their definitions say, slow and obvious.
enum NaiveKernels {
  /// The neighbours of a voxel inside the volume.
  static func neighbours(of voxel: VoxelIndex, in shape: Shape, connectivity: Connectivity) -> [VoxelIndex] {
    let most = [.faces: 1, .edges: 2, .corners: 3][connectivity]!
    var found: [VoxelIndex] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 where (1...most).contains(abs(z) + abs(y) + abs(x)) {
          let other = VoxelIndex(z: voxel.z + z, y: voxel.y + y, x: voxel.x + x)
          if VoxelBox(shape).contains(other) { found.append(other) }
        }
      }
    }
    return found
  }

  /// Labels from 1 in the order of first voxels: every voxel spreads its label to its neighbours until none is left.
  static func labels(_ mask: Volume<UInt8>, connectivity: Connectivity) -> Volume<Int32> {
    var labels = Volume<Int32>(shape: mask.shape, repeating: 0)
    var count: Int32 = 0
    for start in Volumes.indices(mask.shape) where mask[start] != 0 && labels[start] == 0 {
      count += 1
      labels[start] = count
      var waiting = [start]
      while let voxel = waiting.popLast() {
        for other in neighbours(of: voxel, in: mask.shape, connectivity: connectivity)
        where mask[other] != 0 && labels[other] == 0 {
          labels[other] = count
          waiting.append(other)
        }
      }
    }
    return labels
  }

  /// The squared distance of each voxel to every 0, the smallest.
  static func squaredDistances(
    _ mask: Volume<UInt8>, spacing: (z: Double, y: Double, x: Double) = (1, 1, 1)
  ) -> [Double] {
    let all = Volumes.indices(mask.shape)
    let outside = all.filter { mask[$0] == 0 }
    return all.map { voxel in
      outside.map { other in
        let dz = Double(voxel.z - other.z) * spacing.z
        let dy = Double(voxel.y - other.y) * spacing.y
        let dx = Double(voxel.x - other.x) * spacing.x
        return dz * dz + dy * dy + dx * dx
      }.min() ?? .infinity
    }
  }

  /// Flooding with a list that is searched for the lowest and, of equal ones, the first that came.
  static func basins(height: Volume<Float>, seeds: [VoxelIndex], mask: Volume<UInt8>) -> Volume<Int32> {
    var basins = Volume<Int32>(shape: height.shape, repeating: 0)
    var waiting: [(height: Float, voxel: VoxelIndex)] = []
    for (number, seed) in seeds.enumerated() where mask[seed] != 0 && basins[seed] == 0 {
      basins[seed] = Int32(number + 1)
      waiting.append((height[seed], seed))
    }
    while let lowest = waiting.indices.min(by: { (waiting[$0].height, $0) < (waiting[$1].height, $1) }) {
      let voxel = waiting.remove(at: lowest).voxel
      for other in neighbours(of: voxel, in: height.shape, connectivity: .faces)
      where mask[other] != 0 && basins[other] == 0 {
        basins[other] = basins[voxel]
        waiting.append((height[other], other))
      }
    }
    return basins
  }

  /// Plateaus by spreading over equal neighbours; those without a higher neighbour, at their voxel nearest to the centroid.
  static func maxima(_ volume: Volume<Float>, mask: Volume<UInt8>) -> [LocalMaximum] {
    var isSeen = Volume<UInt8>(shape: volume.shape, repeating: 0)
    var found: [LocalMaximum] = []
    for start in Volumes.indices(volume.shape) where mask[start] != 0 && isSeen[start] == 0 {
      var plateau = [start]
      isSeen[start] = 1
      var isTop = true
      var next = 0
      while next < plateau.count {
        for other in neighbours(of: plateau[next], in: volume.shape, connectivity: .corners) where mask[other] != 0 {
          if volume[other] > volume[start] { isTop = false }
          if volume[other] == volume[start] && isSeen[other] == 0 {
            isSeen[other] = 1
            plateau.append(other)
          }
        }
        next += 1
      }
      guard isTop else { continue }
      let n = Double(plateau.count)
      let centre = VoxelPoint(
        z: plateau.map { Double($0.z) }.reduce(0, +) / n, y: plateau.map { Double($0.y) }.reduce(0, +) / n,
        x: plateau.map { Double($0.x) }.reduce(0, +) / n)
      // Rounded, so that equal distances are equal.
      let ranked = plateau.map { voxel -> (Double, VoxelIndex) in
        let distance = Metric.euclidean.distance(VoxelPoint(voxel), centre)
        return ((distance * 1e6).rounded(), voxel)
      }
      let best = ranked.min { ($0.0, $0.1.z, $0.1.y, $0.1.x) < ($1.0, $1.1.z, $1.1.y, $1.1.x) }!
      found.append(LocalMaximum(voxel: best.1, value: volume[start]))
    }
    return found
  }
}
