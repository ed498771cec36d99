/// Linear resampling of xy slices to another size, with or without the blur that prevents aliasing.
///
/// Sums in Double, results in Float. NaN spreads to the new pixels that touch it.
package struct SliceResampler: Sendable {
  package let source: (y: Int, x: Int)
  package let target: (y: Int, x: Int)
  private let rows: LinearSampling
  private let columns: LinearSampling
  private let blurY: GaussianKernel
  private let blurX: GaussianKernel

  /// Equal to `skimage.transform.resize` (order 1, anti-aliasing, range kept) for each slice of a volume whose z is
  /// unchanged: where the image shrinks by f > 1 it is first blurred with σ = (f − 1)/2 pixels.
  package static func antialiased(from source: (y: Int, x: Int), to target: (y: Int, x: Int)) -> SliceResampler {
    SliceResampler(
      source: source, target: target, rows: .sameArea(from: source.y, to: target.y),
      columns: .sameArea(from: source.x, to: target.x),
      blurY: GaussianKernel(sigma: max(0, (Double(source.y) / Double(target.y) - 1) / 2)),
      blurX: GaussianKernel(sigma: max(0, (Double(source.x) / Double(target.x) - 1) / 2)))
  }

  /// A linear spline through the pixels, without prefilter, border centres on border centres
  /// (`scipy.ndimage.zoom` of order 1).
  package static func spline(from source: (y: Int, x: Int), to target: (y: Int, x: Int)) -> SliceResampler {
    SliceResampler(
      source: source, target: target, rows: .sameCorners(from: source.y, to: target.y),
      columns: .sameCorners(from: source.x, to: target.x), blurY: GaussianKernel(sigma: 0),
      blurX: GaussianKernel(sigma: 0))
  }

  /// Whether the slice comes out as it went in.
  package var isIdentity: Bool { source == target && rows.isIdentity && columns.isIdentity }

  /// Whether `resample` overwrites its source with the blurred image.
  package var blursSource: Bool { !blurY.isIdentity || !blurX.isIdentity }

  /// Resamples one slice. `slice` is used as scratch space when the image is blurred first.
  package func resample(
    _ slice: UnsafeMutableBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>, threads: Int
  ) {
    precondition(slice.count == source.y * source.x, "the slice is not \(source.x) × \(source.y) pixels")
    precondition(result.count == target.y * target.x, "the result is not \(target.x) × \(target.y) pixels")
    if isIdentity {
      _ = result.update(from: slice)
      return
    }
    if blursSource {
      GaussianFilter.blur(
        slice, y: source.y, x: source.x, alongY: blurY, alongX: blurX, border: .wholeSample, threads: threads)
    }
    nonisolated(unsafe) let values = UnsafePointer(slice.baseAddress!)
    nonisolated(unsafe) let output = result.baseAddress!
    Slabs.forEach(count: target.y, threads: threads, minimum: 16) { range in
      for row in range {
        let (before, after) = (values + rows.lower[row] * source.x, values + rows.upper[row] * source.x)
        interpolate(before, after, fraction: rows.fraction[row], into: output + row * target.x)
      }
    }
  }

  /// Resamples one slice given as an array.
  package func resampled(_ slice: [Float], threads: Int = 1) -> [Float] {
    var scratch = slice
    return [Float](unsafeUninitializedCapacity: target.y * target.x) { buffer, count in
      let result = UnsafeMutableBufferPointer(rebasing: buffer[..<(target.y * target.x)])
      result.initialize(repeating: 0)
      scratch.withUnsafeMutableBufferPointer { resample($0, into: result, threads: threads) }
      count = target.y * target.x
    }
  }

  private func interpolate(
    _ before: UnsafePointer<Float>, _ after: UnsafePointer<Float>, fraction: Double,
    into output: UnsafeMutablePointer<Float>
  ) {
    columns.lower.withUnsafeBufferPointer { lower in
      columns.upper.withUnsafeBufferPointer { upper in
        columns.fraction.withUnsafeBufferPointer { weight in
          for i in 0..<target.x {
            let (left, right, w) = (lower[i], upper[i], weight[i])
            var sum = Double(before[left]) * (1 - fraction) * (1 - w)
            sum += Double(before[right]) * (1 - fraction) * w
            sum += Double(after[left]) * fraction * (1 - w)
            sum += Double(after[right]) * fraction * w
            output[i] = Float(sum)
          }
        }
      }
    }
  }

  private init(
    source: (y: Int, x: Int), target: (y: Int, x: Int), rows: LinearSampling, columns: LinearSampling,
    blurY: GaussianKernel, blurX: GaussianKernel
  ) {
    self.source = source
    self.target = target
    self.rows = rows
    self.columns = columns
    self.blurY = blurY
    self.blurX = blurX
  }
}
