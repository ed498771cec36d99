import AisCore

/// A feature painted over a slice.
package struct SliceOverlay: Sendable {
  package var title: String
  package var colour: Colour
  /// How sure the network is, 0 to 1, for each pixel of the slice.
  package var confidence: [Float]
  /// Pixels above it belong to the feature.
  package var threshold: Float

  package init(title: String, colour: Colour, confidence: [Float], threshold: Float) {
    self.title = title
    self.colour = colour
    self.confidence = confidence
    self.threshold = threshold
  }
}

/// Draws xy slices as people are used to see them: grey levels, features in their colours.
package enum SlicePicture {
  /// Where row 0 of a slice is drawn.
  package enum RowZero: Sendable, Hashable {
    /// As 3dmod does.
    case bottom
    /// As the page does.
    case top

    func row(_ y: Int, of height: Int) -> Int { self == .bottom ? height - 1 - y : y }
  }

  /// Draws one slice.
  ///
  /// The slice is resampled to the size of the picture (averaged where it shrinks, linearly interpolated where it
  /// grows). A feature is a tint inside its threshold and a smooth outline along it.
  /// - Parameters:
  ///   - slice: rows of x, `height × width`; column 0 is drawn at the left.
  ///   - opacity: of the tint; the outline is always clearly seen.
  package static func draw(
    _ slice: [Float], height: Int, width: Int, contrast: ContrastLimits, overlays: [SliceOverlay] = [],
    opacity: Float = 0.45, rowZero: RowZero = .bottom, pictureHeight: Int, pictureWidth: Int
  ) -> Picture {
    let resampler = SliceResampler.antialiased(from: (y: height, x: width), to: (y: pictureHeight, x: pictureWidth))
    // Grey levels first: a single hot pixel must not spread through the interpolation.
    let grey = resampler.resampled(slice.map(contrast.grey))
    var picture = Picture(width: pictureWidth, height: pictureHeight, fill: .black)
    for y in 0..<pictureHeight {
      for x in 0..<pictureWidth {
        let level = grey[rowZero.row(y, of: pictureHeight) * pictureWidth + x]
        picture.blend(Colour(grey: level), opacity: 1, x: x, y: y)
      }
    }
    for overlay in overlays {
      let field = resampler.resampled(overlay.confidence.map { $0.isFinite ? $0 : 0 })
      paint(overlay, field, opacity: opacity, rowZero: rowZero, on: &picture)
    }
    return picture
  }

  /// The outline is the line where the confidence crosses the threshold, about two pixels wide: the distance to it is
  /// the excess over the threshold divided by the slope.
  private static func paint(
    _ overlay: SliceOverlay, _ field: [Float], opacity: Float, rowZero: RowZero, on picture: inout Picture
  ) {
    let (width, height) = (picture.width, picture.height)
    func value(_ x: Int, _ y: Int) -> Float {
      field[rowZero.row(max(0, min(height - 1, y)), of: height) * width + max(0, min(width - 1, x))]
    }
    for y in 0..<height {
      for x in 0..<width {
        let excess = value(x, y) - overlay.threshold
        let slopeX = (value(x + 1, y) - value(x - 1, y)) / 2
        let slopeY = (value(x, y + 1) - value(x, y - 1)) / 2
        let slope = (slopeX * slopeX + slopeY * slopeY).squareRoot()
        let distance = slope > 1e-6 ? excess / slope : (excess > 0 ? Float.infinity : -Float.infinity)
        let inside = max(0, min(1, distance + 0.5))
        let outline = max(0, min(1, 1.4 - abs(distance - 0.6)))
        picture.blend(overlay.colour, opacity: max(opacity * inside, 0.95 * outline), x: x, y: y)
      }
    }
  }
}
