/// Pixels of a slice: rows `y ..< y + height`, columns `x ..< x + width`.
package struct PixelRectangle: Hashable, Sendable {
  package var y: Int
  package var x: Int
  package var height: Int
  package var width: Int

  package init(y: Int, x: Int, height: Int, width: Int) {
    self.y = y
    self.x = x
    self.height = height
    self.width = width
  }

  package var count: Int { height * width }
  package var isEmpty: Bool { height <= 0 || width <= 0 }

  /// Whether all of `other` lies inside.
  package func contains(_ other: PixelRectangle) -> Bool {
    other.y >= y && other.x >= x && other.y + other.height <= y + height && other.x + other.width <= x + width
  }

  /// What both have in common, or `nil`.
  package func intersection(_ other: PixelRectangle) -> PixelRectangle? {
    let top = max(y, other.y)
    let left = max(x, other.x)
    let common = PixelRectangle(
      y: top, x: left, height: min(y + height, other.y + other.height) - top,
      width: min(x + width, other.x + other.width) - left)
    return common.isEmpty ? nil : common
  }
}
