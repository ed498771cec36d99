import AisCore

/// A connected group of voxels, or one group of a labelled volume, and what was measured of it.
///
/// All places are in voxels of the volume it was found in.
package struct Component: Hashable, Sendable {
  /// Its place in the list, from 0. In a volume of labels it has the value `index` + 1.
  package var index: Int
  package var voxelCount: Int
  /// The smallest box that holds it.
  package var box: VoxelBox
  /// Whether it touches a face of the volume, or of the region that was looked at, and may go on beyond.
  package var isAtFace: Bool
  /// The sum of its voxels' values.
  package var sum: Double
  /// The mean place of its voxels.
  package var centroid: VoxelPoint
  /// The mean place weighted with the values; the plain one when the values do not sum to a positive, finite number.
  package var weightedCentroid: VoxelPoint
  /// How its voxels lie around the centroid.
  package var covariance: VoxelCovariance
}

/// Mean products of the distances from the centroid on two axes, in squared voxels: divided by the number of voxels.
package struct VoxelCovariance: Hashable, Sendable {
  package var zz: Double
  package var zy: Double
  package var zx: Double
  package var yy: Double
  package var yx: Double
  package var xx: Double

  package init(zz: Double, zy: Double, zx: Double, yy: Double, yx: Double, xx: Double) {
    self.zz = zz
    self.zy = zy
    self.zx = zx
    self.yy = yy
    self.yx = yx
    self.xx = xx
  }
}

/// Sums over values of voxels and their places, as they are collected while a slice is in memory.
struct ValueSums: Sendable {
  var value = 0.0
  var z = 0.0
  var y = 0.0
  var x = 0.0

  init() {}

  /// The values of a row from column `start` on, without their slice and row.
  @inline(__always)
  init(of values: Slice<UnsafeBufferPointer<Float>>, from start: Int) {
    var column = Double(start)
    for value in UnsafeBufferPointer(rebasing: values) {
      self.value += Double(value)
      x += Double(value) * column
      column += 1
    }
  }

  static func += (a: inout ValueSums, b: ValueSums) {
    a.value += b.value
    a.z += b.z
    a.y += b.y
    a.x += b.x
  }
}

/// Sums over the places of voxels, added run by run. Counted from the first voxel, so that nothing is lost by cancellation;
/// exact, since whole numbers up to 2⁵³ are.
struct PlaceSums: Sendable {
  private var first = VoxelIndex(z: 0, y: 0, x: 0)
  private(set) var count = 0
  private var sum = (z: 0, y: 0, x: 0)
  private var squares = VoxelCovariance(zz: 0, zy: 0, zx: 0, yy: 0, yx: 0, xx: 0)
  private var low = VoxelIndex(z: 0, y: 0, x: 0)
  private var high = VoxelIndex(z: 0, y: 0, x: 0)

  /// Adds the voxels `lower..<upper` of a row. At least one.
  @inline(__always)
  mutating func add(z: Int, y: Int, lower: Int, upper: Int) {
    if count == 0 {
      first = VoxelIndex(z: z, y: y, x: lower)
      low = first
      high = VoxelIndex(z: z, y: y, x: upper - 1)
    } else {
      if z < low.z { low.z = z }
      if z > high.z { high.z = z }
      if y < low.y { low.y = y }
      if y > high.y { high.y = y }
      if lower < low.x { low.x = lower }
      if upper - 1 > high.x { high.x = upper - 1 }
    }
    let number = upper - lower
    let (dz, dy) = (z - first.z, y - first.y)
    let (from, to) = (lower - first.x, upper - first.x)
    let sumX = (from + to - 1) * number / 2
    count += number
    sum.z += dz * number
    sum.y += dy * number
    sum.x += sumX
    squares.zz += Double(dz * dz * number)
    squares.zy += Double(dz * dy * number)
    squares.yy += Double(dy * dy * number)
    squares.zx += Double(dz * sumX)
    squares.yx += Double(dy * sumX)
    squares.xx += Double(Self.squaresBelow(to) - Self.squaresBelow(from))
  }

  /// 0² + 1² + … + (m − 1)², continued to negative m so that differences give the sum between two numbers.
  private static func squaresBelow(_ m: Int) -> Int { (m - 1) * m * (2 * m - 1) / 6 }

  /// What these sums say; `bounds` is what was looked at.
  func component(index: Int, values: ValueSums, bounds: VoxelBox) -> Component {
    guard count > 0 else {
      return Component(
        index: index, voxelCount: 0, box: VoxelBox(z: 0..<0, y: 0..<0, x: 0..<0), isAtFace: false, sum: 0,
        centroid: VoxelPoint(z: 0, y: 0, x: 0), weightedCentroid: VoxelPoint(z: 0, y: 0, x: 0),
        covariance: VoxelCovariance(zz: 0, zy: 0, zx: 0, yy: 0, yx: 0, xx: 0))
    }
    let n = Double(count)
    let mean = (z: Double(sum.z) / n, y: Double(sum.y) / n, x: Double(sum.x) / n)
    let centroid = VoxelPoint(
      z: Double(first.z) + mean.z, y: Double(first.y) + mean.y, x: Double(first.x) + mean.x)
    let box = VoxelBox(z: low.z..<high.z + 1, y: low.y..<high.y + 1, x: low.x..<high.x + 1)
    let isWeighted = values.value > 0 && values.value.isFinite
    return Component(
      index: index, voxelCount: count, box: box,
      isAtFace: box.touchesFace(of: bounds),
      sum: values.value, centroid: centroid,
      weightedCentroid: isWeighted
        ? VoxelPoint(z: values.z / values.value, y: values.y / values.value, x: values.x / values.value) : centroid,
      covariance: VoxelCovariance(
        zz: squares.zz / n - mean.z * mean.z, zy: squares.zy / n - mean.z * mean.y,
        zx: squares.zx / n - mean.z * mean.x, yy: squares.yy / n - mean.y * mean.y,
        yx: squares.yx / n - mean.y * mean.x, xx: squares.xx / n - mean.x * mean.x))
  }
}
