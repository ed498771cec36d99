/// What the number stored for a probability of 1 is, and whether numbers are whole.
///
/// The reference's pickers and viewers take 8-bit files as half the scale of the others, 32-bit floats as 0…1 and
/// everything else as 0…255; our files follow, so that thresholds mean the same there.
package struct SegmentationScale: Sendable, Hashable {
  package var full: Float
  package var isWhole: Bool
  package init(full: Float, isWhole: Bool) {
    self.full = full
    self.isWhole = isWhole
  }

  /// 0…255 in whole numbers, truncated, as the reference writes.
  package static let byte = SegmentationScale(full: 255, isWhole: true)

  /// The stored value of a probability.
  @inline(__always)
  func value(_ probability: Float) -> Float {
    let value = probability * full
    return isWhole ? value.rounded(.towardZero) : value
  }
}
