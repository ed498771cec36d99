import Foundation

/// A small font of our own, drawn with a round pen, so that pictures carry text without any font file.
///
/// Glyphs are written as pen strokes in units of one seventh of a capital's height, x to the right and y up from the
/// base line (`StrokeFont+Glyphs.swift`). A character that the font lacks is drawn as an open box.
package struct StrokeFont: Sendable {
  /// The height of a capital letter, in pixels.
  package var capitalHeight: Double
  /// The width of the pen, in pixels.
  package var penWidth: Double

  package init(capitalHeight: Double, bold: Bool = false) {
    self.capitalHeight = capitalHeight
    penWidth = max(1.1, capitalHeight * (bold ? 0.19 : 0.135))
  }

  /// Pixels per glyph unit.
  private var scale: Double { capitalHeight / 7 }

  /// The space between the bodies of two letters, in glyph units.
  private static let tracking = 1.7

  /// The distance from one base line to the next, in pixels.
  package var lineHeight: Double { capitalHeight * 1.75 }

  /// How wide a line of text is, in pixels.
  package func width(of text: String) -> Double {
    guard !text.isEmpty else { return 0 }
    let bodies = text.reduce(0) { $0 + Self.glyph($1).width + Self.tracking }
    return (bodies - Self.tracking) * scale + penWidth
  }

  /// Cuts a text so that it is no wider than `limit` pixels, with an ellipsis in its middle when something is left out.
  package func shortened(_ text: String, to limit: Double) -> String {
    guard width(of: text) > limit else { return text }
    let characters = Array(text)
    for kept in stride(from: characters.count - 1, through: 2, by: -1) {
      let candidate = String(characters.prefix((kept + 1) / 2)) + "…" + String(characters.suffix(kept / 2))
      if width(of: candidate) <= limit { return candidate }
    }
    return "…"
  }

  /// Writes a line of text with its base line's left end at (x, y) in pixels from the top left corner.
  package func draw(
    _ text: String, on picture: inout Picture, x: Double, y: Double, colour: Colour, opacity: Float = 1
  ) {
    var pen = x + penWidth / 2
    for character in text {
      let glyph = Self.glyph(character)
      for line in glyph.lines {
        draw(line: line, on: &picture, x: pen, y: y - penWidth / 2, colour: colour, opacity: opacity)
      }
      pen += (glyph.width + Self.tracking) * scale
    }
  }

  /// Paints one connected line: a pixel's coverage follows from its distance to the line, so that edges are smooth
  /// and joints are not painted twice.
  private func draw(
    line: [(x: Double, y: Double)], on picture: inout Picture, x: Double, y: Double, colour: Colour, opacity: Float
  ) {
    let points = line.map { (x: x + $0.x * scale, y: y - $0.y * scale) }
    let reach = penWidth / 2 + 1
    let left = Int((points.map(\.x).min()! - reach).rounded(.down))
    let right = Int((points.map(\.x).max()! + reach).rounded(.up))
    let top = Int((points.map(\.y).min()! - reach).rounded(.down))
    let bottom = Int((points.map(\.y).max()! + reach).rounded(.up))
    for row in top...bottom {
      for column in left...right {
        let centre = (x: Double(column) + 0.5, y: Double(row) + 0.5)
        var nearest = Double.infinity
        for i in points.indices {
          nearest = min(nearest, Self.distance(centre, points[max(0, i - 1)], points[i]))
        }
        let coverage = Float(max(0, min(1, penWidth / 2 - nearest + 0.5)))
        picture.blend(colour, opacity: opacity * coverage, x: column, y: row)
      }
    }
  }

  private static func distance(
    _ p: (x: Double, y: Double), _ a: (x: Double, y: Double), _ b: (x: Double, y: Double)
  ) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let t = length == 0 ? 0 : max(0, min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length))
    let (ex, ey) = (p.x - a.x - t * dx, p.y - a.y - t * dy)
    return (ex * ex + ey * ey).squareRoot()
  }
}
