import AisCore
import AisImaging
import Synchronization

/// One look at all values of a segmentation.
struct PredictionSurvey: Sendable {
  /// Of the finite values; `nil` when there is none.
  private(set) var greatest: Float?
  /// Voxels whose value is not a number, or infinite.
  private(set) var notFinite = 0
  /// Finite values from 0 to `top` in 256 equal bins; what lies outside counts to the bin at its end.
  private(set) var histogram = [Int](repeating: 0, count: 256)

  /// Reads every slice once.
  ///
  /// - Parameter top: the value that the histogram ends at.
  init(
    _ source: any SliceSource, top: Double, threads: Int, cancellation: Cancellation
  ) throws(AisError) {
    let parts = Mutex<(surveys: [PredictionSurvey], failure: AisError?)>(([], nil))
    let factor = top > 0 ? Float(255 / top) : 0
    Slabs.forEach(count: source.shape.z, threads: threads) { slices in
      var part = PredictionSurvey()
      var failure: AisError?
      do throws(AisError) {
        var values = [Float](repeating: 0, count: source.shape.sliceCount)
        for z in slices {
          try cancellation.check()
          var problem: AisError?
          values.withUnsafeMutableBufferPointer { buffer in
            do throws(AisError) { try source.readSlice(z, into: buffer) } catch { problem = error }
          }
          if let problem { throw problem }
          part.add(values, factor: factor)
        }
      } catch { failure = error }
      parts.withLock {
        $0.surveys.append(part)
        $0.failure = $0.failure ?? failure
      }
    }
    let (surveys, failure) = parts.withLock { $0 }
    if let failure { throw failure }
    for part in surveys { merge(part) }
  }

  private init() {}

  private mutating func add(_ values: [Float], factor: Float) {
    var top = greatest ?? -.infinity
    histogram.withUnsafeMutableBufferPointer { histogram in
      for value in values {
        guard value.isFinite else {
          notFinite += 1
          continue
        }
        top = max(top, value)
        histogram[Int(max(0, min(255, (value * factor).rounded())))] += 1
      }
    }
    if top > -.infinity { greatest = top }
  }

  private mutating func merge(_ other: PredictionSurvey) {
    if let value = other.greatest { greatest = max(greatest ?? value, value) }
    notFinite += other.notFinite
    for i in histogram.indices { histogram[i] += other.histogram[i] }
  }
}
