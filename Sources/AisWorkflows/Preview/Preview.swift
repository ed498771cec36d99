import AisCore
import AisFormats
import AisImaging
import AisNetworks

/// A picture of one or several slices of a tomogram with its segmentations painted over them.
package struct Preview: Sendable {
  /// Which slice to show.
  package enum Slice: Sendable, Hashable {
    /// Counted from 0.
    case index(Int)
    case middle
    /// The one with most of the features; without a segmentation, the one with most contrast.
    case best
    /// So many slices, evenly spread.
    case montage(Int)
  }

  /// A segmentation and how it is painted.
  struct Layer: Sendable {
    var source: SegmentationSource
    var title: String
    var colour: Colour
    var threshold: Float
  }

  package struct Options: Sendable {
    package var slice = Slice.middle
    /// The longer side of a slice in the picture, in pixels; of a montage, that of the whole picture.
    package var size = 1024
    /// 0 to 1; `nil` takes the network's, or 0.5.
    package var threshold: Float?
    /// Of the tint inside a feature, 0 to 1.
    package var opacity: Float = 0.45
    /// Values drawn as black and white; `nil` chooses them for each slice.
    package var contrast: ContrastLimits?
    /// Whether name, size and legend are written below the slice.
    package var hasCaption = true
    package var hasScaleBar = true
    package var rowZero = SlicePicture.RowZero.bottom
    /// How features of certain titles are painted, whatever their networks' files say.
    package var appearances: [Appearance] = []

    package init() {}
  }

  /// Colour and threshold of a feature.
  package struct Appearance: Sendable, Hashable {
    package var title: String
    package var colour: Colour
    /// 0 to 1.
    package var threshold: Float

    package init(title: String, colour: Colour, threshold: Float) {
      self.title = title
      self.colour = colour
      self.threshold = threshold
    }
  }

  /// What was drawn.
  package struct Result: Sendable {
    package var picture: Picture
    /// Slices shown, counted from 0.
    package var slices: [Int]
    /// Titles of the features shown.
    package var features: [String]
    /// Features of which nothing is to be seen in these slices.
    package var absences: [Absence]
    package var texts: [PNGEncoder.Text]
  }

  /// A feature that stays below its threshold wherever it was drawn.
  package struct Absence: Sendable, Hashable {
    package var title: String
    /// 0 to 1.
    package var threshold: Float
    /// The greatest confidence in the slices shown, 0 to 1.
    package var greatest: Float
  }

  private let path: String
  let tomogram: Tomogram
  let layers: [Layer]
  let options: Options

  /// - Parameters:
  ///   - path: the tomogram.
  ///   - segmentations: files of the same shape.
  ///   - models: networks that give features of their title their colour and threshold.
  package init(
    tomogram path: String, reading: TomogramOptions = .init(), segmentations: [String] = [], models: [String] = [],
    options: Options = Options()
  ) throws(AisError) {
    self.path = path
    self.options = options
    tomogram = try Tomogram.open(path, options: reading)
    var metadata: [ModelMetadata] = []
    for model in models { metadata.append(try ModelFile.read(model).metadata) }
    var layers: [Layer] = []
    for segmentation in segmentations {
      let source = try SegmentationSource(segmentation, view: reading.view)
      guard source.shape == tomogram.shape else {
        throw AisError(
          .shapeMismatch,
          "'\(segmentation)' has \(source.shape) voxels, the tomogram '\(path)' \(tomogram.shape): it cannot be painted over it. "
            + "Give the tomogram that was segmented, at the same binning.")
      }
      let title = SegmentationName.feature(of: segmentation)
      let model =
        metadata.first { Self.isSame($0.title, title) }
        ?? (metadata.count == 1 && segmentations.count == 1 ? metadata[0] : nil)
      let colour = model.map {
        Colour(red: Float($0.colour.red), green: Float($0.colour.green), blue: Float($0.colour.blue))
      }
      let wanted = options.appearances.first { Self.isSame($0.title, title) }
      let threshold = options.threshold ?? wanted?.threshold ?? model.map { Float($0.threshold) } ?? 0.5
      layers.append(
        Layer(
          source: source, title: title,
          colour: wanted?.colour ?? colour ?? Colour.palette[layers.count % Colour.palette.count],
          threshold: threshold))
    }
    self.layers = layers
  }

  /// Titles are compared as file names keep them: letters and digits count, their case does not.
  private static func isSame(_ title: String, _ feature: String) -> Bool {
    func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
    return plain(title) == plain(feature)
  }

  /// Draws the picture.
  package func draw(cancellation: Cancellation? = nil) throws(AisError) -> Result {
    let slices = try chosenSlices(cancellation)
    var panels: [PreviewSheet.Panel] = []
    for z in slices {
      try cancellation?.check()
      panels.append(try panel(z, of: slices.count))
    }
    let absences = layers.indices.compactMap { index -> Absence? in
      let greatest = panels.map(\.greatest[index]).max() ?? 0
      guard greatest <= layers[index].threshold else { return nil }
      return Absence(title: layers[index].title, threshold: layers[index].threshold, greatest: greatest)
    }
    let sheet = PreviewSheet(
      panels: panels, name: path.split(separator: "/").last.map(String.init) ?? path, facts: facts(slices),
      legend: layers.map { (Self.legend($0), $0.colour) }, pixelSize: options.hasScaleBar ? voxelSize?.x : nil,
      columns: tomogram.shape.x,
      hasCaption: options.hasCaption)
    return Result(
      picture: sheet.draw(), slices: slices, features: layers.map(\.title), absences: absences,
      texts: texts(slices))
  }

  /// The tomogram's voxel size, or the one that it was segmented with.
  private var voxelSize: VoxelSize? {
    tomogram.voxelSize ?? layers.lazy.compactMap { $0.source.tomogram.voxelSize }.first
  }

  /// `Membrane, above 128`: on the scale of segmentations, and of `--threshold`.
  private static func legend(_ layer: Layer) -> String {
    "\(layer.title), above \(Int((layer.threshold * 255).rounded()))"
  }

  private func chosenSlices(_ cancellation: Cancellation?) throws(AisError) -> [Int] {
    let count = tomogram.shape.z
    switch options.slice {
    case .middle: return [count / 2]
    case .index(let z):
      guard z >= 0, z < count else {
        throw AisError(.usage, "slice \(z) is not in '\(path)': its slices are 0 to \(count - 1).")
      }
      return [z]
    case .best: return [try bestSlice(cancellation)]
    case .montage(let wanted):
      guard wanted > 0 else { throw AisError(.usage, "a montage has at least one slice, not \(wanted).") }
      let shown = min(wanted, count)
      return (0..<shown).map { (2 * $0 + 1) * count / (2 * shown) }
    }
  }

  /// Looks at up to 64 slices.
  private func bestSlice(_ cancellation: Cancellation?) throws(AisError) -> Int {
    let count = min(64, tomogram.shape.z)
    var best = (z: tomogram.shape.z / 2, score: -Double.infinity)
    for i in 0..<count {
      try cancellation?.check()
      let z = (2 * i + 1) * tomogram.shape.z / (2 * count)
      var score = 0.0
      if layers.isEmpty {
        var survey = VoxelSurvey(shape: tomogram.shape)
        survey.add(slice: try tomogram.slice(z), z: z)
        score = survey.deviation.isFinite ? survey.deviation : 0
      }
      for layer in layers {
        let found = try layer.source.slice(z).reduce(0) { $0 + ($1 > layer.threshold ? 1 : 0) }
        // The square root lets a slice with all features win over one that is full of a single one.
        score += Double(found).squareRoot()
      }
      if score > best.score { best = (z, score) }
    }
    return best.z
  }

  private func panel(_ z: Int, of count: Int) throws(AisError) -> PreviewSheet.Panel {
    let shape = tomogram.shape
    let slice = try tomogram.slice(z)
    guard let contrast = options.contrast ?? ContrastLimits.automatic(slice, height: shape.y, width: shape.x) else {
      throw AisError(.malformed, "slice \(z) of '\(path)' holds no number. Look at the file with 'ais info --check'.")
    }
    var overlays: [SliceOverlay] = []
    var greatest: [Float] = []
    for layer in layers {
      let confidence = try layer.source.slice(z)
      greatest.append(confidence.reduce(0, max))
      overlays.append(
        SliceOverlay(title: layer.title, colour: layer.colour, confidence: confidence, threshold: layer.threshold))
    }
    let size = PreviewSheet.panelSize(
      shape: shape, voxelSize: voxelSize, longestSide: options.size / PreviewSheet.columns(of: count))
    let picture = SlicePicture.draw(
      slice, height: shape.y, width: shape.x, contrast: contrast, overlays: overlays, opacity: options.opacity,
      rowZero: options.rowZero, pictureHeight: size.height, pictureWidth: size.width)
    return PreviewSheet.Panel(picture: picture, z: z, greatest: greatest)
  }

  private func facts(_ slices: [Int]) -> String {
    let shape = tomogram.shape
    var parts: [String] = []
    parts.append(slices.count == 1 ? "slice \(slices[0]) of 0–\(shape.z - 1)" : "\(slices.count) of \(shape.z) slices")
    parts.append("\(shape.x) × \(shape.y) × \(shape.z) voxels")
    let origin = tomogram.voxelSize == nil ? " (says the segmentation)" : ""
    parts.append(voxelSize.map { "\(angstromText($0.x.angstrom)) Å per voxel\(origin)" } ?? "voxel size unknown")
    if tomogram.options.view != .identity { parts.append(tomogram.options.view.summary) }
    return parts.joined(separator: " · ")
  }

  private func texts(_ slices: [Int]) -> [PNGEncoder.Text] {
    var texts: [PNGEncoder.Text] = [
      .init("Software", "ais \(AisVersion.current)"),
      .init("Title", path.split(separator: "/").last.map(String.init) ?? path),
      .init("Description", facts(slices)), .init("Tomogram", path),
      .init("Slices", slices.map(String.init).joined(separator: " ")),
    ]
    for layer in layers {
      texts.append(.init("Segmentation", "\(layer.source.tomogram.info.path), threshold \(layer.threshold)"))
    }
    return texts
  }
}
