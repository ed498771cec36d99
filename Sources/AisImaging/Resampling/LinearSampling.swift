/// Where each pixel of a resampled axis lies between two pixels of the source.
package struct LinearSampling: Sendable {
  /// The source pixel on the left, for each new pixel.
  package var lower: [Int]
  /// The source pixel on the right.
  package var upper: [Int]
  /// The weight of the right one, 0…1.
  package var fraction: [Double]

  package var count: Int { lower.count }

  /// Whether every new pixel is the source pixel of the same index.
  package var isIdentity: Bool { fraction.allSatisfy { $0 == 0 } && lower == Array(lower.indices) }

  /// The two images cover the same area: new pixel i is centred at (i + ½)·source/new − ½. Beyond the centres of the
  /// border pixels the source is mirrored about them (`skimage.transform.resize`, `scipy.ndimage.zoom` in grid mode).
  package static func sameArea(from source: Int, to new: Int) -> LinearSampling {
    let scale = Double(source) / Double(new)
    return LinearSampling(source: source, coordinates: (0..<new).map { (Double($0) + 0.5) * scale - 0.5 })
  }

  /// The centres of the border pixels of the two images coincide: new pixel i is centred at i·(source − 1)/(new − 1)
  /// (`scipy.ndimage.zoom` with its defaults).
  package static func sameCorners(from source: Int, to new: Int) -> LinearSampling {
    let scale = new > 1 ? Double(source - 1) / Double(new - 1) : 0
    // Rounding may push the last centre an ulp outside; it belongs on the last pixel.
    return LinearSampling(
      source: source, coordinates: (0..<new).map { min(Double($0) * scale, Double(source - 1)) })
  }

  private init(source: Int, coordinates: [Double]) {
    precondition(source > 0, "an empty axis cannot be resampled")
    lower = []
    upper = []
    fraction = []
    for coordinate in coordinates {
      let mirrored = LinearSampling.mirrored(coordinate, count: source)
      let left = Int(mirrored.rounded(.down))
      lower.append(left)
      upper.append(BorderRule.wholeSample.index(left + 1, count: source))
      fraction.append(mirrored - Double(left))
    }
  }

  /// A coordinate mirrored about the centres of the first and last pixel. New centres lie at most half a pixel of the
  /// larger grid outside, hence the loop ends after a few steps.
  private static func mirrored(_ coordinate: Double, count: Int) -> Double {
    if count == 1 { return 0 }
    let last = Double(count - 1)
    var result = coordinate
    while result < 0 || result > last { result = result < 0 ? -result : 2 * last - result }
    return result
  }
}
