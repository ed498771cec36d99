import AisCore
import AisImaging
import Foundation

/// A volume in which the particles can be seen: points agree when what lies at them differs from what lies around them.
///
/// The volume is read slice by slice, twice; memory is a slice and the sums of what is looked at.
struct VolumeEvidence: PlacementEvidence {
  /// Points looked at, of longer lists evenly chosen ones.
  private static let mostPoints = 150
  /// Voxels around a point that are summed by their distance.
  private static let radius = 12
  /// A particle of about this radius against the shell around it.
  private static let scales: [(inner: Int, outer: Int)] = [(1, 3), (2, 5), (4, 8), (6, 11)]
  /// Around the mean of all points, where its own centre is looked for.
  private static let meanRadius = 10

  let name: String
  let smallestShift: Double
  let isConclusive: Bool
  let countsPoints = false
  private let source: any SliceSource
  private let cancellation: Cancellation?

  init(
    _ name: String, source: any SliceSource, smallestShift: Double, isConclusive: Bool, cancellation: Cancellation?
  ) {
    self.name = name
    self.source = source
    self.smallestShift = smallestShift
    self.isConclusive = isConclusive
    self.cancellation = cancellation
  }

  func fits(_ points: [VoxelPoint], _ transforms: [PointTransform], shape: Shape?) throws(AisError) -> [PlacementFit] {
    let chosen = Self.sample(points, Self.mostPoints)
    var probe = RadialProbe(shape: source.shape, radius: Self.radius)
    var ranges: [Range<Int>] = []
    for transform in transforms {
      // Points that a change squeezes into one place are one observation.
      var cells: Set<VoxelIndex> = []
      let first = probe.count
      for point in chosen {
        let moved = transform.applied(to: point, shape: shape ?? source.shape)
        let cell = ParticleBoxes.centre(of: VoxelPoint(z: moved.z / 6, y: moved.y / 6, x: moved.x / 6))
        if cells.insert(cell).inserted { probe.add(moved) }
      }
      ranges.append(first..<probe.count)
    }
    try probe.run(source, cancellation)
    return ranges.map { range in
      var best = 0.0
      for (inner, outer) in Self.scales {
        let contrasts = range.compactMap { probe.contrast($0, inner: inner, outer: outer) }
        // Points outside agree with nothing.
        guard contrasts.count > 3, 2 * contrasts.count >= chosen.count else { continue }
        let mean = contrasts.reduce(0, +) / Double(contrasts.count)
        let variance = contrasts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(contrasts.count - 1)
        let error = (variance / Double(contrasts.count)).squareRoot()
        if error > 0 { best = max(best, abs(mean) / error) } else if mean != 0 { best = max(best, 1000) }
      }
      return PlacementFit(score: best, significance: best)
    }
  }

  func suggestions(
    _ points: [VoxelPoint], shape: Shape?, voxelSize: VoxelSize?
  ) throws(AisError) -> [PlacementHypothesis] { PlacementHypothesis.shifts(shape ?? source.shape) }

  func offset(of points: [VoxelPoint]) throws(AisError) -> PlacementOffset? {
    // Four means of a quarter of the points each: their scatter is the error.
    let parts = 4
    let chosen = Self.sample(points, 2000)
    guard chosen.count >= 5 * parts else { return nil }
    var means = (0..<parts).map { _ in MeanBox(radius: Self.meanRadius) }
    for (index, point) in chosen.enumerated() { means[index % parts].add(point, shape: source.shape) }
    try MeanBox.fill(&means, from: source, cancellation)
    let whole = MeanBox.joined(means)
    guard let mean = whole.centre(near: nil) else { return nil }
    let centres = means.compactMap { $0.centre(near: mean) }
    guard centres.count == parts else { return nil }
    func error(_ key: KeyPath<VoxelPoint, Double>) -> Double {
      let values = centres.map { $0[keyPath: key] }
      let middle = values.reduce(0, +) / Double(parts)
      let variance = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(parts - 1)
      return (variance / Double(parts)).squareRoot()
    }
    return PlacementOffset(mean: mean, error: VoxelPoint(z: error(\.z), y: error(\.y), x: error(\.x)))
  }

  private static func sample(_ points: [VoxelPoint], _ most: Int) -> [VoxelPoint] {
    guard points.count > most else { return points }
    return (0..<most).map { points[$0 * points.count / most] }
  }
}

/// Sums of what lies around many places, by distance, from one pass through a volume.
struct RadialProbe {
  private let shape: Shape
  private let radius: Int
  /// Of each offset within the cube, the distance rounded down; −1 beyond the radius.
  private let rings: [Int8]
  private var centres: [VoxelIndex?] = []
  var count: Int { centres.count }
  private var sums: [Float] = []
  private var counts: [Int32] = []
  private var side: Int { 2 * radius + 1 }

  init(shape: Shape, radius: Int) {
    self.shape = shape
    self.radius = radius
    var rings: [Int8] = []
    for z in -radius...radius {
      for y in -radius...radius {
        for x in -radius...radius {
          let distance = Int(Double(z * z + y * y + x * x).squareRoot())
          rings.append(distance < radius ? Int8(distance) : -1)
        }
      }
    }
    self.rings = rings
  }

  mutating func add(_ point: VoxelPoint) {
    guard RangeCheck.isInside(point, shape) else {
      centres.append(nil)
      return
    }
    centres.append(VoxelIndex(z: Int(point.z.rounded()), y: Int(point.y.rounded()), x: Int(point.x.rounded())))
  }

  mutating func run(_ source: any SliceSource, _ cancellation: Cancellation?) throws(AisError) {
    sums = Array(repeating: 0, count: centres.count * radius)
    counts = Array(repeating: 0, count: centres.count * radius)
    let order = centres.indices.filter { centres[$0] != nil }.sorted { centres[$0]!.z < centres[$1]!.z }
    var (first, end) = (0, 0)
    for z in 0..<shape.z {
      try cancellation?.check()
      while first < order.count, centres[order[first]]!.z < z - radius { first += 1 }
      while end < order.count, centres[order[end]]!.z <= z + radius { end += 1 }
      if first == end { continue }
      let slice = try source.slice(z)
      for index in order[first..<end] { add(slice, z, index) }
    }
  }

  private mutating func add(_ slice: [Float], _ z: Int, _ index: Int) {
    let centre = centres[index]!
    let (radius, side) = (radius, side)
    let base = index * radius
    let plane = (z - centre.z + radius) * side * side
    let rows = max(0, centre.y - radius)...min(shape.y - 1, centre.y + radius)
    let columns = max(0, centre.x - radius)...min(shape.x - 1, centre.x + radius)
    let width = shape.x
    slice.withUnsafeBufferPointer { slice in
      rings.withUnsafeBufferPointer { rings in
        sums.withUnsafeMutableBufferPointer { sums in
          counts.withUnsafeMutableBufferPointer { counts in
            for y in rows {
              let ringRow = plane + (y - centre.y + radius) * side + radius - centre.x
              for x in columns {
                let ring = rings[ringRow + x]
                let value = slice[y * width + x]
                guard ring >= 0, value.isFinite else { continue }
                sums[base + Int(ring)] += value
                counts[base + Int(ring)] += 1
              }
            }
          }
        }
      }
    }
  }

  /// The mean within `inner` voxels less that of the shell up to `outer`.
  func contrast(_ index: Int, inner: Int, outer: Int) -> Double? {
    guard centres[index] != nil else { return nil }
    func mean(_ range: Range<Int>) -> Double? {
      var (sum, count) = (0.0, 0)
      for ring in range {
        sum += Double(sums[index * radius + ring])
        count += Int(counts[index * radius + ring])
      }
      return count > 0 ? sum / Double(count) : nil
    }
    guard let inside = mean(0..<inner), let around = mean(inner + 1..<outer) else { return nil }
    return inside - around
  }
}
