import AisCore

/// Whether what is in a tomogram is darker or brighter than what is around it.
///
/// Protein, membranes and gold are few against water and noise. After a band-pass filter the tail of the distribution
/// on their side is the longer one: its asymmetry is negative for dark features, positive for bright ones, and 0 for
/// noise. See `docs/reference/check-up.md`.
package struct FeatureContrast: Sendable {
  /// (q₀.₉₉₅ + q₀.₀₀₅ − 2 median) / (q₀.₉₉₅ − q₀.₀₀₅) in three octaves (features of about 3, 6 and 12 voxels), finest
  /// first.
  package var asymmetry: [Double]
  /// Cubes looked at.
  package var cubes: Int

  package var mean: Double { asymmetry.isEmpty ? 0 : asymmetry.reduce(0, +) / Double(asymmetry.count) }

  package enum Verdict: String, Sendable { case dark, bright, unclear }

  /// Clear when the mean is beyond 0.07, two octaves say so beyond 0.05, and none says the contrary beyond 0.05.
  package var verdict: Verdict {
    for (sign, verdict) in [(-1.0, Verdict.dark), (1.0, .bright)] {
      let signed = asymmetry.map { $0 * sign }
      if mean * sign >= 0.07, signed.filter({ $0 > 0.05 }).count >= 2, !signed.contains(where: { $0 < -0.05 }) {
        return verdict
      }
    }
    return .unclear
  }
}

/// Adds up cubes and measures the contrast of what they hold.
///
/// Quantiles are taken in each cube, numerators and denominators summed, so that cubes count by the strength of what
/// they hold and one bright spot cannot decide.
package struct FeatureContrastMeter: Sendable {
  private var numerators = [Double](repeating: 0, count: 3)
  private var denominators = [Double](repeating: 0, count: 3)
  private var cubes = 0

  package init() {}

  /// - Parameter cube: `edge³` voxels, all finite.
  package mutating func add(_ cube: [Float], edge: Int) {
    precondition(cube.count == edge * edge * edge, "the cube has \(edge)³ voxels")
    var volume = cube
    var size = edge
    cubes += 1
    for octave in 0..<3 {
      // σ = 1 minus σ = 2: four passes of the binomial kernel, whose variance is 1.
      let fine = blurred(volume, edge: size)
      let coarse = blurred(blurred(blurred(fine, edge: size), edge: size), edge: size)
      let margin = size >= 32 ? 4 : size >= 16 ? 2 : 1
      var band: [Float] = []
      for z in margin..<size - margin {
        for y in margin..<size - margin {
          let row = (z * size + y) * size
          for i in row + margin..<row + size - margin { band.append(fine[i] - coarse[i]) }
        }
      }
      band.sort()
      // Linear between ranks, so that the inverted volume has exactly the opposite asymmetry.
      func quantile(_ p: Double) -> Double {
        let rank = p * Double(band.count - 1)
        let below = Double(band[Int(rank)])
        let above = Double(band[min(band.count - 1, Int(rank) + 1)])
        return below + (above - below) * (rank - rank.rounded(.down))
      }
      let (low, middle, high) = (quantile(0.005), quantile(0.5), quantile(0.995))
      numerators[octave] += high + low - 2 * middle
      denominators[octave] += high - low
      guard size >= 16 else { break }
      volume = halved(fine, edge: size)
      size /= 2
    }
  }

  /// `nil` when no cube held anything.
  package var result: FeatureContrast? {
    let asymmetry = zip(numerators, denominators).compactMap { $1 > 0 ? $0 / $1 : nil }
    return asymmetry.isEmpty ? nil : FeatureContrast(asymmetry: asymmetry, cubes: cubes)
  }

  /// 1 4 6 4 1 along each axis; the border voxel is repeated.
  private func blurred(_ volume: [Float], edge: Int) -> [Float] {
    var values = volume
    for step in [1, edge, edge * edge] {
      let source = values
      source.withUnsafeBufferPointer { source in
        values.withUnsafeMutableBufferPointer { result in
          for start in 0..<edge * edge {
            // The first voxel of the line: the two other coordinates of `start`.
            let first =
              step == 1 ? start * edge : step == edge ? start / edge * edge * edge + start % edge : start
            for i in 0..<edge {
              let a = source[first + max(0, i - 2) * step]
              let b = source[first + max(0, i - 1) * step]
              let c = source[first + i * step]
              let d = source[first + min(edge - 1, i + 1) * step]
              let e = source[first + min(edge - 1, i + 2) * step]
              result[first + i * step] = (a + e + 4 * (b + d) + 6 * c) / 16
            }
          }
        }
      }
    }
    return values
  }

  /// Means of 2 × 2 × 2 voxels.
  private func halved(_ volume: [Float], edge: Int) -> [Float] {
    let half = edge / 2
    var result = [Float](repeating: 0, count: half * half * half)
    for z in 0..<half {
      for y in 0..<half {
        for x in 0..<half {
          let i = (2 * z * edge + 2 * y) * edge + 2 * x
          let near = volume[i] + volume[i + 1] + volume[i + edge] + volume[i + edge + 1]
          let j = i + edge * edge
          let far = volume[j] + volume[j + 1] + volume[j + edge] + volume[j + edge + 1]
          result[(z * half + y) * half + x] = (near + far) / 8
        }
      }
    }
    return result
  }
}
