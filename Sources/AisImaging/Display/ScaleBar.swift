import AisCore

/// The length of a scale bar: a round number of nanometres or micrometres, about a fifth of the picture.
package struct ScaleBar: Hashable, Sendable {
  package let length: Length

  /// - Parameters:
  ///   - fieldWidth: the width of what is shown.
  ///   - share: the longest bar, as a part of the width.
  package init?(fieldWidth: Length, share: Double = 0.28) {
    let limit = fieldWidth.angstrom * share
    guard limit.isFinite, limit > 0 else { return nil }
    var decade = 1e-3
    while decade * 10 <= limit { decade *= 10 }
    guard let factor = [5.0, 2, 1].first(where: { $0 * decade <= limit }) else { return nil }
    length = .angstroms(factor * decade)
  }

  /// `100 nm`, `2 µm`, `5 Å`.
  package var label: String {
    func number(_ value: Double) -> String {
      value >= 1 ? "\(Int(value.rounded()))" : "\((value * 1000).rounded() / 1000)"
    }
    if length.angstrom >= 10_000 { return "\(number(length.angstrom / 10_000)) µm" }
    if length.angstrom >= 10 { return "\(number(length.nanometer)) nm" }
    return "\(number(length.angstrom)) Å"
  }

  /// Draws the bar and its length into the lower left corner, on a translucent plate that is seen on any background.
  ///
  /// - Parameters:
  ///   - pixelsPerAngstrom: of the picture.
  ///   - unit: the height of the letters in pixels; everything else follows from it.
  package func draw(on picture: inout Picture, pixelsPerAngstrom: Double, unit: Double) {
    let font = StrokeFont(capitalHeight: unit, bold: true)
    let bar = length.angstrom * pixelsPerAngstrom
    let text = font.width(of: label)
    let width = max(bar, text) + 2 * unit
    let height = 3.5 * unit
    let left = unit
    let top = Double(picture.height) - unit - height
    picture.fill(.black, opacity: 0.6, x: left, y: top, width: width, height: height, radius: unit * 0.6)
    let middle = left + width / 2
    font.draw(label, on: &picture, x: middle - text / 2, y: top + 1.8 * unit, colour: .white)
    let thickness = max(2, unit * 0.36)
    picture.fill(
      .white, x: middle - bar / 2, y: top + 2.55 * unit - thickness / 2, width: bar, height: thickness,
      radius: thickness / 2)
  }
}
