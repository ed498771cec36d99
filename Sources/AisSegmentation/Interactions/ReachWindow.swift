/// Slices of reaches along z go in, masks of what they reach come out: each as soon as no later slice can reach it.
///
/// Exact, with `depth + 4` slices in memory and a constant number of passes over each slice, whatever the depth: a queue of
/// two stacks. The slices in front have taken over what reaches them from behind, up to the last of the front; what
/// reaches that one from still later slices is kept as a single plane.
final class ReachWindow {
  private let count: Int
  private let total: Int
  /// The farthest that anything reaches along z.
  private let depth: Int
  private var front: [ReachPlane] = []
  private var back: [ReachPlane] = []
  private var spare: [ReachPlane] = []
  /// What reaches the last slice of the front from the slices of the back.
  private let ahead: ReachPlane
  /// What reaches the last slice that left from those before it and itself.
  private var behind: ReachPlane
  private var arrived = 0
  private var left = 0

  /// - Parameters:
  ///   - count: voxels of a slice.
  ///   - total: slices that will come.
  init(count: Int, total: Int, depth: Int) {
    self.count = count
    self.total = total
    self.depth = depth
    ahead = ReachPlane(count: count)
    behind = ReachPlane(count: count)
  }

  static func bytes(count: Int, depth: Int) -> Int { (depth + 4) * count * MemoryLayout<UInt16>.size }

  /// A slice to fill and to `take`.
  func makePlane() -> ReachPlane { spare.popLast() ?? ReachPlane(count: count) }

  /// Takes the next slice.
  func take(_ plane: ReachPlane) {
    back.append(plane)
    arrived += 1
    // It lies `back.count` slices behind the last of the front.
    let distance = UInt16(min(back.count, Int(UInt16.max)))
    let (source, target) = (plane.values, ahead.values)
    for i in 0..<count {
      let value = source[i]
      target[i] = max(target[i], value > distance ? value &- distance : 0)
    }
  }

  /// Writes the next mask, 0 or 1 for each voxel; `false` while later slices might reach it.
  func next(into mask: UnsafeMutablePointer<UInt8>) -> Bool {
    guard left < total, arrived == total || arrived > left + depth else { return false }
    if front.isEmpty { turn() }
    let plane = front.removeFirst()
    // What reaches this slice from behind reaches the next ones less far than it does directly: it may pass through.
    plane.decay(from: behind)
    spare.append(behind)
    behind = plane
    let distance = UInt16(min(front.count, Int(UInt16.max)))
    let (near, far) = (plane.values, ahead.values)
    for i in 0..<count { mask[i] = near[i] > 0 || far[i] > distance ? 1 : 0 }
    left += 1
    return true
  }

  /// The back becomes the front, and each slice of it takes over what reaches it from behind.
  private func turn() {
    swap(&front, &back)
    for i in stride(from: front.count - 2, through: 0, by: -1) { front[i].decay(from: front[i + 1]) }
    ahead.values.update(repeating: 0)
  }
}
