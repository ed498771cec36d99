/// Dilates masks of single slices by a disc, in time that does not depend on its radius.
///
/// A distance transform cut short: along x the distance to the nearest voxel of the row is counted; the table turns it into how
/// far that voxel's disc reaches along y; and a reach runs down and up the columns, one less at each step. Only whole
/// numbers are compared, so the result is exact.
final class PlaneDilation {
  private let y: Int
  private let x: Int
  private let reach: ReachTable
  private let plane: ReachPlane
  private let steps: UnsafeMutableBufferPointer<UInt16>

  init(y: Int, x: Int, reach: ReachTable) {
    self.y = y
    self.x = x
    self.reach = reach
    plane = ReachPlane(count: y * x)
    steps = .allocate(capacity: x)
    steps.initialize(repeating: 0)
  }

  deinit { steps.deallocate() }

  /// Bytes that a dilation of slices of `count` voxels holds.
  static func bytes(count: Int) -> Int { count * MemoryLayout<UInt16>.size }

  /// Dilates in place; voxels are 0 or 1, [y][x].
  func dilate(_ mask: UnsafeMutablePointer<UInt8>) {
    let values = plane.values.baseAddress!
    var isEmpty = true
    for row in 0..<y {
      if alongRow(mask + row * x, into: values + row * x) { isEmpty = false }
    }
    if isEmpty {
      // A reference's radius below a pixel empties masks that hold something.
      mask.update(repeating: 0, count: y * x)
      return
    }
    for row in 1..<max(1, y) { ReachPlane.decay(from: values + (row - 1) * x, into: values + row * x, count: x) }
    for row in stride(from: y - 2, through: 0, by: -1) {
      ReachPlane.decay(from: values + (row + 1) * x, into: values + row * x, count: x)
    }
    for i in 0..<y * x { mask[i] = values[i] > 0 ? 1 : 0 }
  }

  /// How far along y the nearest voxel of the row reaches, for each place of the row; whether any does.
  private func alongRow(_ mask: UnsafePointer<UInt8>, into result: UnsafeMutablePointer<UInt16>) -> Bool {
    let beyond = UInt16(reach.values.count - 1)
    var distance = beyond
    var sum = 0
    for i in 0..<x {
      distance = mask[i] != 0 ? 0 : min(distance &+ 1, beyond)
      steps[i] = distance
      sum &+= Int(mask[i])
    }
    if sum == 0 || beyond == 0 {
      result.update(repeating: 0, count: x)
      return false
    }
    reach.values.withUnsafeBufferPointer { table in
      distance = beyond
      for i in stride(from: x - 1, through: 0, by: -1) {
        distance = mask[i] != 0 ? 0 : min(distance &+ 1, beyond)
        result[i] = table[Int(min(distance, steps[i]))]
      }
    }
    return true
  }
}
