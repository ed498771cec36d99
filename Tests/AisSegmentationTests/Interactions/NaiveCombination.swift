import AisCore
import AisSegmentation

/// The definition of competition and interactions, word for word, on whole volumes: slow, and nothing shared with the program.
enum NaiveCombination {
  static func combined(
    _ volumes: [Volume<Float>], _ combination: Combination, voxelSize: VoxelSize
  ) -> [Volume<Float>] {
    var results = volumes
    let count = volumes[0].voxels.count
    let members = combination.members
    if members.contains(where: \.emits) {
      for i in 0..<count {
        let highest = members.indices.filter { members[$0].emits }.map { volumes[$0].voxels[i] }.max()!
        for k in members.indices where members[k].absorbs && volumes[k].voxels[i] < highest { results[k].voxels[i] = 0 }
      }
    }
    for interaction in combination.interactions {
      let found = results[interaction.parent].voxels.map { $0 > Float(interaction.threshold) }
      let near = dilated(
        found, results[0].shape, radius: interaction.radius, voxelSize: voxelSize,
        inDepth: combination.dimension == .three)
      for i in 0..<count where near[i] != (interaction.kind == .colocalize) {
        results[interaction.child].voxels[i] = 0
      }
    }
    return results
  }

  static func dilated(
    _ mask: [Bool], _ shape: Shape, radius: Length, voxelSize: VoxelSize, inDepth: Bool
  ) -> [Bool] {
    let limit = radius.angstrom * radius.angstrom * (1 + 2e-6)
    func reach(_ edge: Length, _ count: Int) -> Int { Int(min(Double(count), radius / edge * (1 + 1e-6))) }
    let (rz, ry, rx) = (
      inDepth ? reach(voxelSize.z, shape.z) : 0, reach(voxelSize.y, shape.y), reach(voxelSize.x, shape.x)
    )
    var result = [Bool](repeating: false, count: mask.count)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x where mask[(z * shape.y + y) * shape.x + x] {
          for z2 in max(0, z - rz)...min(shape.z - 1, z + rz) {
            for y2 in max(0, y - ry)...min(shape.y - 1, y + ry) {
              for x2 in max(0, x - rx)...min(shape.x - 1, x + rx) {
                let dz = Double(z2 - z) * voxelSize.z.angstrom
                let dy = Double(y2 - y) * voxelSize.y.angstrom
                let dx = Double(x2 - x) * voxelSize.x.angstrom
                if dz * dz + dy * dy + dx * dx <= limit { result[(z2 * shape.y + y2) * shape.x + x2] = true }
              }
            }
          }
        }
      }
    }
    return result
  }
}

/// Seeded probabilities of which few are above one half.
func sparseProbabilities(_ shape: Shape, density: Double, using generator: inout SeededGenerator) -> Volume<Float> {
  Volume(
    shape: shape,
    voxels: (0..<shape.count).map { _ in
      let isHigh = Double.random(in: 0..<1, using: &generator) < density
      return isHigh ? Float.random(in: 0.5...1, using: &generator) : Float.random(in: 0...0.5, using: &generator)
    })
}
