import AisCore
import AisImaging

/// Turns the averaged probabilities of one model into the slices of its segmentation: clipped to 0…1, brought back to
/// the tomogram's size, blurred. Slices go in and come out in ascending order.
final class ResultAssembler {
  private let shape: Shape
  private let resampler: ResultResampler
  private let blurZ: GaussianKernel
  private let blurY: GaussianKernel
  private let blurX: GaussianKernel
  private let outlet: any ProbabilityOutlet
  private let threads: Int
  private let pool: SlicePool
  /// Slices at the tomogram's size that the blur still needs, by z.
  private var recent: [Int: SliceBuffer] = [:]
  private var arrived = 0
  private var written = 0

  /// - Parameter blur: standard deviations in voxels.
  init(
    shape: Shape, working: SlicePreparation.Size, blur: (z: Double, y: Double, x: Double),
    outlet: any ProbabilityOutlet, threads: Int
  ) {
    self.shape = shape
    self.outlet = outlet
    self.threads = threads
    resampler = ResultResampler(from: working, to: shape, threads: threads)
    blurZ = GaussianKernel(sigma: blur.z)
    blurY = GaussianKernel(sigma: blur.y)
    blurX = GaussianKernel(sigma: blur.x)
    pool = SlicePool(count: shape.sliceCount)
  }

  /// Slices of the tomogram's size held at once.
  static func sliceCount(rescales: Bool, sigmaZ: Double) -> Int {
    let radius = GaussianKernel(sigma: sigmaZ).radius
    return radius > 0 ? 2 * radius + 2 : rescales ? 1 : 0
  }

  /// Takes the next slice of probabilities; `nil` stands for zeros.
  func take(_ probabilities: SliceBuffer?) throws(AisError) {
    let slice: SliceBuffer
    if let probabilities {
      slice = resampler.take(probabilities, pool: pool)
    } else {
      slice = pool.takeZeros()
    }
    arrived += 1
    if blurZ.isIdentity {
      try put(slice)
      return
    }
    recent[arrived - 1] = slice
    while written < arrived, arrived == shape.z || written + blurZ.radius < arrived { try putBlurred() }
  }

  /// Blurs slice `written` along z; all its neighbours have arrived.
  private func putBlurred() throws(AisError) {
    let result = pool.take()
    let neighbours = (-blurZ.radius...blurZ.radius).map { offset in
      recent[BorderRule.halfSample.index(written + offset, count: shape.z)]!.readable
    }
    GaussianFilter.combine(neighbours, kernel: blurZ, into: result.values, threads: threads)
    try put(result)
    recent[written - 1 - blurZ.radius] = nil
  }

  private func put(_ slice: SliceBuffer) throws(AisError) {
    GaussianFilter.blur(
      slice.values, y: shape.y, x: shape.x, alongY: blurY, alongX: blurX, border: .halfSample, threads: threads)
    try outlet.take(slice, z: written)
    written += 1
  }
}

/// Clips the averaged probabilities of a slice to 0…1 and brings them back to the tomogram's size.
struct ResultResampler {
  private let resampler: SliceResampler
  private let threads: Int

  init(from working: SlicePreparation.Size, to shape: Shape, threads: Int) {
    self.threads = threads
    resampler = .spline(from: (working.y, working.x), to: (shape.y, shape.x))
  }

  /// The slice, which is spent, or one of the pool where it has another size.
  func take(_ probabilities: SliceBuffer, pool: SlicePool) -> SliceBuffer {
    for i in probabilities.values.indices {
      let value = probabilities.values[i]
      // NaN compares as false and becomes 0.
      probabilities.values[i] = value > 0 ? min(value, 1) : 0
    }
    if resampler.isIdentity { return probabilities }
    let slice = pool.take()
    resampler.resample(probabilities.values, into: slice.values, threads: threads)
    return slice
  }
}
