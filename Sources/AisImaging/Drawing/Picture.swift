/// A colour, each part from 0 to 1.
package struct Colour: Hashable, Sendable {
  package var red: Float
  package var green: Float
  package var blue: Float

  package init(red: Float, green: Float, blue: Float) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  package init(grey: Float) { self.init(red: grey, green: grey, blue: grey) }

  package static let white = Colour(grey: 1)
  package static let black = Colour(grey: 0)

  /// Colours that stay apart for colour-blind readers, for features whose network gives none
  /// (Okabe & Ito 2008, without black; on grey pictures orange and sky blue come first).
  package static let palette = [
    Colour(red: 0.90, green: 0.62, blue: 0.00), Colour(red: 0.34, green: 0.71, blue: 0.91),
    Colour(red: 0.00, green: 0.62, blue: 0.45), Colour(red: 0.80, green: 0.47, blue: 0.65),
    Colour(red: 0.94, green: 0.89, blue: 0.26), Colour(red: 0.84, green: 0.37, blue: 0.00),
    Colour(red: 0.00, green: 0.45, blue: 0.70),
  ]
}

/// An 8-bit RGB picture, rows from the top.
package struct Picture: Sendable {
  package let width: Int
  package let height: Int
  /// `height × width × 3` bytes: red, green, blue.
  package private(set) var rgb: [UInt8]

  package init(width: Int, height: Int, fill: Colour) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    self.width = width
    self.height = height
    rgb = []
    rgb.reserveCapacity(width * height * 3)
    let (r, g, b) = (Self.byte(fill.red), Self.byte(fill.green), Self.byte(fill.blue))
    for _ in 0..<width * height {
      rgb.append(r)
      rgb.append(g)
      rgb.append(b)
    }
  }

  private static func byte(_ value: Float) -> UInt8 {
    value.isNaN ? 0 : UInt8(max(0, min(255, (value * 255).rounded())))
  }

  /// The colour of a pixel.
  package subscript(x x: Int, y y: Int) -> Colour {
    let i = (y * width + x) * 3
    return Colour(red: Float(rgb[i]) / 255, green: Float(rgb[i + 1]) / 255, blue: Float(rgb[i + 2]) / 255)
  }

  /// Paints `colour` over a pixel with the given opacity; pixels outside the picture are left out.
  package mutating func blend(_ colour: Colour, opacity: Float, x: Int, y: Int) {
    guard x >= 0, y >= 0, x < width, y < height, opacity > 0 else { return }
    let i = (y * width + x) * 3
    let a = min(1, opacity)
    rgb[i] = Self.byte(Float(rgb[i]) / 255 * (1 - a) + colour.red * a)
    rgb[i + 1] = Self.byte(Float(rgb[i + 1]) / 255 * (1 - a) + colour.green * a)
    rgb[i + 2] = Self.byte(Float(rgb[i + 2]) / 255 * (1 - a) + colour.blue * a)
  }

  /// Fills a rectangle with round corners; its edges are smoothed.
  package mutating func fill(
    _ colour: Colour, opacity: Float = 1, x: Double, y: Double, width: Double, height: Double, radius: Double = 0
  ) {
    let left = max(0, Int(x) - 1)
    let right = min(self.width, Int(x + width) + 2)
    let top = max(0, Int(y) - 1)
    let bottom = min(self.height, Int(y + height) + 2)
    guard left < right, top < bottom else { return }
    for row in top..<bottom {
      for column in left..<right {
        // Signed distance to the rounded rectangle, from the pixel's centre.
        let dx = abs(Double(column) + 0.5 - x - width / 2) - width / 2 + radius
        let dy = abs(Double(row) + 0.5 - y - height / 2) - height / 2 + radius
        let outside = (max(dx, 0) * max(dx, 0) + max(dy, 0) * max(dy, 0)).squareRoot()
        let distance = outside + min(max(dx, dy), 0) - radius
        let coverage = Float(max(0, min(1, 0.5 - distance)))
        blend(colour, opacity: opacity * coverage, x: column, y: row)
      }
    }
  }

  /// Copies another picture into this one with its top left corner at (x, y); what sticks out is cut.
  package mutating func draw(_ other: Picture, x: Int, y: Int) {
    for row in max(0, -y)..<max(max(0, -y), min(other.height, height - y)) {
      let first = max(0, -x)
      let last = min(other.width, width - x)
      guard first < last else { return }
      let source = (row * other.width + first) * 3
      let target = ((row + y) * width + first + x) * 3
      rgb.replaceSubrange(target..<target + (last - first) * 3, with: other.rgb[source..<source + (last - first) * 3])
    }
  }
}
