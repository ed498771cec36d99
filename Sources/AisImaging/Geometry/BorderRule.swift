/// What stands beyond the border of an image.
package enum BorderRule: Sendable, Hashable {
  /// `d c b a | a b c d | d c b a`: mirrored at the edge of the pixel (SciPy `reflect`, NumPy `symmetric`).
  case halfSample
  /// `d c b | a b c d | c b a`: mirrored at the centre of the pixel (SciPy `mirror`, NumPy and scikit-image `reflect`).
  case wholeSample

  /// The index inside `0..<count` whose value stands at `index`, however far outside.
  package func index(_ index: Int, count: Int) -> Int {
    precondition(count > 0, "an empty axis has no border")
    if index >= 0 && index < count { return index }
    switch self {
    case .halfSample:
      let period = 2 * count
      let wrapped = ((index % period) + period) % period
      return wrapped < count ? wrapped : period - 1 - wrapped
    case .wholeSample:
      if count == 1 { return 0 }
      let period = 2 * (count - 1)
      let wrapped = ((index % period) + period) % period
      return wrapped < count ? wrapped : period - wrapped
    }
  }
}
