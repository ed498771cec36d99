import AisCore

/// The mean of the boxes around many points, for the place of what they have in common.
struct MeanBox {
  private let radius: Int
  private var side: Int { 2 * radius + 1 }
  private var centres: [VoxelIndex] = []
  /// What rounding points to voxels has left over, in all.
  private var rest = VoxelPoint(z: 0, y: 0, x: 0)
  private var sums: [Double]
  private var counts: [Int]

  init(radius: Int) {
    self.radius = radius
    let count = (2 * radius + 1) * (2 * radius + 1) * (2 * radius + 1)
    sums = Array(repeating: 0, count: count)
    counts = Array(repeating: 0, count: count)
  }

  /// One of the same size with nothing in it.
  var empty: MeanBox { MeanBox(radius: radius) }

  mutating func add(_ point: VoxelPoint, shape: Shape) {
    guard RangeCheck.isInside(point, shape) else { return }
    let index = VoxelIndex(z: Int(point.z.rounded()), y: Int(point.y.rounded()), x: Int(point.x.rounded()))
    centres.append(index)
    rest = rest + (point - VoxelPoint(index))
  }

  /// Reads the volume once and adds up the boxes of all of them.
  static func fill(_ means: inout [MeanBox], from source: any SliceSource, _ cancellation: Cancellation?)
    throws(AisError)
  {
    let shape = source.shape
    for z in 0..<shape.z {
      try cancellation?.check()
      guard means.contains(where: { $0.centres.contains { abs($0.z - z) <= means[0].radius } }) else { continue }
      let slice = try source.slice(z)
      for index in means.indices { means[index].add(slice, z, shape) }
    }
  }

  private mutating func add(_ slice: [Float], _ z: Int, _ shape: Shape) {
    for centre in centres where abs(centre.z - z) <= radius {
      let plane = (z - centre.z + radius) * side * side
      for y in max(0, centre.y - radius)...min(shape.y - 1, centre.y + radius) {
        let row = plane + (y - centre.y + radius) * side + radius - centre.x
        for x in max(0, centre.x - radius)...min(shape.x - 1, centre.x + radius) {
          let value = slice[y * shape.x + x]
          guard value.isFinite else { continue }
          sums[row + x] += Double(value)
          counts[row + x] += 1
        }
      }
    }
  }

  static func joined(_ parts: [MeanBox]) -> MeanBox {
    var whole = MeanBox(radius: parts[0].radius)
    for part in parts {
      whole.centres += part.centres
      whole.rest = whole.rest + part.rest
      for index in whole.sums.indices {
        whole.sums[index] += part.sums[index]
        whole.counts[index] += part.counts[index]
      }
    }
    return whole
  }

  /// Where the mean's centre lies from the points: the centre of what rises above half of the peak and hangs together with
  /// it. The peak is looked for within 6 voxels, or 2 of `near`.
  func centre(near: VoxelPoint?) -> VoxelPoint? {
    guard !centres.isEmpty else { return nil }
    var mean = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : .nan }
    let (background, noise) = shell(mean)
    guard background.isFinite else { return nil }
    // Dark particles become bright ones.
    var peak = (index: -1, height: 0.0)
    for index in mean.indices where isNear(index, near) {
      let height = abs(mean[index] - background)
      if height > peak.height { peak = (index, height) }
    }
    guard peak.index >= 0, peak.height > 3 * noise else { return nil }
    let sign = mean[peak.index] < background ? -1.0 : 1
    for index in mean.indices { mean[index] = sign * (mean[index] - background) }
    var weight = 0.0
    var sum = VoxelPoint(z: 0, y: 0, x: 0)
    for index in region(around: peak.index, above: 0.5 * peak.height, mean) {
      // What goes on beyond the box, such as a membrane, has no centre in it.
      if touchesFace(index) { return nil }
      let w = mean[index] - 0.5 * peak.height
      let at = place(index)
      sum = sum + VoxelPoint(z: w * at.z, y: w * at.y, x: w * at.x)
      weight += w
    }
    guard weight > 0 else { return nil }
    // A place in the box is one from the voxel that a point was rounded to.
    let count = Double(centres.count)
    let rounded = VoxelPoint(z: rest.z / count, y: rest.y / count, x: rest.x / count)
    return VoxelPoint(z: sum.z / weight, y: sum.y / weight, x: sum.x / weight) - rounded
  }

  /// Mean and scatter of the outermost layer of voxels.
  private func shell(_ mean: [Double]) -> (mean: Double, deviation: Double) {
    var values: [Double] = []
    for index in mean.indices where mean[index].isFinite {
      if touchesFace(index) { values.append(mean[index]) }
    }
    guard values.count > 1 else { return (.nan, 0) }
    let middle = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(values.count - 1)
    return (middle, variance.squareRoot())
  }

  private func touchesFace(_ index: Int) -> Bool {
    let at = place(index)
    return max(abs(at.z), abs(at.y), abs(at.x)) >= Double(radius)
  }

  private func isNear(_ index: Int, _ near: VoxelPoint?) -> Bool {
    let at = place(index)
    let away = near.map { at - $0 } ?? at
    let reach = near == nil ? 6.0 : 2
    return away.z * away.z + away.y * away.y + away.x * away.x <= reach * reach
  }

  /// All voxels above `height` that are reached from `start` through faces.
  private func region(around start: Int, above height: Double, _ mean: [Double]) -> [Int] {
    var seen = Set([start])
    var waiting = [start]
    while let index = waiting.popLast() {
      let (z, y, x) = (index / (side * side), index / side % side, index % side)
      for (nz, ny, nx) in [(z - 1, y, x), (z + 1, y, x), (z, y - 1, x), (z, y + 1, x), (z, y, x - 1), (z, y, x + 1)] {
        guard nz >= 0, ny >= 0, nx >= 0, nz < side, ny < side, nx < side else { continue }
        let next = (nz * side + ny) * side + nx
        if mean[next] > height, seen.insert(next).inserted { waiting.append(next) }
      }
    }
    return seen.sorted()
  }

  private func place(_ index: Int) -> VoxelPoint {
    VoxelPoint(
      z: Double(index / (side * side) - radius), y: Double(index / side % side - radius),
      x: Double(index % side - radius))
  }
}
