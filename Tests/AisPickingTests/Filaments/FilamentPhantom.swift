import AisCore
import AisImaging
import AisPicking

/// Tubes around curves in a volume. Points are (z, y, x) in voxels.
struct FilamentPhantom {
  var mask: Volume<Float>

  init(_ shape: Shape) { mask = Volume(shape: shape, repeating: 0) }

  /// Fills every voxel whose centre is within a radius of the curve; distances count in the edges given.
  mutating func draw(_ curve: [SIMD3<Double>], radius: Double, edges: SIMD3<Double> = .one) {
    let shape = mask.shape
    let sizes = [shape.z, shape.y, shape.x]
    for point in curve {
      let reach = SIMD3(repeating: radius) / edges
      let ranges = (0..<3).map { axis -> Range<Int> in
        let low = max(0, Int((point - reach)[axis].rounded(.up)))
        return low..<max(low, min(sizes[axis], Int((point + reach)[axis].rounded(.down)) + 1))
      }
      for z in ranges[0] {
        for y in ranges[1] {
          for x in ranges[2] {
            let offset = (SIMD3(Double(z), Double(y), Double(x)) - point) * edges
            if offset.length <= radius { mask[z: z, y: y, x: x] = 1 }
          }
        }
      }
    }
  }

  /// Turns voxels at the surface into their opposite with some probability.
  mutating func roughen(_ probability: Double, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let before = mask
    let shape = mask.shape
    for z in 1..<shape.z - 1 {
      for y in 1..<shape.y - 1 {
        for x in 1..<shape.x - 1 {
          let value = before[z: z, y: y, x: x]
          let isAtSurface =
            before[z: z - 1, y: y, x: x] != value || before[z: z + 1, y: y, x: x] != value
            || before[z: z, y: y - 1, x: x] != value || before[z: z, y: y + 1, x: x] != value
            || before[z: z, y: y, x: x - 1] != value || before[z: z, y: y, x: x + 1] != value
          if isAtSurface, Double.random(in: 0..<1, using: &random) < probability { mask[z: z, y: y, x: x] = 1 - value }
        }
      }
    }
  }

  func components(minimum: Int = 30) throws -> ComponentRuns {
    try ComponentRuns.find(in: VolumeSource(mask), above: 0.5, minimumVoxelCount: minimum)
  }

  func filaments(_ settings: FilamentSettings, threads: Int = 1) throws -> [Filament] {
    try FilamentPicker(settings, threads: threads).filaments(in: components())
  }

  static func line(_ start: SIMD3<Double>, _ end: SIMD3<Double>) -> [SIMD3<Double>] {
    (0...1000).map { start + (end - start) * (Double($0) / 1000) }
  }
}

extension Filament.Point {
  var place: SIMD3<Double> { SIMD3(point.z, point.y, point.x) }
  var direction: SIMD3<Double> { SIMD3(angles.zAxis.z, angles.zAxis.y, angles.zAxis.x) }
}

/// The distance from a point to a curve given by points.
func distance(_ point: SIMD3<Double>, to curve: [SIMD3<Double>]) -> Double {
  curve.map { ($0 - point).length }.min()!
}

func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
