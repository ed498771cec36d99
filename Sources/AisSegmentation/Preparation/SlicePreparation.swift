import AisCore
import AisImaging

/// How grey levels are brought to the range a network was trained on.
package enum SliceNormalization: String, Sendable, Hashable {
  /// With the statistics of the whole tomogram, before rescaling.
  case wholeTomogram
  /// Each slice to mean 0 and standard deviation 1, after rescaling.
  case eachSlice
}

/// What is done to a slice before networks see it. Models with equal preparations share the prepared slices.
struct SlicePreparation: Sendable, Hashable {
  struct Size: Sendable, Hashable {
    var y: Int
    var x: Int
    var count: Int { y * x }
  }

  var normalization: SliceNormalization
  var source: Size
  var target: Size

  var rescales: Bool { source != target }

  /// The size at which a model works on slices of `shape`.
  ///
  /// Pixel sizes that differ by less than 5 % are taken as equal. Only x counts, as in the reference.
  static func workingSize(of shape: Shape, pixelSize: Length?, target: Length?) -> Size {
    let native = Size(y: shape.y, x: shape.x)
    guard let pixelSize, let target else { return native }
    let factor = pixelSize / target
    guard abs(factor - 1) >= 0.05 else { return native }
    func scaled(_ count: Int) -> Int { max(1, Int((Double(count) * factor).rounded(.toNearestOrEven))) }
    return Size(y: scaled(shape.y), x: scaled(shape.x))
  }
}

/// Carries out a preparation slice by slice.
struct SlicePreparer: Sendable {
  let preparation: SlicePreparation
  private let resampler: SliceResampler
  private let statistics: GlobalStatistics?
  private let pool: SlicePool
  private let threads: Int

  /// - Parameters:
  ///   - statistics: of the whole tomogram; needed for `wholeTomogram`.
  ///   - pool: gives slices of the target size.
  init(_ preparation: SlicePreparation, statistics: GlobalStatistics?, pool: SlicePool, threads: Int) {
    precondition(
      preparation.normalization == .eachSlice || statistics != nil, "whole-tomogram normalisation needs statistics")
    self.preparation = preparation
    self.statistics = statistics
    self.pool = pool
    self.threads = threads
    resampler = .antialiased(
      from: (preparation.source.y, preparation.source.x), to: (preparation.target.y, preparation.target.x))
  }

  /// The prepared slice. `raw` is spent: it is worked on in place, and is the result when nothing is rescaled.
  ///
  /// Values that are not finite become the mean, so that they neither spread nor stop the run.
  func prepare(_ raw: SliceBuffer) -> SliceBuffer {
    switch preparation.normalization {
    case .wholeTomogram:
      let statistics = statistics!
      normalise(raw.values, centre: statistics.centre, scale: statistics.scale)
      return rescaled(raw)
    case .eachSlice:
      if preparation.rescales {
        // A single NaN would spread over the blur's radius.
        let mean = Moments(raw.values).mean
        for i in raw.values.indices where !raw.values[i].isFinite { raw.values[i] = Float(mean) }
      }
      let slice = rescaled(raw)
      let moments = Moments(slice.values)
      normalise(slice.values, centre: Float(moments.mean), scale: Float(moments.deviation + 1e-6))
      return slice
    }
  }

  private func rescaled(_ slice: SliceBuffer) -> SliceBuffer {
    guard preparation.rescales else { return slice }
    let result = pool.take()
    resampler.resample(slice.values, into: result.values, threads: threads)
    return result
  }

  private func normalise(_ values: UnsafeMutableBufferPointer<Float>, centre: Float, scale: Float) {
    for i in values.indices {
      let value = (values[i] - centre) / scale
      values[i] = value.isFinite ? value : 0
    }
  }
}

/// Mean and standard deviation of the finite values of a slice.
private struct Moments {
  var mean = 0.0
  var deviation = 0.0

  init(_ values: UnsafeMutableBufferPointer<Float>) {
    var sum = 0.0
    var count = 0
    for value in values where value.isFinite {
      sum += Double(value)
      count += 1
    }
    guard count > 0 else { return }
    mean = sum / Double(count)
    var squares = 0.0
    for value in values where value.isFinite { squares += (Double(value) - mean) * (Double(value) - mean) }
    deviation = (squares / Double(count)).squareRoot()
  }
}
