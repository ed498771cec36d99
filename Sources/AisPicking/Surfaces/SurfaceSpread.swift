import AisImaging

/// Points spread evenly over a mid-surface.
///
/// Points are set one after the other, each in the place nearest to two earlier ones that is a whole spacing away from all:
/// a front that grows in triangles. Then each point moves to the middle of what is nearer to it than to any other
/// (Lloyd 1982), a few times. Distances are straight, but only count within a sheet: a sheet close by has points of its own.
struct SurfaceSpread {
  struct Sample {
    var position: SIMD3<Double>
    /// The voxel of the surface that stands for it.
    var voxel: Int
  }

  private let surface: MidSurface
  private let spacing: Double
  /// How far a point is felt.
  private let reach: Double
  private(set) var samples: [Sample] = []

  init(_ surface: MidSurface, spacing: Double) {
    self.surface = surface
    self.spacing = Self.tightness * spacing
    reach = 1.5 * self.spacing
    advanceFront()
    for _ in 0..<Self.rounds { relax() }
  }

  private static let rounds = 12
  /// A front leaves gaps, which the rounds share out: set a little closer, points end up at the spacing asked for.
  private static let tightness = 0.93

  private mutating func advanceFront() {
    var walk = PatchWalk(surface)
    var nearest = [Float](repeating: .infinity, count: surface.count)
    var second = [Float](repeating: .infinity, count: surface.count)
    // Priorities in steps of 1/64 of the spacing, from twice the spacing on, the least that two neighbours can be away.
    var front = BucketQueue(priorities: 129)
    func priority(_ voxel: Int) -> Int {
      let sum = Double(nearest[voxel]) + min(Double(second[voxel]), reach)
      return Int((sum / spacing - 2) * 64)
    }
    var nextSeed = 0
    while true {
      var chosen: Int?
      while let voxel = front.pop() {
        if Double(nearest[voxel]) >= spacing {
          chosen = voxel
          break
        }
      }
      if chosen == nil {
        while nextSeed < surface.count, nearest[nextSeed] < .infinity { nextSeed += 1 }
        chosen = nextSeed < surface.count ? nextSeed : nil
      }
      guard let chosen else { return }
      let position = surface.positions[chosen]
      samples.append(Sample(position: position, voxel: chosen))
      walk.visit(from: chosen, around: position, radius: reach) { voxel, distance in
        let distance = Float(distance)
        if distance < nearest[voxel] {
          (nearest[voxel], second[voxel]) = (distance, nearest[voxel])
        } else if distance < second[voxel] {
          second[voxel] = distance
        } else {
          return
        }
        if Double(nearest[voxel]) >= spacing { front.push(voxel, priority: priority(voxel)) }
      }
    }
  }

  private mutating func relax() {
    var walk = PatchWalk(surface)
    var nearest = [Float](repeating: .infinity, count: surface.count)
    var owner = [Int32](repeating: -1, count: surface.count)
    for (index, sample) in samples.enumerated() {
      walk.visit(from: sample.voxel, around: sample.position, radius: reach) { voxel, distance in
        if Float(distance) < nearest[voxel] {
          nearest[voxel] = Float(distance)
          owner[voxel] = Int32(index)
        }
      }
    }
    var sums = [SIMD3<Double>](repeating: .zero, count: samples.count)
    var counts = [Double](repeating: 0, count: samples.count)
    for voxel in 0..<surface.count where owner[voxel] >= 0 {
      sums[Int(owner[voxel])] += surface.positions[voxel]
      counts[Int(owner[voxel])] += 1
    }
    var closest = [Double](repeating: .infinity, count: samples.count)
    for index in samples.indices where counts[index] > 0 { samples[index].position = sums[index] / counts[index] }
    for voxel in 0..<surface.count where owner[voxel] >= 0 {
      let index = Int(owner[voxel])
      let distance = (surface.positions[voxel] - samples[index].position).squaredLength
      if distance < closest[index] {
        closest[index] = distance
        samples[index].voxel = voxel
      }
    }
  }
}
