import AisCore
import AisFormats
import AisImaging

/// Which particles of a list to keep.
package struct ParticleFilter: Sendable {
  /// A volume in the frame of the tomogram, and from where on it counts as inside.
  package struct Mask: Sendable, Hashable {
    package var path: String
    package var threshold: Float?
    package init(path: String, threshold: Float? = nil) {
      self.path = path
      self.threshold = threshold
    }
  }

  package var tomograms: Set<String> = []
  package var scores: ClosedRange<Double>?
  /// Voxels, upper ends left out.
  package var region: VoxelBox?
  /// Least distance from the faces of the volume.
  package var border: CoordinateExtent?
  package var inside: Mask?
  package var outside: Mask?
  /// Nearer than this to some point of the other list, or farther.
  package var near: (points: [String: [VoxelPoint]], distance: CoordinateExtent)?
  package var far: (points: [String: [VoxelPoint]], distance: CoordinateExtent)?
  /// Columns and the texts that they must have.
  package var columns: [(name: String, text: String)] = []
  /// Of two particles nearer than this the one of the lower score is dropped; of equal scores the later one.
  package var spacing: CoordinateExtent?
  /// Most particles of each tomogram: the first by score.
  package var limit: Int?

  package init() {}

  /// The list without what does not pass; how many each rule dropped, in the order of the rules.
  package func applied(
    to list: ParticleList, cancellation: Cancellation? = nil
  ) throws(AisError) -> (list: ParticleList, dropped: [(rule: String, count: Int)]) {
    var kept = Array(list.particles.indices)
    var dropped: [(rule: String, count: Int)] = []
    func keep(_ rule: String, _ passes: (Int) throws(AisError) -> Bool) throws(AisError) {
      var left: [Int] = []
      for index in kept where try passes(index) { left.append(index) }
      if left.count != kept.count { dropped.append((rule, kept.count - left.count)) }
      kept = left
    }
    let particles = list.particles
    if !tomograms.isEmpty {
      try keep("--only") { (index) in tomograms.contains(list.tomograms[particles[index].tomogram].name) }
    }
    for column in columns {
      guard let position = list.extraColumn(column.name) else {
        throw AisError(
          .usage,
          "the list has no column '\(column.name)'. It has: \(list.extraColumns.isEmpty ? "none besides positions, angles and scores" : list.extraColumns.joined(separator: ", "))."
        )
      }
      try keep("--column \(column.name)=\(column.text)") { (index) in particles[index].extra[position] == column.text }
    }
    if let scores {
      guard particles.contains(where: { $0.score != nil }) || particles.isEmpty else {
        throw AisError(.usage, "the list has no scores to choose by.")
      }
      try keep("score") { (index) in particles[index].score.map(scores.contains) ?? false }
    }
    if let region {
      let low = VoxelPoint(region.origin) - VoxelPoint(z: 0.5, y: 0.5, x: 0.5)
      try keep("--region") { (index) in
        RangeCheck.isInside(particles[index].point - low - VoxelPoint(z: 0.5, y: 0.5, x: 0.5), region.shape)
      }
    }
    if let border { try keep("--border") { (index) throws(AisError) in try isWithin(border, particles[index], list) } }
    for (mask, wanted, rule) in [(inside, true, "--inside"), (outside, false, "--outside")] {
      guard let mask else { continue }
      let values = try Self.values(of: mask, at: kept.map { particles[$0].point }, cancellation)
      let found = Dictionary(uniqueKeysWithValues: zip(kept, values))
      try keep(rule) { (index) in found[index] == wanted }
    }
    for (other, wanted, rule) in [(near, true, "--near"), (far, false, "--far")] {
      guard let other else { continue }
      let passes = try Self.neighbours(other.points, other.distance, list)
      try keep(rule) { (index) in passes(particles[index]) == wanted }
    }
    if let spacing {
      let chosen = try Self.spaced(kept, list, by: spacing)
      try keep("--spacing") { (index) in chosen.contains(index) }
    }
    if let limit {
      var counts: [Int: Int] = [:]
      var chosen: Set<Int> = []
      for index in Self.byScore(kept, list) where counts[particles[index].tomogram, default: 0] < limit {
        counts[particles[index].tomogram, default: 0] += 1
        chosen.insert(index)
      }
      try keep("--limit") { (index) in chosen.contains(index) }
    }
    var result = list
    result.particles = kept.map { particles[$0] }
    return (result, dropped)
  }

  private func isWithin(
    _ border: CoordinateExtent, _ particle: Particle, _ list: ParticleList
  ) throws(AisError) -> Bool {
    let frame = list.tomograms[particle.tomogram]
    guard let shape = frame.shape else {
      throw AisError(
        .needsDecision,
        "the size of '\(frame.name)' is not known, so that its faces cannot be kept away from. Give '--size' or '--tomogram'."
      )
    }
    let margin = try border.voxels(in: frame)
    let p = particle.point
    return [(p.z, shape.z), (p.y, shape.y), (p.x, shape.x)].allSatisfy { value, count in
      value >= margin - 0.5 && value <= Double(count) - 0.5 - margin
    }
  }

  /// Whether each point lies in a voxel of the mask. Each slice that holds a point is read once.
  private static func values(
    of mask: Mask, at points: [VoxelPoint], _ cancellation: Cancellation?
  ) throws(AisError) -> [Bool] {
    let volume = try Tomogram.open(mask.path)
    let threshold: Float
    if let given = mask.threshold {
      threshold = given
    } else {
      threshold = try SegmentationEvidence.usualThreshold(volume)
    }
    var result = Array(repeating: false, count: points.count)
    let inside = points.indices.filter { RangeCheck.isInside(points[$0], volume.shape) }
    for (z, indices) in Dictionary(grouping: inside, by: { Int(points[$0].z.rounded()) }).sorted(by: { $0.key < $1.key }
    ) {
      try cancellation?.check()
      let slice = try volume.slice(z)
      for index in indices {
        let p = points[index]
        result[index] = slice[Int(p.y.rounded()) * volume.shape.x + Int(p.x.rounded())] > threshold
      }
    }
    return result
  }

  private static func neighbours(
    _ points: [String: [VoxelPoint]], _ distance: CoordinateExtent, _ list: ParticleList
  ) throws(AisError) -> (Particle) -> Bool {
    var grids: [PointGrid?] = []
    var reach: [Double] = []
    for frame in list.tomograms {
      let voxels = try distance.voxels(in: frame)
      reach.append(voxels)
      // A list of one tomogram is meant whatever either calls it.
      let others = points[frame.name] ?? (points.count == 1 && list.tomograms.count == 1 ? points.values.first : nil)
      grids.append(others.map { PointGrid($0, edge: max(voxels, 1)) })
    }
    return { particle in
      guard let grid = grids[particle.tomogram] else { return false }
      return !grid.numbers(within: reach[particle.tomogram], of: particle.point).isEmpty
    }
  }

  /// Indices by falling score, those without one last; equals as in the list.
  static func byScore(_ indices: [Int], _ list: ParticleList) -> [Int] {
    indices.sorted {
      let (a, b) = (list.particles[$0].score ?? -.infinity, list.particles[$1].score ?? -.infinity)
      return a != b ? a > b : $0 < $1
    }
  }

  /// Takes particles by score, each unless a taken one is nearer than the spacing.
  static func spaced(_ indices: [Int], _ list: ParticleList, by spacing: CoordinateExtent) throws(AisError) -> Set<Int>
  {
    var grids: [Int: PointGrid] = [:]
    var chosen: Set<Int> = []
    for index in byScore(indices, list) {
      let particle = list.particles[index]
      let distance = try spacing.voxels(in: list.tomograms[particle.tomogram])
      var grid = grids[particle.tomogram] ?? PointGrid(edge: max(distance, 1))
      // Points in one place are the same particle even when no spacing is asked for.
      if grid.hasPoint(nearerThan: max(distance, 1e-9), to: particle.point) { continue }
      grid.insert(particle.point)
      grids[particle.tomogram] = grid
      chosen.insert(index)
    }
    return chosen
  }
}
