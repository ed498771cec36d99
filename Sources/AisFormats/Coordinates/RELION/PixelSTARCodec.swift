import AisCore

/// The STAR files that count in pixels from the centre of the first one, in `rlnCoordinateX`, `Y` and `Z`: RELION 3.0 and 3.1
/// (pixels of the tomogram), RELION 4 (pixels of the unbinned tilt series), Warp (pixels of the exported images).
struct PixelSTARCodec: STARCoordinateCodec {
  static let coordinates = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]

  let format: CoordinateFormat

  func read(_ star: STARFile, path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    var (columns, others) = try star.particles(Self.coordinates, path: path)
    let coordinates = columns.take(all: Self.coordinates) ?? []
    // Of two descriptions of one place the format's own decides; the other would contradict it once a point has moved.
    _ = columns.take(all: RELION5Codec.coordinates)
    let sizes = PixelSizes(&columns, OpticsTable(others), format, given: hints.coordinateSpacing)
    var pose = RELIONPose(&columns)
    let facts = ParticleFacts(&columns)
    let rows = TomogramRows(&columns, path: path, hints: hints)
    var placement = GridPlacement(hints)
    placement.add(rows.names)
    var list = ParticleList(tomograms: [], extraColumns: rows.extra.map { columns.loop.columns[$0] })
    for row in 0..<columns.loop.rowCount {
      let tomogram = rows.indices[row]
      let (spacing, image) = try sizes.spacing(columns, row)
      let known = spacing ?? placement.frames[tomogram].voxelSize?.x
      let shift = try pose.shift(columns, row, spacing: known, imagePixel: image ?? known)
      let point = placement.place(try columns.point(row, coordinates) - shift, spacing: spacing, tomogram: tomogram)
      list.particles.append(
        try facts.particle(
          columns, row, tomogram: tomogram, point: point, angles: try pose.angles(columns, row), extra: rows.extra))
    }
    list.tomograms = placement.frames
    let moved = placement.hasConverted ? ", brought to the tomogram's voxels: \(hints.alignment.phrase)" : ""
    return CoordinateReading(
      list: list, format: format, frame: "x, y, z are \(unit), counted from 0 at the centre of the first\(moved).",
      warnings: pose.warnings, otherBlocks: others)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    let groups = list.extraColumn("rlnOpticsGroup")
    let optics = groups == nil ? OpticsTable([]) : OpticsTable(options.otherBlocks)
    var points: [VoxelPoint] = []
    var spacings: [Length?] = []
    for particle in list.particles {
      let frame = list.tomograms[particle.tomogram]
      let sizes = optics[groups.flatMap { $0 < particle.extra.count ? particle.extra[$0] : nil }]
      let spacing = try spacing(of: frame, sizes, options, path)
      points.append(spacing.map { frame.point(particle.point, inCubesOf: $0, options.alignment) } ?? particle.point)
      spacings.append(spacing)
    }
    var table = STARTableBuilder(rowCount: list.particles.count)
    try addNames(to: &table, list, options)
    table.add(Self.coordinates, points, digits: options.decimals ?? 6)
    table.addAngles(of: list)
    var blocks: [STARBlock] = []
    if optics.isEmpty {
      blocks += addPixelSizes(to: &table, spacings)
    } else {
      blocks = options.otherBlocks
    }
    addIdentifiers(to: &table, list)
    table.addRELIONFacts(of: list)
    table.addExtraColumns(of: list, without: optics.isEmpty ? ["rlnOpticsGroup"] : [])
    let name = format == .relion3 || format == .warp ? "" : "particles"
    blocks.append(STARBlock(name: name, loops: [table.loop]))
    blocks[0].comments = provenance + blocks[0].comments
    return CoordinateEncoding(
      bytes: try STARFile(blocks: blocks).encoded(name: path),
      frame: "x, y, z are \(unit), counted from 0 at the centre of the first.")
  }

  private var unit: String {
    switch format {
    case .relion4: "unbinned pixels of the tilt series (rlnTomoTiltSeriesPixelSize)"
    case .warp: "pixels of the size that rlnPixelSize or rlnImagePixelSize gives"
    default: "pixels of the tomogram"
    }
  }

  /// The pixel that a particle's coordinates are to be written in. `nil`: the tomogram's own, of unknown size.
  private func spacing(
    of frame: TomogramFrame, _ optics: OpticsTable.Sizes?, _ options: CoordinateOptions, _ path: String
  ) throws(AisError) -> Length? {
    switch format {
    case .relion4:
      guard let pixel = optics?.tiltSeries ?? options.tiltSeries[frame.name]?.pixelSize else {
        throw AisError(
          .needsDecision,
          "'\(path)' (\(format.phrase)) counts in unbinned pixels of the tilt series, and their size is not known for "
            + "'\(frame.name)'. Give RELION's table with --tomograms tomograms.star.")
      }
      guard frame.voxelSize != nil else { throw .missingVoxelSize(frame.name, for: format, path) }
      return pixel
    case .warp: return optics?.image ?? frame.voxelSize?.x
    default: return optics?.micrograph ?? optics?.image ?? frame.voxelSize?.x
    }
  }

  private func addNames(to table: inout STARTableBuilder, _ list: ParticleList, _ options: CoordinateOptions)
    throws(AisError)
  {
    switch format {
    case .relion4:
      table.add("rlnTomoName", list.particles.map { options.tiltSeries.name(of: list.tomograms[$0.tomogram]) })
    default:
      let kept = list.extraColumn("rlnMicrographName")
      table.add(
        "rlnMicrographName",
        list.particles.map { particle in
          let name = list.tomograms[particle.tomogram].name
          // A path that came with the list is what the other program finds its tomogram by.
          if let kept, kept < particle.extra.count,
            TomogramNames.short(particle.extra[kept]) == TomogramNames.short(name)
          {
            return particle.extra[kept]
          }
          return name + (format == .warp ? ".tomostar" : ".mrc")
        })
    }
  }

  /// Columns or optics groups that say how large a pixel is, where that is known for all.
  private func addPixelSizes(to table: inout STARTableBuilder, _ spacings: [Length?]) -> [STARBlock] {
    let known = spacings.compactMap(\.self)
    guard known.count == spacings.count, !known.isEmpty else { return [] }
    let texts = known.map { DecimalText.fixed($0.angstrom) }
    switch format {
    case .relion3:
      table.add("rlnMagnification", texts.map { _ in "10000.000000" })
      // Micrometres at a magnification of 10000: the same number as ångström of the specimen.
      table.add("rlnDetectorPixelSize", texts)
      return []
    case .warp:
      table.add("rlnPixelSize", texts)
      return []
    default:
      var distinct: [String] = []
      var numbers: [String: Int] = [:]
      for text in texts where numbers[text] == nil {
        distinct.append(text)
        numbers[text] = distinct.count
      }
      table.add("rlnOpticsGroup", texts.map { String(numbers[$0] ?? 1) })
      var optics = STARLoop(
        columns: ["rlnOpticsGroup", "rlnOpticsGroupName"]
          + (format == .relion4 ? ["rlnTomoTiltSeriesPixelSize"] : ["rlnMicrographPixelSize", "rlnImagePixelSize"]))
      for (index, text) in distinct.enumerated() {
        optics.append(
          ["\(index + 1)", "opticsGroup\(index + 1)"] + (format == .relion4 ? [text] : [text, text]))
      }
      return [STARBlock(name: "optics", loops: [optics])]
    }
  }

  private func addIdentifiers(to table: inout STARTableBuilder, _ list: ParticleList) {
    guard list.particles.contains(where: { $0.id != nil }) else { return }
    if format == .relion4 {
      table.add("rlnTomoParticleName", RELION5Codec.particleNames(of: list))
    } else {
      table.add("aisParticleID", list.particles.map { $0.id ?? "" })
    }
  }
}

/// Which pixel a row's coordinates count in.
struct PixelSizes {
  private let given: Length?
  private let optics: OpticsTable
  private let format: CoordinateFormat
  private let group: Int?
  private let pixel: Int?
  private let detector: (size: Int, magnification: Int)?

  init(_ columns: inout ParticleColumns, _ optics: OpticsTable, _ format: CoordinateFormat, given: Length?) {
    self.given = given
    self.optics = optics
    self.format = format
    group = columns.loop.index(of: "rlnOpticsGroup")
    pixel = columns.take("rlnPixelSize", "rlnImagePixelSize")
    detector = columns.take(all: ["rlnDetectorPixelSize", "rlnMagnification"]).map { ($0[0], $0[1]) }
  }

  /// The pixel of the coordinates and that of the images; `nil` where the file does not say.
  func spacing(_ columns: ParticleColumns, _ row: Int) throws(AisError) -> (Length?, image: Length?) {
    let sizes = optics[group.map { columns.text(row, $0) }]
    let own = try ownPixel(columns, row)
    let image = own ?? sizes?.image
    if let given { return (given, image ?? given) }
    switch format {
    case .relion4: return (sizes?.tiltSeries ?? image, image)
    case .warp: return (image, image)
    default: return (sizes?.micrograph ?? image, image)
    }
  }

  private func ownPixel(_ columns: ParticleColumns, _ row: Int) throws(AisError) -> Length? {
    var size = 0.0
    if let pixel {
      size = try columns.number(row, pixel)
    } else if let detector {
      // Micrometres over the magnification.
      let magnification = try columns.number(row, detector.magnification)
      if magnification > 0 { size = try columns.number(row, detector.size) * 1e4 / magnification }
    }
    return size > 0 && size.isFinite ? .angstroms(size) : nil
  }
}
