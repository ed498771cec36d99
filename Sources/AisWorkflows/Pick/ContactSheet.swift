import AisCore
import AisFormats
import AisImaging
import AisPicking

/// Slices through the picked centres on one sheet, so that a person can judge a list at a glance.
///
/// Each tile is a piece of the xy slice nearest to a particle's centre: the tomogram, when it is found, with the segmentation's
/// outline over it; a dot marks the centre. Of many particles some are shown, from the first of the list to the last.
struct ContactSheet {
  private let finding: PickFinding
  private let request: PickRequest
  /// The tomogram, or the segmentation itself.
  private let ground: any SliceSource
  private let groundName: String
  /// Half the edge of a tile, in voxels along x and along y.
  private let reach: (y: Int, x: Int)

  private static let tile = 144
  private static let columns = 8
  private static let rows = 5
  private static let gap = 4
  private static let background = Colour(grey: 0.085)
  private static let faint = Colour(grey: 0.62)
  private static let mark = Colour(red: 0.84, green: 0.37, blue: 0)

  init(_ finding: PickFinding, _ request: PickRequest) throws(AisError) {
    self.finding = finding
    self.request = request
    let reading = finding.reading
    if let found = try TomogramSearch.tomogram(of: reading, folder: request.tomogram, known: request.tomogramPaths) {
      ground = found
      groundName = "on \(found.info.path.split(separator: "/").last.map(String.init) ?? found.info.path)"
    } else {
      ground = reading.values
      groundName = "on the segmentation itself"
    }
    // Wide enough for the neighbour that might be too near.
    let spacing = (try? request.spacing.voxels(reading.tomogram.voxelSize, option: "--spacing", path: "")) ?? 16
    let half = max(8, min(96, 1.4 * spacing))
    reach = (max(8, Int(half / reading.edges.y)), Int(half))
  }

  /// The picture, as PNG.
  func draw(cancellation: Cancellation) throws(AisError) -> [UInt8] {
    let shown = Self.chosen(finding.list.particles.count, most: Self.columns * Self.rows)
    var tiles = [Picture?](repeating: nil, count: shown.count)
    let slices = Dictionary(grouping: shown.indices) { slice(of: finding.list.particles[shown[$0]].point) }
    for (z, places) in slices.sorted(by: { $0.key < $1.key }) {
      try cancellation.check()
      let slice = try ground.slice(z)
      let values = try finding.reading.values.slice(z)
      let contrast = ContrastLimits.automatic(slice, height: ground.shape.y, width: ground.shape.x)
      for place in places {
        tiles[place] = tile(of: shown[place], slice, values, contrast ?? ContrastLimits(low: 0, high: 1))
      }
    }
    let picture = sheet(tiles.compactMap(\.self), shown: shown.count)
    return try PNGEncoder.encode(
      rgb: picture.rgb, width: picture.width, height: picture.height,
      texts: [
        .init("Software", "ais \(AisVersion.current)"), .init("Title", name), .init("Description", facts(shown.count)),
      ])
  }

  /// Evenly spread over the list, its ends among them.
  static func chosen(_ count: Int, most: Int) -> [Int] {
    if count <= most { return Array(0..<count) }
    return (0..<most).map { $0 * (count - 1) / (most - 1) }
  }

  private var name: String { SegmentationName.stem(of: finding.reading.path) }

  private func facts(_ shown: Int) -> String {
    let count = finding.list.particles.count
    let part =
      shown < count
      ? "\(shown) of \(count) \(finding.noun)s, from the first to the last" : "\(count) \(finding.noun)s, in order"
    return
      "\(part) · xy slices through the centres, \(groundName) · above \(angstromText(finding.reading.level)) of 255"
  }

  private func slice(of point: VoxelPoint) -> Int { max(0, min(ground.shape.z - 1, Int(point.z.rounded()))) }

  /// A piece of a slice around a particle; what lies outside of the volume is black.
  private func tile(of index: Int, _ slice: [Float], _ values: [Float], _ contrast: ContrastLimits) -> Picture {
    let point = finding.list.particles[index].point
    let (height, width) = (2 * reach.y + 1, 2 * reach.x + 1)
    let (top, left) = (Int(point.y.rounded()) - reach.y, Int(point.x.rounded()) - reach.x)
    let shape = ground.shape
    func piece(_ values: [Float]) -> [Float] {
      var result = [Float](repeating: .nan, count: height * width)
      for y in max(0, -top)..<max(max(0, -top), min(height, shape.y - top)) {
        for x in max(0, -left)..<max(max(0, -left), min(width, shape.x - left)) {
          result[y * width + x] = values[(y + top) * shape.x + x + left]
        }
      }
      return result
    }
    let certainty = Float(finding.reading.certainty)
    let overlay = SliceOverlay(
      title: name, colour: Colour.palette[1], confidence: piece(values).map { min(1, max(0, $0 / certainty)) },
      threshold: finding.reading.threshold / certainty)
    var picture = SlicePicture.draw(
      piece(slice), height: height, width: width, contrast: contrast, overlays: [overlay], opacity: 0.15,
      pictureHeight: Self.tile, pictureWidth: Self.tile)
    let scale = (y: Double(Self.tile) / Double(height), x: Double(Self.tile) / Double(width))
    // Row 0 of the slice is at the bottom of the picture.
    let x = (point.x - Double(left) + 0.5) * scale.x
    let y = Double(Self.tile) - (point.y - Double(top) + 0.5) * scale.y
    if let angles = finding.list.particles[index].angles { draw(angles, on: &picture, at: PicturePoint(x: x, y: y)) }
    picture.fill(.black, opacity: 0.7, x: x - 3.5, y: y - 3.5, width: 7, height: 7, radius: 3.5)
    picture.fill(Self.mark, x: x - 2.5, y: y - 2.5, width: 5, height: 5, radius: 2.5)
    let font = StrokeFont(capitalHeight: 8)
    let text = "\(index + 1)"
    picture.fill(.black, opacity: 0.6, x: 3, y: 3, width: font.width(of: text) + 8, height: 16, radius: 4)
    font.draw(text, on: &picture, x: 7, y: 15, colour: .white)
    return picture
  }

  /// The particle's z axis as a line from its centre; the more it leaves the slice, the shorter.
  private func draw(_ angles: EulerAngles, on picture: inout Picture, at centre: PicturePoint) {
    let axis = angles.zAxis
    let length = 0.22 * Double(Self.tile)
    let line = [centre, PicturePoint(x: centre.x + axis.x * length, y: centre.y - axis.y * length)]
    picture.stroke(line, .black, width: 4.5, opacity: 0.6)
    picture.stroke(line, Self.mark, width: 2.5)
  }

  private func sheet(_ tiles: [Picture], shown: Int) -> Picture {
    let across = max(1, min(Self.columns, tiles.count))
    let down = (tiles.count + across - 1) / across
    let margin = 14
    let width = max(420, across * (Self.tile + Self.gap) - Self.gap) + 2 * margin
    let grid = down * (Self.tile + Self.gap)
    var sheet = Picture(width: width, height: grid + 2 * margin + 42, fill: Self.background)
    for (i, tile) in tiles.enumerated() {
      sheet.draw(
        tile, x: margin + i % across * (Self.tile + Self.gap), y: margin + i / across * (Self.tile + Self.gap))
    }
    if let size = finding.reading.tomogram.voxelSize, !tiles.isEmpty {
      drawScaleBar(size, on: &sheet, left: margin, bottom: margin + Self.tile)
    }
    let title = StrokeFont(capitalHeight: 11, bold: true)
    let small = StrokeFont(capitalHeight: 9)
    let room = Double(width - 2 * margin)
    title.draw(
      title.shortened(name, to: room), on: &sheet, x: Double(margin), y: Double(margin + grid + 18), colour: .white)
    let text = tiles.isEmpty ? "no \(finding.noun) was found" : facts(shown)
    small.draw(
      small.shortened(text, to: room), on: &sheet, x: Double(margin), y: Double(margin + grid + 38), colour: Self.faint)
    return sheet
  }

  /// A bar in the first tile's lower left corner.
  private func drawScaleBar(_ size: VoxelSize, on sheet: inout Picture, left: Int, bottom: Int) {
    let field = Length.angstroms(size.x.angstrom * Double(2 * reach.x + 1))
    guard let bar = ScaleBar(fieldWidth: field, share: 0.4) else { return }
    let pixels = bar.length / field * Double(Self.tile)
    let font = StrokeFont(capitalHeight: 8)
    sheet.fill(
      .black, opacity: 0.6, x: Double(left + 4), y: Double(bottom - 26),
      width: max(pixels, font.width(of: bar.label)) + 8,
      height: 22, radius: 4)
    font.draw(bar.label, on: &sheet, x: Double(left + 8), y: Double(bottom - 14), colour: .white)
    sheet.fill(.white, x: Double(left + 8), y: Double(bottom - 10), width: pixels, height: 3, radius: 1.5)
  }
}
