/// A place in a picture, in pixels from its top left corner.
package struct PicturePoint: Sendable, Hashable {
  package var x: Double
  package var y: Double

  package init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

extension Picture {
  /// Draws connected lines with a round pen; their edges are smoothed.
  ///
  /// Each piece is painted by its distance to the pixel's centre, and a pixel that several pieces touch is painted once, so
  /// that joints do not show. Points that are not finite break the line.
  package mutating func stroke(_ line: [PicturePoint], _ colour: Colour, width: Double, opacity: Float = 1) {
    var coverage: [Int: Float] = [:]
    let reach = width / 2 + 1
    for (a, b) in zip(line, line.dropFirst()) where a.isFinite && b.isFinite {
      let top = max(0, Int(max(-1, min(a.y, b.y) - reach)))
      let bottom = min(height - 1, Int(max(-1, min(Double(height), max(a.y, b.y) + reach))))
      guard top <= bottom else { continue }
      for row in top...bottom {
        guard let columns = columns(of: row, near: a, b, reach: reach) else { continue }
        for column in columns {
          let distance = Self.distance(PicturePoint(x: Double(column) + 0.5, y: Double(row) + 0.5), a, b)
          let part = Float(max(0, min(1, width / 2 - distance + 0.5)))
          if part > 0 { coverage[row * self.width + column] = max(part, coverage[row * self.width + column] ?? 0) }
        }
      }
    }
    for (index, part) in coverage {
      blend(colour, opacity: opacity * part, x: index % self.width, y: index / self.width)
    }
  }

  /// Draws a filled circle.
  package mutating func dot(_ centre: PicturePoint, _ colour: Colour, radius: Double, opacity: Float = 1) {
    guard centre.isFinite else { return }
    fill(
      colour, opacity: opacity, x: centre.x - radius, y: centre.y - radius, width: 2 * radius, height: 2 * radius,
      radius: radius)
  }

  /// The columns of a row that a line from `a` to `b` can touch: those of its part within `reach` rows.
  private func columns(of row: Int, near a: PicturePoint, _ b: PicturePoint, reach: Double) -> ClosedRange<Int>? {
    var (low, high) = (min(a.x, b.x), max(a.x, b.x))
    if abs(b.y - a.y) > 1e-9 {
      let first = (Double(row) - reach - a.y) / (b.y - a.y)
      let last = (Double(row) + 1 + reach - a.y) / (b.y - a.y)
      let (from, to) = (max(0, min(first, last)), min(1, max(first, last)))
      guard from <= to else { return nil }
      (low, high) = (a.x + from * (b.x - a.x), a.x + to * (b.x - a.x))
      if low > high { swap(&low, &high) }
    }
    let left = max(0, Int(max(-1, low - reach)))
    let right = min(width - 1, Int(max(-1, min(Double(width), high + reach))))
    return left <= right ? left...right : nil
  }

  private static func distance(_ p: PicturePoint, _ a: PicturePoint, _ b: PicturePoint) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let t = length == 0 ? 0 : max(0, min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length))
    let (ex, ey) = (p.x - a.x - t * dx, p.y - a.y - t * dy)
    return (ex * ex + ey * ey).squareRoot()
  }
}

extension PicturePoint {
  var isFinite: Bool { x.isFinite && y.isFinite }
}
