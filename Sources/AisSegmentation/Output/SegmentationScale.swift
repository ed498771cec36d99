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

  /// Probabilities to stored values, in place.
  ///
  /// - Parameter unit: the number that stands for a probability of 1.
  func apply(to values: UnsafeMutableBufferPointer<Float>, unit: Float = 1) {
    if unit == full { return }
    if unit != 1 {
      // Multiplied first: whole numbers that divide stay whole.
      for i in values.indices { values[i] = values[i] * full / unit }
      if isWhole { for i in values.indices { values[i] = values[i].rounded(.down) } }
      return
    }
    guard isWhole else {
      for i in values.indices { values[i] *= full }
      return
    }
    for i in values.indices {
      let value = values[i] * full
      // The nearest whole number (2²³ leaves no bits for a fraction), and one less where that went up. Without SSE 4.1,
      // which the oldest processors lack, `rounded` would be a call for each voxel.
      let nearest = (value + 0x1p23) - 0x1p23
      values[i] = nearest > value ? nearest - 1 : nearest
    }
  }

  /// The numbers from 0 to 255 that a file of the reference program holds for probabilities.
  package static func bytes(of probabilities: [Float]) -> [UInt8] {
    var values = probabilities
    values.withUnsafeMutableBufferPointer { byte.apply(to: $0) }
    return values.map { UInt8($0) }
  }
}
