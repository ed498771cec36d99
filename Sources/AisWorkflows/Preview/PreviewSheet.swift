import AisCore
import AisImaging

/// Puts slices, scale bar, caption and legend onto one sheet.
struct PreviewSheet {
  struct Panel {
    var picture: Picture
    /// The slice, counted from 0.
    var z: Int
    /// Of each feature, the greatest confidence in the slice, 0 to 1.
    var greatest: [Float]
  }

  var panels: [Panel]
  /// The tomogram's name.
  var name: String
  /// One line on slice, size and voxel size.
  var facts: String
  var legend: [(title: String, colour: Colour)]
  /// Width of a voxel; `nil` when unknown or when no scale bar is wanted.
  var pixelSize: Length?
  /// Voxels across one panel.
  var columns: Int
  var hasCaption: Bool

  private static let background = Colour(grey: 0.085)
  private static let faint = Colour(grey: 0.62)
  private static let gap = 6

  /// Panels side by side in a montage of `count`.
  static func columns(of count: Int) -> Int {
    var columns = 1
    while columns * columns < count { columns += 1 }
    return columns
  }

  /// The size of a slice in the picture: as large as fits, from twofold on a whole multiple; edges of a voxel in
  /// proportion.
  static func panelSize(shape: Shape, voxelSize: VoxelSize?, longestSide: Int) -> (height: Int, width: Int) {
    var aspect = 1.0
    if let voxelSize, voxelSize.x.angstrom > 0, voxelSize.y.angstrom > 0 { aspect = voxelSize.y / voxelSize.x }
    let (width, height) = (Double(shape.x), Double(shape.y) * aspect)
    var factor = Double(max(1, longestSide)) / max(width, height)
    if factor >= 2 { factor = factor.rounded(.down) }
    return (height: max(1, Int((height * factor).rounded())), width: max(1, Int((width * factor).rounded())))
  }

  func draw() -> Picture {
    let (cellWidth, cellHeight) = (panels[0].picture.width, panels[0].picture.height)
    let across = min(panels.count, Self.columns(of: panels.count))
    let down = (panels.count + across - 1) / across
    let gridWidth = across * cellWidth + (across - 1) * Self.gap
    let gridHeight = down * cellHeight + (down - 1) * Self.gap
    let unit = max(9, min(15, Double(gridWidth) / 64))
    let margin = hasCaption ? Int(unit * 1.4) : 0
    let sheetWidth = max(gridWidth, hasCaption ? 260 : 1) + 2 * margin
    let legendLines = hasCaption ? self.legendLines(width: Double(sheetWidth - 2 * margin), unit: unit) : []
    let captionHeight = hasCaption ? Int(unit * (5.2 + 2.1 * Double(legendLines.count))) : 0
    var sheet = Picture(width: sheetWidth, height: gridHeight + 2 * margin + captionHeight, fill: Self.background)

    for (i, panel) in panels.enumerated() {
      var picture = panel.picture
      if i == 0 { drawScaleBar(on: &picture, unit: max(8, min(unit * 1.15, Double(cellWidth) / 22))) }
      if panels.count > 1 { drawNumber(panel.z, on: &picture, unit: max(8, unit * 0.85)) }
      sheet.draw(
        picture, x: margin + (i % across) * (cellWidth + Self.gap), y: margin + (i / across) * (cellHeight + Self.gap))
    }
    if hasCaption {
      drawCaption(on: &sheet, top: Double(margin + gridHeight), margin: Double(margin), unit: unit, legendLines)
    }
    return sheet
  }

  private func drawScaleBar(on picture: inout Picture, unit: Double) {
    guard let pixelSize, let bar = ScaleBar(fieldWidth: .angstroms(pixelSize.angstrom * Double(columns))) else {
      return
    }
    bar.draw(
      on: &picture, pixelsPerAngstrom: Double(picture.width) / (pixelSize.angstrom * Double(columns)), unit: unit)
  }

  private func drawNumber(_ z: Int, on picture: inout Picture, unit: Double) {
    let font = StrokeFont(capitalHeight: unit, bold: true)
    let text = "z \(z)"
    let width = font.width(of: text)
    picture.fill(
      .black, opacity: 0.6, x: unit * 0.7, y: unit * 0.7, width: width + 1.2 * unit, height: 2.1 * unit,
      radius: unit * 0.5)
    font.draw(text, on: &picture, x: unit * 1.3, y: unit * 2.3, colour: .white)
  }

  private func drawCaption(
    on sheet: inout Picture, top: Double, margin: Double, unit: Double,
    _ legendLines: [[(title: String, colour: Colour)]]
  ) {
    let width = Double(sheet.width) - 2 * margin
    let title = StrokeFont(capitalHeight: unit * 1.05, bold: true)
    let small = StrokeFont(capitalHeight: unit * 0.85)
    title.draw(title.shortened(name, to: width), on: &sheet, x: margin, y: top + 2.4 * unit, colour: .white)
    small.draw(small.shortened(facts, to: width), on: &sheet, x: margin, y: top + 4.5 * unit, colour: Self.faint)
    var base = top + 6.9 * unit
    for line in legendLines {
      var x = margin
      for entry in line {
        sheet.fill(entry.colour, x: x, y: base - unit * 1.05, width: unit * 1.2, height: unit * 1.2, radius: unit * 0.3)
        let text = small.shortened(entry.title, to: width - unit * 2)
        small.draw(text, on: &sheet, x: x + unit * 1.8, y: base, colour: Colour(grey: 0.92))
        x += unit * 1.8 + small.width(of: text) + unit * 1.8
      }
      base += 2.1 * unit
    }
  }

  /// Fills lines with as many features as fit.
  private func legendLines(width: Double, unit: Double) -> [[(title: String, colour: Colour)]] {
    let font = StrokeFont(capitalHeight: unit * 0.85)
    var lines: [[(title: String, colour: Colour)]] = []
    var used = Double.infinity
    for entry in legend {
      let needed = unit * 3.6 + font.width(of: font.shortened(entry.title, to: width - unit * 2))
      if used + needed > width + unit * 1.8 {
        lines.append([])
        used = 0
      }
      lines[lines.count - 1].append(entry)
      used += needed
    }
    return lines
  }
}
