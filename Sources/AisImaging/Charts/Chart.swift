/// A chart with two axes: lines, dots and bars over round numbers, drawn by the program itself.
package struct Chart: Sendable {
  /// Something drawn between the axes.
  package enum Layer: Sendable {
    /// Connected points.
    case line([(x: Double, y: Double)], Colour, title: String?)
    /// Single points.
    case dots([(x: Double, y: Double)], Colour, title: String?)
    /// Bars from zero, each over its range of x.
    case bars([(range: ClosedRange<Double>, y: Double)], Colour, title: String?)
    /// A line across the chart at one x, with words beside it.
    case mark(x: Double, Colour, title: String)
  }

  package var title: String
  /// What x and y are, with their units.
  package var xTitle: String
  package var yTitle: String
  package var x: AxisScale
  package var y: AxisScale
  package var layers: [Layer] = []
  /// Shown when there is nothing to draw.
  package var note: String?

  package init(title: String, xTitle: String, yTitle: String, x: AxisScale, y: AxisScale) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.x = x
    self.y = y
  }

  private static let ink = Colour(grey: 0.13)
  private static let faint = Colour(grey: 0.42)
  private static let grid = Colour(grey: 0.88)

  /// Lines that stay apart on white, for colour-blind readers too (Okabe & Ito 2008, the dark ones first).
  package static let colours = [
    Colour(red: 0.00, green: 0.45, blue: 0.70), Colour(red: 0.84, green: 0.37, blue: 0.00),
    Colour(red: 0.00, green: 0.62, blue: 0.45), Colour(red: 0.80, green: 0.47, blue: 0.65),
    Colour(red: 0.90, green: 0.62, blue: 0.00), Colour(red: 0.34, green: 0.71, blue: 0.91),
    Colour(red: 0.35, green: 0.35, blue: 0.35),
  ]

  /// Draws the chart on a white picture.
  package func draw(width: Int = 900, height: Int = 620) -> Picture {
    var picture = Picture(width: width, height: height, fill: .white)
    let unit = max(8, min(Double(width) / 64, Double(height) / 44))
    let small = StrokeFont(capitalHeight: unit * 0.82)
    let bold = StrokeFont(capitalHeight: unit * 1.05, bold: true)
    let room = Double(width) - 2 * unit
    let labelWidth = y.ticks.map { small.width(of: y.label($0)) }.max() ?? 0
    let legend = legendLines(width: room - labelWidth, font: small, unit: unit)
    let frame = Frame(
      left: unit * 2.2 + labelWidth, top: unit * (6.6 + 1.9 * Double(legend.count)), right: Double(width) - unit * 2.2,
      bottom: Double(height) - unit * 5.2)

    bold.draw(bold.shortened(title, to: room), on: &picture, x: unit, y: unit * 2.2, colour: Self.ink)
    var base = unit * 4.2
    for line in legend {
      var at = unit
      for entry in line {
        picture.fill(
          entry.colour, x: at, y: base - unit * 0.72, width: unit * 1.5, height: unit * 0.55, radius: unit * 0.27)
        small.draw(entry.title, on: &picture, x: at + unit * 2, y: base, colour: Self.ink)
        at += unit * 4 + small.width(of: entry.title)
      }
      base += unit * 1.9
    }
    small.draw(small.shortened(yTitle, to: room), on: &picture, x: unit, y: frame.top - unit * 1.3, colour: Self.faint)

    for tick in y.ticks {
      let at = frame.y(y.part(tick))
      picture.stroke(
        [.init(x: frame.left, y: at), .init(x: frame.right, y: at)], Self.grid, width: max(1, unit * 0.1))
      let text = y.label(tick)
      small.draw(
        text, on: &picture, x: frame.left - unit * 0.7 - small.width(of: text), y: at + unit * 0.41, colour: Self.faint)
    }
    var textEnd = -Double.infinity
    let cell = (frame.right - frame.left) / Double(max(1, x.ticks.count)) - unit * 0.6
    for tick in x.ticks {
      let at = frame.x(x.part(tick))
      picture.stroke(
        [.init(x: at, y: frame.bottom), .init(x: at, y: frame.bottom + unit * 0.4)], Self.faint,
        width: max(1, unit * 0.12))
      let text = x.isNamed ? small.shortened(x.label(tick), to: cell) : x.label(tick)
      let half = small.width(of: text) / 2
      // Numbers that would run into each other are left out; their ticks stay.
      guard at - half > textEnd + unit * 0.6 else { continue }
      small.draw(text, on: &picture, x: at - half, y: frame.bottom + unit * 1.8, colour: Self.faint)
      textEnd = at + half
    }
    let xText = small.shortened(xTitle, to: room)
    small.draw(
      xText, on: &picture, x: frame.right - small.width(of: xText), y: frame.bottom + unit * 3.8, colour: Self.faint)

    for layer in layers { draw(layer, on: &picture, frame, unit) }
    picture.stroke(
      [.init(x: frame.left, y: frame.bottom), .init(x: frame.right, y: frame.bottom)], Self.faint,
      width: max(1, unit * 0.14))
    if let note {
      let text = small.shortened(note, to: frame.right - frame.left)
      small.draw(
        text, on: &picture, x: (frame.left + frame.right - small.width(of: text)) / 2,
        y: (frame.top + frame.bottom) / 2, colour: Self.faint)
    }
    return picture
  }

  /// Charts side by side and below each other, as one picture.
  package static func sheet(_ charts: [Chart], columns: Int = 2, width: Int = 760, height: Int = 560) -> Picture {
    let across = max(1, min(columns, charts.count))
    let down = max(1, (charts.count + across - 1) / across)
    var sheet = Picture(width: across * width, height: down * height, fill: .white)
    for (index, chart) in charts.enumerated() {
      sheet.draw(
        chart.draw(width: width, height: height), x: index % across * width, y: index / across * height)
    }
    return sheet
  }

  /// Where the axes stand, in pixels.
  private struct Frame {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double

    func x(_ part: Double) -> Double { left + part * (right - left) }
    func y(_ part: Double) -> Double { bottom - part * (bottom - top) }
  }

  private func draw(_ layer: Layer, on picture: inout Picture, _ frame: Frame, _ unit: Double) {
    func place(_ point: (x: Double, y: Double)) -> PicturePoint {
      // What lies beyond the axes stays at their edge, so that a line leaves the chart visibly and not through its texts.
      PicturePoint(
        x: frame.x(max(0, min(1, x.part(point.x)))), y: frame.y(max(0, min(1, y.part(point.y)))))
    }
    switch layer {
    case .line(let points, let colour, _):
      picture.stroke(
        points.map { $0.x.isNaN || $0.y.isNaN ? PicturePoint(x: .nan, y: .nan) : place($0) }, colour,
        width: max(1.6, unit * 0.24))
    case .dots(let points, let colour, _):
      for point in points where point.x.isFinite && point.y.isFinite {
        picture.dot(place(point), colour, radius: max(2, unit * 0.34), opacity: 0.8)
      }
    case .bars(let bars, let colour, _):
      for bar in bars where bar.y.isFinite {
        let (left, right) = (place((bar.range.lowerBound, 0)).x, place((bar.range.upperBound, 0)).x)
        let (top, bottom) = (place((0, bar.y)).y, place((0, 0)).y)
        guard bottom - top > 0.2 else { continue }
        picture.fill(
          colour, opacity: 0.85, x: left + 0.5, y: top, width: max(1, right - left - 1), height: bottom - top)
      }
    case .mark(let value, let colour, let title):
      guard value.isFinite, (0...1).contains(x.part(value)) else { return }
      let font = StrokeFont(capitalHeight: unit * 0.75)
      let at = frame.x(x.part(value))
      picture.stroke(
        [.init(x: at, y: frame.top), .init(x: at, y: frame.bottom)], colour, width: max(1.2, unit * 0.16))
      let width = font.width(of: title)
      let textX = at + width + unit > frame.right ? at - width - unit * 0.5 : at + unit * 0.5
      picture.fill(
        .white, opacity: 0.8, x: textX - unit * 0.2, y: frame.top + unit * 0.1, width: width + unit * 0.4,
        height: unit * 1.3)
      font.draw(title, on: &picture, x: textX, y: frame.top + unit * 1.1, colour: colour)
    }
  }

  private func legendLines(
    width: Double, font: StrokeFont, unit: Double
  ) -> [[(title: String, colour: Colour)]] {
    var lines: [[(title: String, colour: Colour)]] = []
    var used = Double.infinity
    for layer in layers {
      let entry: (title: String, colour: Colour)
      switch layer {
      case .line(_, let colour, let title?), .dots(_, let colour, let title?), .bars(_, let colour, let title?):
        entry = (font.shortened(title, to: width - unit * 2), colour)
      default: continue
      }
      let needed = unit * 4 + font.width(of: entry.title)
      if used + needed > width {
        lines.append([])
        used = 0
      }
      lines[lines.count - 1].append(entry)
      used += needed
    }
    return lines
  }
}
