import AisCore
import AisFormats
import AisImaging

/// What the values of a slice, or of some slices of a tomogram, are like.
package struct SliceStatistics: Sendable, Hashable {
  package var minimum: Float
  package var maximum: Float
  package var mean: Double
  package var standardDeviation: Double
  /// The automatic contrast: 0.06 % of the values are beyond on either side.
  package var low: Float
  package var high: Float
  package var histogram: Histogram

  /// Values counted in bins of equal width; the outermost five-thousandth on either side is left out.
  package struct Histogram: Sendable, Hashable {
    package var from: Float
    package var to: Float
    package var counts: [Int]
  }

  /// Of values that are finite; `nil` when there are none.
  init?(_ values: [Float], contrast: ContrastLimits) {
    var (sum, count) = (0.0, 0)
    (minimum, maximum) = (.infinity, -.infinity)
    for value in values where value.isFinite {
      sum += Double(value)
      count += 1
      minimum = min(minimum, value)
      maximum = max(maximum, value)
    }
    guard count > 0 else { return nil }
    let mean = sum / Double(count)
    var squares = 0.0
    for value in values where value.isFinite { squares += (Double(value) - mean) * (Double(value) - mean) }
    self.mean = mean
    standardDeviation = (squares / Double(count)).squareRoot()
    (low, high) = (contrast.low, contrast.high)
    histogram = Self.histogram(values)
  }

  private static let bins = 64

  private static func histogram(_ values: [Float]) -> Histogram {
    let step = max(1, values.count >> 18)
    var sorted = stride(from: 0, to: values.count, by: step).map { values[$0] }.filter(\.isFinite)
    sorted.sort()
    let cut = sorted.count / 5000
    var (from, to) = sorted.isEmpty ? (0, 0) : (sorted[cut], sorted[sorted.count - 1 - cut])
    if !(to > from) { (from, to) = (from - 0.5, to + 0.5) }
    var counts = [Int](repeating: 0, count: bins)
    for value in values where value >= from && value <= to {
      counts[min(bins - 1, Int((value - from) / (to - from) * Float(bins)))] += 1
    }
    return Histogram(from: from, to: to, counts: counts)
  }
}

extension SliceService {
  /// Most slices that statistics of a whole tomogram look at.
  static let statisticsSlices = 16

  /// The values of one xy slice, or, without one, of up to 16 slices evenly spread.
  ///
  /// Throws `malformed` when no value is a finite number, `usage` for a slice that is not there, and what reading throws.
  package func statistics(of file: SliceFile, slice: Int? = nil) async throws(AisError) -> SliceStatistics {
    let name = "\(file.key) \(file.path) \(slice.map(String.init) ?? "all")"
    return try await surveys.value(name) { order in
      reading.submit {
        order.finish(
          Result { () throws(AisError) -> SliceStatistics in
            try self.surveyTable.value(name) { () throws(AisError) -> SliceStatistics in
              try self.survey(file, slice, order.cancellation)
            }
          })
      }
      return nil
    }
  }

  private func survey(
    _ file: SliceFile, _ slice: Int?, _ cancellation: Cancellation
  ) throws(AisError) -> SliceStatistics {
    let source = try files.tomogram(file)
    let shape = source.tomogram.shape
    let count = min(Self.statisticsSlices, shape.z)
    let slices = slice.map { [$0] } ?? (0..<count).map { (2 * $0 + 1) * shape.z / (2 * count) }
    // Of large slices some rows are enough, as long as they are evenly spread.
    let rowStep = slice == nil ? max(1, shape.sliceCount * slices.count / (16 << 20)) : 1
    var values: [Float] = []
    var contrasts: [ContrastLimits] = []
    try files.read(source) { () throws(AisError) in
      for z in slices {
        let geometry = try SliceGeometry(.xy, index: z, level: 0, slab: 1, of: shape, name: file.path)
        var part: [Float] = []
        if rowStep == 1 {
          part = try SliceRows.read(
            0..<shape.y, of: geometry, from: source.tomogram, threads: threads, cancellation: cancellation)
        } else {
          for y in stride(from: rowStep / 2, to: shape.y, by: rowStep) {
            part += try SliceRows.read(
              y..<y + 1, of: geometry, from: source.tomogram, threads: 1, cancellation: cancellation)
          }
        }
        if let contrast = ContrastLimits.automatic(part, height: part.count / shape.x, width: shape.x) {
          contrasts.append(contrast)
        }
        values += part
      }
    }
    // Of several slices the middle one's contrast: an odd slice at an end does not count.
    let lows = contrasts.map(\.low).sorted()
    let highs = contrasts.map(\.high).sorted()
    guard !contrasts.isEmpty,
      let found = SliceStatistics(
        values, contrast: ContrastLimits(low: lows[lows.count / 2], high: highs[highs.count / 2]))
    else {
      throw AisError(
        .malformed,
        "'\(file.path)' holds no finite number \(slice.map { "in slice \($0)" } ?? "in the slices looked at"). Look at the file "
          + "with 'ais info --check'.")
    }
    return found
  }
}
