import AisCore
import AisImaging
import Foundation

/// Another list of the same particles: points agree when one of its points is near.
struct PointEvidence: PlacementEvidence {
  /// Points beyond so many are left out of the search for displacements, which looks at all pairs.
  private static let mostPaired = (own: 250, other: 1500)

  let name: String
  let smallestShift: Double
  let isConclusive = true
  let countsPoints = true
  private let others: [VoxelPoint]
  private let grid: PointGrid
  /// Points of two lists at most so far apart are taken for the same particle.
  let reach: Double
  /// The probability that a point somewhere has one within reach.
  private let chance: Double

  /// - Parameters:
  ///   - sharpness: how far apart the same particle may be in both lists, at most.
  init(_ name: String, points: [VoxelPoint], shape: Shape?, sharpness: Double, smallestShift: Double) {
    self.name = name
    self.smallestShift = smallestShift
    others = points
    let wide = PointGrid(points, edge: 16)
    var nearest = points.indices.compactMap { wide.nearest(to: points[$0], except: $0)?.distance }
    nearest.sort()
    let typical = nearest.isEmpty ? 4 * sharpness : nearest[nearest.count / 2]
    let reach = min(max(0.3 * typical, 1.2), sharpness)
    self.reach = reach
    grid = PointGrid(points, edge: max(2 * reach, 1))
    let volume = shape.map { Double($0.z) * Double($0.y) * Double($0.x) } ?? 0
    let extent = volume > 0 ? volume : Self.extent(points)
    chance = 1 - exp(-Double(points.count) * 4.19 * reach * reach * reach / max(extent, 1))
  }

  func fits(_ points: [VoxelPoint], _ transforms: [PointTransform], shape: Shape?) throws(AisError) -> [PlacementFit] {
    transforms.map { transform in
      // Each of the others counts once: a list that is squeezed into one place agrees with nothing.
      var found: Set<Int> = []
      for point in points {
        let near = grid.numbers(within: reach, of: transform.applied(to: point, shape: shape))
        if let free = near.first(where: { !found.contains($0) }) { found.insert(free) }
      }
      let matched = found.count
      let count = Double(points.count)
      let spread = (count * chance * (1 - chance)).squareRoot() + 1
      return PlacementFit(
        score: Double(matched) / max(count, 1), significance: (Double(matched) - count * chance) / spread)
    }
  }

  func suggestions(
    _ points: [VoxelPoint], shape: Shape?, voxelSize: VoxelSize?
  ) throws(AisError) -> [PlacementHypothesis] {
    var result: [PlacementHypothesis] = []
    var scales: [(Double, String, CoordinateFinding.Code)] = [(1, "", .shifted)]
    for hypothesis in PlacementHypothesis.scales(voxelSize)
    where !scales.contains(where: { $0.0 == hypothesis.transform.scale }) {
      scales.append((hypothesis.transform.scale, hypothesis.words, hypothesis.code))
    }
    let own = Self.sample(points, Self.mostPaired.own)
    let theirs = Self.sample(others, Self.mostPaired.other)
    for (scale, words, code) in scales {
      guard
        let shift = commonestDisplacement(own.map { PointTransform(scale: scale).applied(to: $0, shape: nil) }, theirs)
      else { continue }
      let transform = PointTransform(scale: scale, shift: shift)
      result.append(
        PlacementHypothesis(
          transform: transform, code: code,
          words: scale == 1 ? "it counted from another place" : words + ", and counted from another place"))
    }
    return result
  }

  func offset(of points: [VoxelPoint]) throws(AisError) -> PlacementOffset? {
    var differences: [VoxelPoint] = []
    let wide = 1.5 * reach
    for point in points {
      if let near = grid.nearest(to: point), near.distance <= wide { differences.append(others[near.number] - point) }
    }
    guard differences.count >= 5, Double(differences.count) >= 0.1 * Double(points.count) else { return nil }
    func axis(_ key: KeyPath<VoxelPoint, Double>) -> (mean: Double, error: Double) {
      // The nearest point is not always the same particle: the median is not moved by those.
      var values = differences.map { $0[keyPath: key] }.sorted()
      let median = values[values.count / 2]
      values = values.filter { abs($0 - median) <= wide / 2 }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
      return (mean, (variance / Double(values.count)).squareRoot())
    }
    let (z, y, x) = (axis(\.z), axis(\.y), axis(\.x))
    return PlacementOffset(
      mean: VoxelPoint(z: z.mean, y: y.mean, x: x.mean), error: VoxelPoint(z: z.error, y: y.error, x: x.error))
  }

  /// What most pairs of points have between them: the fullest cell of a histogram of all displacements.
  private func commonestDisplacement(_ own: [VoxelPoint], _ theirs: [VoxelPoint]) -> VoxelPoint? {
    struct Cell: Hashable {
      var z: Int
      var y: Int
      var x: Int
    }
    let edge = 2 * reach
    func cell(_ value: Double) -> Int { Int((max(-1e9, min(1e9, value)) / edge).rounded()) }
    var counts: [Cell: Int] = [:]
    for a in own {
      for b in theirs {
        let d = b - a
        counts[Cell(z: cell(d.z), y: cell(d.y), x: cell(d.x)), default: 0] += 1
      }
    }
    // A displacement at the border of two cells fills both half: the fullest eight are looked at with all around them.
    let fullest = counts.sorted {
      $0.value != $1.value ? $0.value > $1.value : ($0.key.z, $0.key.y, $0.key.x) < ($1.key.z, $1.key.y, $1.key.x)
    }
    .prefix(8)
    var best: (count: Int, mean: VoxelPoint)?
    for (cellAt, _) in fullest {
      let centre = VoxelPoint(z: Double(cellAt.z) * edge, y: Double(cellAt.y) * edge, x: Double(cellAt.x) * edge)
      var mean = centre
      var count = 0
      for radius in [1.5 * edge, reach] {
        var (sum, number) = (VoxelPoint(z: 0, y: 0, x: 0), 0)
        for a in own {
          for b in theirs {
            let d = b - a
            let away = d - mean
            guard away.z * away.z + away.y * away.y + away.x * away.x <= radius * radius else { continue }
            sum = sum + d
            number += 1
          }
        }
        guard number > 0 else { break }
        mean = VoxelPoint(z: sum.z / Double(number), y: sum.y / Double(number), x: sum.x / Double(number))
        count = number
      }
      if count > best?.count ?? 0 { best = (count, mean) }
    }
    guard let best, best.count >= max(4, own.count / 10) else { return nil }
    return best.mean
  }

  /// Every n-th point.
  private static func sample(_ points: [VoxelPoint], _ most: Int) -> [VoxelPoint] {
    guard points.count > most else { return points }
    return (0..<most).map { points[$0 * points.count / most] }
  }

  private static func extent(_ points: [VoxelPoint]) -> Double {
    func length(_ key: KeyPath<VoxelPoint, Double>) -> Double {
      let values = points.map { $0[keyPath: key] }
      return max(1, (values.max() ?? 0) - (values.min() ?? 0))
    }
    return length(\.z) * length(\.y) * length(\.x)
  }
}
