/// The values drawn as black and as white.
package struct ContrastLimits: Hashable, Sendable {
  package var low: Float
  package var high: Float

  package init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  /// The grey level of a value, 0 to 1; NaN is black.
  package func grey(_ value: Float) -> Float {
    guard high != low else { return value > high ? 1 : 0.5 }
    let grey = (value - low) / (high - low)
    return grey.isNaN ? 0 : max(0, min(1, grey))
  }

  /// Automatic contrast, as the reference program chooses it: 0.06 % of the pixels are cut at either end.
  ///
  /// A border of 16 pixels is left out when the smaller side has more than 64; of the rest every fourth pixel in
  /// both directions is looked at. Values that are not finite are passed over; `nil` when none is finite.
  package static func automatic(_ slice: [Float], height: Int, width: Int) -> ContrastLimits? {
    precondition(slice.count == height * width, "the slice is not \(width) × \(height) pixels")
    let border = min(height, width) > 64 ? 16 : 0
    var values: [Float] = []
    for y in stride(from: border, to: height - border, by: 4) {
      for x in stride(from: border, to: width - border, by: 4) {
        let value = slice[y * width + x]
        if value.isFinite { values.append(value) }
      }
    }
    guard !values.isEmpty else { return nil }
    values.sort()
    let last = values.count - 1
    return ContrastLimits(
      low: values[min(last, Int(0.0006 * Double(values.count)))],
      high: values[min(last, Int(0.9994 * Double(values.count)))])
  }
}
