/// Pixels added by reflection before and after one axis.
package struct AxisPadding: Sendable, Hashable {
  /// Pixels of the image itself.
  package var count: Int
  package var before: Int
  package var after: Int

  package init(count: Int, before: Int, after: Int) {
    self.count = count
    self.before = before
    self.after = after
  }

  /// Pixels with the padding.
  package var total: Int { before + count + after }

  /// For each pixel of the padded axis, the pixel of the image that stands there (whole-sample reflection, as
  /// NumPy's `reflect`, repeated when the padding is longer than the image).
  package var sources: [Int] {
    (0..<total).map { BorderRule.wholeSample.index($0 - before, count: count) }
  }

  /// Padding by at least 64 pixels of context to a multiple of 32 pixels, or of what a network needs, the smaller half first:
  /// 100 becomes 46 + 100 + 46, and 129 becomes 47 + 129 + 48.
  package static func wholeSlice(_ count: Int, multiple: Int = 32) -> AxisPadding {
    precondition(multiple > 0, "nothing is a multiple of 0")
    let total = (count + 64 + multiple - 1) / multiple * multiple - count
    return AxisPadding(count: count, before: total / 2, after: total - total / 2)
  }

  /// Padding so that tiles of `tile` pixels every `stride` pixels fit exactly, with at least `context` pixels on each
  /// side.
  package static func tiled(_ count: Int, tile: Int, stride: Int, context: Int) -> AxisPadding {
    precondition(tile > 0 && stride > 0 && context >= 0, "tiles need a size and a stride")
    let least = count + 2 * context
    let steps = least > tile ? (least - tile + stride - 1) / stride : 0
    return AxisPadding(count: count, before: context, after: tile + steps * stride - context - count)
  }
}
