import AisCore
import AisFormats
import AisImaging

/// One slice as several networks see it: a row for each feature, with the slice itself (and what is really there, where that is
/// known) and then one panel for each architecture.
struct ComparePicture {
  private let tomogram: Tomogram
  private let labels: String?
  private let slice: Int
  private let grey: [Float]
  private let contrast: ContrastLimits
  private static let gap = 6
  private static let caption = 24

  /// What one network says of the slice.
  struct Panel: Sendable {
    var title: String
    /// 0 to 1.
    var confidence: [Float]
  }

  /// - Throws: `usage` when the tomogram has no such slice, `shapeMismatch` when the labels are of another one.
  init(_ path: String, labels: String?, slice wanted: Int?) throws(AisError) {
    tomogram = try Tomogram.open(path)
    self.labels = labels
    slice = wanted ?? tomogram.shape.z / 2
    guard (0..<tomogram.shape.z).contains(slice) else {
      throw AisError(.usage, "--slice \(slice): '\(path)' has the slices 0 to \(tomogram.shape.z - 1)")
    }
    if let labels {
      let shape = try Tomogram.open(labels).shape
      guard shape == tomogram.shape else {
        throw AisError(
          .shapeMismatch, "the labels '\(labels)' have \(shape) voxels, the tomogram '\(path)' \(tomogram.shape)")
      }
    }
    grey = try tomogram.slice(slice)
    contrast =
      ContrastLimits.automatic(grey, height: tomogram.shape.y, width: tomogram.shape.x) ?? .init(low: 0, high: 1)
  }

  /// The slice that is drawn, counted from 0.
  var place: Int { slice }

  /// - Parameter rows: of each feature its title, the number that marks it, and the networks' panels.
  func draw(_ rows: [(feature: String, label: Int?, panels: [Panel])]) throws(AisError) -> [UInt8] {
    let columns = 1 + (rows.map(\.panels.count).max() ?? 0)
    let width = max(120, min(240, 2400 / columns))
    let height = max(1, width * tomogram.shape.y / tomogram.shape.x)
    var sheet = Picture(
      width: columns * (width + Self.gap) + Self.gap,
      height: rows.count * (height + Self.caption + Self.gap) + Self.gap, fill: Colour(grey: 0.085))
    let font = StrokeFont(capitalHeight: 10, bold: true)
    for (row, content) in rows.enumerated() {
      let colour = Colour.palette[row % Colour.palette.count]
      var panels: [(title: String, overlay: SliceOverlay?)] = [
        (content.feature, try truth(content.label, content.feature, colour))
      ]
      for panel in content.panels {
        panels.append(
          (
            panel.title,
            SliceOverlay(title: panel.title, colour: colour, confidence: panel.confidence, threshold: 0.5)
          ))
      }
      for (column, panel) in panels.enumerated() {
        let x = Self.gap + column * (width + Self.gap)
        let y = Self.gap + row * (height + Self.caption + Self.gap)
        let picture = SlicePicture.draw(
          grey, height: tomogram.shape.y, width: tomogram.shape.x, contrast: contrast,
          overlays: panel.overlay.map { [$0] } ?? [], pictureHeight: height, pictureWidth: width)
        sheet.draw(picture, x: x, y: y + Self.caption)
        font.draw(
          font.shortened(panel.title, to: Double(width)), on: &sheet, x: Double(x), y: Double(y + 17), colour: .white)
      }
    }
    return try PNGEncoder.encode(
      rgb: sheet.rgb, width: sheet.width, height: sheet.height,
      texts: [
        .init("Software", "ais \(AisVersion.current)"), .init("Title", "Architectures on one slice"),
        .init("Description", "slice \(slice) of '\(tomogram.info.path)'; left what is there, then each network"),
      ])
  }

  private func truth(_ label: Int?, _ title: String, _ colour: Colour) throws(AisError) -> SliceOverlay? {
    guard let labels, let label else { return nil }
    var options = TomogramOptions()
    options.label = label
    let known = try Tomogram.open(labels, options: options).slice(slice)
    return SliceOverlay(title: title, colour: colour, confidence: known.map { $0 > 0 ? 1 : 0 }, threshold: 0.5)
  }
}
