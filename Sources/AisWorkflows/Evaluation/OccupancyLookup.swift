import AisCore
import AisFormats
import AisImaging

/// What the occupancy rule tells beyond counts.
package struct OccupancyCounts: Sendable {
  /// Found particles that lie in no true one.
  package var background = 0
  /// True particles in which several found ones lie.
  package var hitRepeatedly = 0
  /// Found particles outside the volume: the nearest voxel counts.
  package var outside = 0
  /// Names of the true classes, in the order in which they come in the list.
  package var classes: [String] = []
  /// For each true class, how many of its particles were taken for each class; the last column counts those not found.
  package var confusion: [[Int]] = []

  /// Of class `index`: a particle that was found and taken for it is a true positive when it is one.
  package func counts(ofClass index: Int) -> DetectionCounts {
    let right = confusion[index][index]
    let named = confusion.reduce(0) { $0 + $1[index] }
    return DetectionCounts(matched: right, found: named, truth: confusion[index].reduce(0, +))
  }
}

/// Looks up which true particle each found one lies in: the rule of SHREC 2021.
///
/// The volume holds 0 in the background and the number of the particle elsewhere; it is grown by one voxel along the axes,
/// the greater number winning where two meet. Coordinates are rounded to the nearest voxel (halves to the even one) and
/// brought into the volume.
struct OccupancyLookup {
  private let path: String
  private let volume: Tomogram
  private let truth: PointSet
  private let rule: MatchingRule
  /// For each true particle, the found ones that lie in it, in the order of their list.
  private var hits: [[Int]]
  private var background = 0
  private var outside = 0

  init(_ path: String, truth: PointSet, rule: MatchingRule) throws(AisError) {
    guard truth.tomograms.count == 1 else {
      throw AisError(
        .usage,
        "an occupancy volume belongs to one tomogram, but the true particles are of \(truth.tomograms.count). Compare one at a time"
      )
    }
    self.path = path
    self.truth = truth
    self.rule = rule
    volume = try Tomogram.open(path)
    hits = [[Int]](repeating: [], count: truth.points.count)
  }

  /// Compares all found particles, whatever their class, with all true ones that are not left out.
  mutating func compare(
    _ group: Group, threshold: Double?, _ cancellation: Cancellation
  ) throws(AisError) -> Group.Result {
    let particles = try particles(under: group.found.map { group.foundPoints[$0].position }, cancellation)
    let counted = Set(group.truth)
    var ofFound: [Int: Int] = [:]
    for (index, particle) in zip(group.found, particles) {
      if particle > 0 { ofFound[index] = particle - 1 }
      guard group.isTaken(index, threshold) else { continue }
      if particle > 0 { hits[particle - 1].append(index) } else { background += 1 }
    }
    var isHit = Set<Int>()
    let ordered = group.byScore
    let gains = ordered.map { index -> Int in
      guard let particle = ofFound[index], counted.contains(particle) else { return 0 }
      return isHit.insert(particle).inserted ? 1 : 0
    }
    let taken = ordered.prefix { group.isTaken($0, threshold) }.count
    var pairs: [ClosePair] = []
    for particle in group.truth {
      guard let first = hits[particle].first else { continue }
      let distance = group.foundPoints[first].position.distance(to: group.truthPoints[particle].position)
      pairs.append(ClosePair(found: first, truth: particle, distance: distance))
    }
    return Group.Result(
      counts: DetectionCounts(matched: pairs.count, found: taken, truth: group.truth.count), pairs: pairs,
      steps: zip(ordered, gains).map { (score: group.score($0), gain: $1) })
  }

  /// What the lookups add up to.
  func counts(found: PointSet) -> OccupancyCounts {
    var result = OccupancyCounts(background: background, outside: outside)
    let kept = truth.features.indices.filter { !rule.excludes(truth.features[$0]) }
    let classOf = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    let keys = kept.map { PointNames.featureKey(truth.features[$0]) }
    result.classes = kept.map { truth.features[$0] }
    result.confusion = [[Int]](repeating: [Int](repeating: 0, count: kept.count + 1), count: kept.count)
    for (index, point) in truth.points.enumerated() {
      guard let row = classOf[point.feature] else { continue }
      if hits[index].count > 1 { result.hitRepeatedly += 1 }
      // The first of several counts, as in the organisers' program; a class that does not exist counts as not found.
      let named = hits[index].first.map { PointNames.featureKey(found.features[found.points[$0].feature]) }
      let column = named.flatMap { keys.firstIndex(of: $0) } ?? kept.count
      result.confusion[row][column] += 1
    }
    return result
  }

  /// The number of the particle at each position; 0 in the background.
  private mutating func particles(
    under positions: [Position], _ cancellation: Cancellation
  ) throws(AisError) -> [Int] {
    let (shape, size) = (volume.shape, truth.tomograms[0].voxelSize)
    var voxels: [(place: Int, voxel: VoxelIndex)] = []
    for (place, position) in positions.enumerated() {
      guard position.isFinite else { continue }
      let point = position.point(size)
      func index(_ value: Double, _ count: Int) -> (index: Int, isOutside: Bool) {
        // The digits that ångströms took away are given back before halves are rounded.
        let voxel = (((value - 0.5) * 1e6).rounded() / 1e6).rounded(.toNearestOrEven)
        let inside = max(0, min(Double(count - 1), voxel))
        return (Int(inside), inside != voxel)
      }
      let (z, y, x) = (index(point.z, shape.z), index(point.y, shape.y), index(point.x, shape.x))
      if z.isOutside || y.isOutside || x.isOutside { outside += 1 }
      voxels.append((place, VoxelIndex(z: z.index, y: y.index, x: x.index)))
    }
    var result = [Int](repeating: 0, count: positions.count)
    for (z, members) in Dictionary(grouping: voxels, by: \.voxel.z).sorted(by: { $0.key < $1.key }) {
      try cancellation.check()
      let below = z > 0 ? try volume.slice(z - 1) : nil
      let slice = try volume.slice(z)
      let above = z + 1 < shape.z ? try volume.slice(z + 1) : nil
      for (place, voxel) in members {
        let at = voxel.y * shape.x + voxel.x
        var greatest = slice[at]
        if voxel.x > 0 { greatest = max(greatest, slice[at - 1]) }
        if voxel.x + 1 < shape.x { greatest = max(greatest, slice[at + 1]) }
        if voxel.y > 0 { greatest = max(greatest, slice[at - shape.x]) }
        if voxel.y + 1 < shape.y { greatest = max(greatest, slice[at + shape.x]) }
        if let below { greatest = max(greatest, below[at]) }
        if let above { greatest = max(greatest, above[at]) }
        guard greatest >= 0, greatest <= Float(truth.points.count) else {
          throw AisError(
            .malformed,
            "'\(path)' holds \(greatest) at voxel \(voxel.x), \(voxel.y), \(z), but there are \(truth.points.count) true "
              + "particles. Expected 0 in the background and the number of the particle, counted from 1 in the order of the list"
          )
        }
        result[place] = Int(greatest.rounded())
      }
    }
    return result
  }
}
