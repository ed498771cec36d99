/// Separable Gaussian blur, axis by axis as `scipy.ndimage.gaussian_filter`: sums in Double, each axis stored as Float.
///
/// NaN spreads to every pixel within the kernel's radius.
package enum GaussianFilter {
  /// Blurs one slice (rows of x) in place: along y, then along x.
  package static func blur(
    _ slice: UnsafeMutableBufferPointer<Float>, y: Int, x: Int, alongY: GaussianKernel, alongX: GaussianKernel,
    border: BorderRule, threads: Int
  ) {
    precondition(slice.count == y * x, "a slice of \(x) × \(y) pixels needs \(y * x) values, got \(slice.count)")
    if !alongY.isIdentity {
      // Columns are independent, so each thread takes a band of them and keeps only the rows that are still needed.
      nonisolated(unsafe) let values = slice
      Slabs.forEach(count: x, threads: threads, minimum: 64) { columns in
        blurColumns(values, y: y, x: x, columns: columns, kernel: alongY, border: border)
      }
    }
    if !alongX.isIdentity {
      nonisolated(unsafe) let values = slice
      Slabs.forEach(count: y, threads: threads, minimum: 16) { rows in
        for row in rows {
          blurRow(UnsafeMutableBufferPointer(rebasing: values[row * x..<(row + 1) * x]), kernel: alongX, border: border)
        }
      }
    }
  }

  /// The weighted sum along z of one slice and its neighbours: `slices` holds the pointers for z − radius … z + radius
  /// (already reflected at the ends of the volume).
  package static func combine(
    _ slices: [UnsafePointer<Float>], kernel: GaussianKernel, into destination: UnsafeMutableBufferPointer<Float>,
    threads: Int
  ) {
    precondition(slices.count == 2 * kernel.radius + 1, "a kernel of radius \(kernel.radius) needs its neighbours")
    nonisolated(unsafe) let result = destination
    nonisolated(unsafe) let sources = slices
    Slabs.forEach(count: destination.count, threads: threads, minimum: 1 << 14) { range in
      weightedSum(sources, kernel: kernel, into: result, range: range)
    }
  }

  /// Blurs a whole volume: z, then y, then x. `sigma` in voxels.
  package static func blurred(
    _ voxels: [Float], z: Int, y: Int, x: Int, sigma: (z: Double, y: Double, x: Double),
    border: BorderRule = .halfSample,
    threads: Int = 1
  ) -> [Float] {
    precondition(voxels.count == z * y * x, "a volume of \(x) × \(y) × \(z) voxels needs \(z * y * x) values")
    let plane = y * x
    let kernel = GaussianKernel(sigma: sigma.z)
    let alongY = GaussianKernel(sigma: sigma.y)
    let alongX = GaussianKernel(sigma: sigma.x)
    var result = voxels
    voxels.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        for slice in 0..<z {
          let window = (-kernel.radius...kernel.radius).map {
            source.baseAddress! + border.index(slice + $0, count: z) * plane
          }
          let target = UnsafeMutableBufferPointer(rebasing: destination[slice * plane..<(slice + 1) * plane])
          combine(window, kernel: kernel, into: target, threads: threads)
          blur(target, y: y, x: x, alongY: alongY, alongX: alongX, border: border, threads: threads)
        }
      }
    }
    return result
  }

  private static func weightedSum(
    _ sources: [UnsafePointer<Float>], kernel: GaussianKernel, into result: UnsafeMutableBufferPointer<Float>,
    range: Range<Int>
  ) {
    let radius = kernel.radius
    // A block of Doubles that stays in the first-level cache while all neighbours are added to it.
    let block = 1024
    var sums = [Double](repeating: 0, count: block)
    var start = range.lowerBound
    while start < range.upperBound {
      let count = min(block, range.upperBound - start)
      for i in 0..<count { sums[i] = Double(sources[radius][start + i]) * kernel.halfTaps[0] }
      for distance in stride(from: radius, to: 0, by: -1) {
        let tap = kernel.halfTaps[distance]
        let (before, after) = (sources[radius - distance], sources[radius + distance])
        for i in 0..<count { sums[i] += (Double(before[start + i]) + Double(after[start + i])) * tap }
      }
      for i in 0..<count { result[start + i] = Float(sums[i]) }
      start += count
    }
  }

  private static func blurColumns(
    _ values: UnsafeMutableBufferPointer<Float>, y: Int, x: Int, columns: Range<Int>, kernel: GaussianKernel,
    border: BorderRule
  ) {
    let width = columns.count
    let radius = kernel.radius
    if radius >= y {
      return blurShortColumns(values, y: y, x: x, columns: columns, kernel: kernel, border: border)
    }
    // Row r is needed by the rows up to r + radius, and by no later one: rows reflected at the lower end lie no more
    // than `radius` above the row they serve. So a result waits in a ring until it may take its place.
    let source = values.baseAddress! + columns.lowerBound
    let ring = UnsafeMutablePointer<Float>.allocate(capacity: (radius + 1) * width)
    defer { ring.deallocate() }
    func put(_ row: Int) { (source + row * x).update(from: ring + (row % (radius + 1)) * width, count: width) }
    var window = [UnsafePointer<Float>](repeating: UnsafePointer(source), count: 2 * radius + 1)
    for row in 0..<y {
      for offset in -radius...radius {
        window[offset + radius] = UnsafePointer(source + border.index(row + offset, count: y) * x)
      }
      let target = UnsafeMutableBufferPointer(start: ring + (row % (radius + 1)) * width, count: width)
      weightedSum(window, kernel: kernel, into: target, range: 0..<width)
      if row >= radius { put(row - radius) }
    }
    for row in (y - radius)..<y { put(row) }
  }

  private static func blurShortColumns(
    _ values: UnsafeMutableBufferPointer<Float>, y: Int, x: Int, columns: Range<Int>, kernel: GaussianKernel,
    border: BorderRule
  ) {
    for column in columns {
      let line = (0..<y).map { values[$0 * x + column] }
      for row in 0..<y {
        var sum = Double(line[row]) * kernel.halfTaps[0]
        for distance in stride(from: kernel.radius, to: 0, by: -1) {
          let before = line[border.index(row - distance, count: y)]
          let after = line[border.index(row + distance, count: y)]
          sum += (Double(before) + Double(after)) * kernel.halfTaps[distance]
        }
        values[row * x + column] = Float(sum)
      }
    }
  }

  private static func blurRow(_ row: UnsafeMutableBufferPointer<Float>, kernel: GaussianKernel, border: BorderRule) {
    let radius = kernel.radius
    let count = row.count
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count + 2 * radius) { padded in
      for i in 0..<radius {
        padded[i] = Double(row[border.index(i - radius, count: count)])
        padded[radius + count + i] = Double(row[border.index(count + i, count: count)])
      }
      for i in 0..<count { padded[radius + i] = Double(row[i]) }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { sums in
        for i in 0..<count { sums[i] = padded[radius + i] * kernel.halfTaps[0] }
        for distance in stride(from: radius, to: 0, by: -1) {
          let tap = kernel.halfTaps[distance]
          for i in 0..<count { sums[i] += (padded[radius + i - distance] + padded[radius + i + distance]) * tap }
        }
        for i in 0..<count { row[i] = Float(sums[i]) }
      }
    }
  }
}
