import Foundation

/// The taps of a sampled Gaussian, cut at `truncate` standard deviations and normalised to a sum of 1.
package struct GaussianKernel: Sendable, Hashable {
  /// Taps at distance 0, 1, …, `radius` from the centre.
  package var halfTaps: [Double]
  package var radius: Int { halfTaps.count - 1 }

  /// `sigma` in pixels; radius = trunc(4σ + ½), as `scipy.ndimage.gaussian_filter` with its default `truncate`.
  package init(sigma: Double, truncate: Double = 4) {
    precondition(sigma >= 0 && sigma.isFinite, "a standard deviation is a finite number ≥ 0, not \(sigma)")
    let radius = sigma > 1e-15 ? Int(truncate * sigma + 0.5) : 0
    var taps = (0...radius).map { $0 == 0 ? 1 : exp(-0.5 / (sigma * sigma) * Double($0 * $0)) }
    let sum = taps[0] + 2 * taps.dropFirst().reduce(0, +)
    for i in taps.indices { taps[i] /= sum }
    halfTaps = taps
  }

  /// Whether the kernel changes nothing.
  package var isIdentity: Bool { radius == 0 }
}
