import AisCore

/// The grey level and contrast of a whole tomogram, which networks trained with global normalisation are given.
package struct GlobalStatistics: Sendable, Hashable {
  /// The mean of the sample.
  package var centre: Float
  /// 1.4826 · median |v − median| + 1e-7: the standard deviation, were the values normally distributed.
  package var scale: Float
  /// Voxels of the sample that are not finite, which were passed over.
  package var skipped: Int

  package init(centre: Float, scale: Float, skipped: Int = 0) {
    self.centre = centre
    self.scale = scale
    self.skipped = skipped
  }

  /// Measures a tomogram exactly: the central region of up to 32 evenly spaced slices.
  ///
  /// The sample is kept when it fits into `memoryLimit` bytes (besides one slice and 2 MB of counters); otherwise it is
  /// read again for each of the five passes. Throws `malformed` when no voxel of the sample is finite.
  package static func measure(
    _ source: some SliceSource, memoryLimit: Int = 128 << 20, cancellation: Cancellation? = nil
  ) throws(AisError) -> GlobalStatistics {
    let sample = CentralSample(source.shape)
    let reader = SampleReader(source: source, sample: sample, keeps: sample.bytes <= memoryLimit, cancellation)

    var sum = 0.0
    var count = 0
    try reader.forEachChunk { chunk in
      for value in chunk where value.isFinite {
        sum += Double(value)
        count += 1
      }
    }
    guard let median = try MedianSearch.median(reader.forEachChunk) else {
      throw AisError(
        .malformed,
        "the centre of the tomogram holds no finite number in any of the \(sample.slices.count) slices looked at, "
          + "so that it cannot be normalised. Look at the file with 'ais info --check'.")
    }
    var deviations = [Float]()
    let deviation = try MedianSearch.median { (visit) throws(AisError) in
      try reader.forEachChunk { chunk in
        deviations.removeAll(keepingCapacity: true)
        for value in chunk { deviations.append(abs(value - median)) }
        deviations.withUnsafeBufferPointer(visit)
      }
    }
    return GlobalStatistics(
      centre: Float(sum / Double(count)), scale: 1.4826 * (deviation ?? 0) + 1e-7,
      skipped: sample.slices.count * sample.rows.count * sample.columns.count - count)
  }
}

/// Which voxels of a tomogram the statistics look at.
package struct CentralSample: Sendable, Hashable {
  /// Up to 32 slices at trunc(linspace(0, nz − 1, 32)).
  package var slices: [Int]
  /// Margins of min(trunc(0.2 · n), 64) are left out on each side.
  package var rows: Range<Int>
  package var columns: Range<Int>

  package init(_ shape: Shape) {
    let count = min(32, shape.z)
    // As NumPy's linspace: i · step, and the last one exactly.
    let step = count > 1 ? Double(shape.z - 1) / Double(count - 1) : 0
    slices = (0..<count).map { $0 > 0 && $0 == count - 1 ? shape.z - 1 : Int(Double($0) * step) }
    rows = CentralSample.centre(shape.y)
    columns = CentralSample.centre(shape.x)
  }

  package var bytes: Int { slices.count * rows.count * columns.count * 4 }

  private static func centre(_ count: Int) -> Range<Int> {
    let margin = min(Int(0.2 * Double(count)), 64)
    return margin..<count - margin
  }
}

/// Shows the voxels of a sample, again and again.
private final class SampleReader {
  private let source: any SliceSource
  private let sample: CentralSample
  private let keeps: Bool
  private let cancellation: Cancellation?
  private var kept: [Float] = []
  private var isComplete = false

  init(source: any SliceSource, sample: CentralSample, keeps: Bool, _ cancellation: Cancellation?) {
    self.source = source
    self.sample = sample
    self.keeps = keeps
    self.cancellation = cancellation
  }

  func forEachChunk(_ visit: (UnsafeBufferPointer<Float>) -> Void) throws(AisError) {
    if isComplete {
      try cancellation?.check()
      return kept.withUnsafeBufferPointer { all in
        // In chunks, so that what `visit` makes of one stays small.
        for start in stride(from: 0, to: all.count, by: 1 << 16) {
          visit(UnsafeBufferPointer(rebasing: all[start..<min(start + 1 << 16, all.count)]))
        }
      }
    }
    if keeps { kept.reserveCapacity(sample.bytes / 4) }
    var slice = [Float](repeating: 0, count: source.shape.sliceCount)
    for z in sample.slices {
      try cancellation?.check()
      var failure: AisError?
      slice.withUnsafeMutableBufferPointer { buffer in
        do throws(AisError) { try source.readSlice(z, into: buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      slice.withUnsafeBufferPointer { buffer in
        for row in sample.rows {
          let start = row * source.shape.x
          let chunk = buffer[start + sample.columns.lowerBound..<start + sample.columns.upperBound]
          if keeps { kept.append(contentsOf: chunk) }
          visit(UnsafeBufferPointer(rebasing: chunk))
        }
      }
    }
    isComplete = keeps
  }
}
