import AisCore

/// RELION 5: ångström from the middle of the unbinned volume, whose size and pixel `tomograms.star` gives.
struct RELION5Codec: STARCoordinateCodec {
  static let coordinates = [
    "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst",
  ]

  func read(_ star: STARFile, path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    var (columns, others) = try star.particles(Self.coordinates, path: path)
    let coordinates = columns.take(all: Self.coordinates) ?? []
    _ = columns.take(all: PixelSTARCodec.coordinates)
    let optics = OpticsTable(others)
    let group = columns.loop.index(of: "rlnOpticsGroup")
    var pose = RELIONPose(&columns)
    let facts = ParticleFacts(&columns)
    let rows = TomogramRows(&columns, path: path, hints: hints)
    var placement = GridPlacement(hints)
    placement.add(rows.names)
    let volumes = try rows.names.map { name throws(AisError) in try Self.volume(name, hints, optics, path) }
    var list = ParticleList(tomograms: [], extraColumns: rows.extra.map { columns.loop.columns[$0] })
    for row in 0..<columns.loop.rowCount {
      let tomogram = rows.indices[row]
      let image = optics[group.map { columns.text(row, $0) }]?.image
      let shift = try pose.shift(columns, row, spacing: .angstroms(1), imagePixel: image)
      var point = try columns.point(row, coordinates) - shift
      if let volume = volumes[tomogram] {
        point = point.scaled(by: 1 / volume.pixelSize.angstrom) + hints.center.center(of: volume.shape)
        point = placement.place(point, spacing: volume.pixelSize, tomogram: tomogram)
      }
      list.particles.append(
        try facts.particle(
          columns, row, tomogram: tomogram, point: point, angles: try pose.angles(columns, row), extra: rows.extra))
    }
    list.tomograms = zip(placement.frames, volumes).map { Self.frame($0, $1) }
    let moved = placement.hasConverted ? "; brought to the tomogram's voxels: \(hints.alignment.phrase)" : ""
    return CoordinateReading(
      list: list, format: .relion5, frame: Self.sentence(hints.center) + moved + ".",
      warnings: pose.warnings + Self.warnings(volumes),
      missing: !list.particles.isEmpty && volumes.contains { $0 == nil } ? [.tiltSeries] : [],
      otherBlocks: others)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    var volumes: [TiltSeriesTable.Entry?] = list.tomograms.map { options.tiltSeries[$0.name] }
    for index in Set(list.particles.map(\.tomogram)).sorted() {
      let frame = list.tomograms[index]
      guard let volume = volumes[index] else {
        throw AisError(
          .needsDecision,
          "'\(path)' (\(CoordinateFormat.relion5.phrase)) counts from the middle of the unbinned volume, and nothing says how "
            + "large that of '\(frame.name)' is. Give RELION's table with --tomograms tomograms.star.")
      }
      guard frame.voxelSize != nil || frame.shape == volume.shape else {
        throw .missingVoxelSize(frame.name, for: .relion5, path)
      }
    }
    let points = list.particles.map { particle in
      let frame = list.tomograms[particle.tomogram]
      guard let volume = volumes[particle.tomogram] else { return particle.point }
      let unbinned = frame.point(particle.point, inCubesOf: volume.pixelSize, options.alignment)
      return (unbinned - options.center.center(of: volume.shape)).scaled(by: volume.pixelSize.angstrom)
    }
    let used = Set(list.particles.map(\.tomogram))
    for index in volumes.indices where !used.contains(index) { volumes[index] = nil }
    var table = STARTableBuilder(rowCount: list.particles.count)
    table.add("rlnTomoName", list.particles.map { options.tiltSeries.name(of: list.tomograms[$0.tomogram]) })
    table.add(Self.coordinates, points, digits: options.decimals ?? 6)
    table.addAngles(of: list)
    if list.particles.contains(where: { $0.id != nil }) {
      table.add("rlnTomoParticleName", Self.particleNames(of: list))
    }
    table.addRELIONFacts(of: list)
    let keepsOptics = list.extraColumn("rlnOpticsGroup") != nil && !OpticsTable(options.otherBlocks).isEmpty
    // Without its table of optics groups RELION makes one from tomograms.star, and gives the particles their numbers itself.
    table.addExtraColumns(of: list, without: keepsOptics ? [] : ["rlnOpticsGroup"])
    var blocks = keepsOptics ? options.otherBlocks : []
    blocks.append(STARBlock(name: "particles", loops: [table.loop]))
    blocks[0].comments = provenance + blocks[0].comments
    return CoordinateEncoding(
      bytes: try STARFile(blocks: blocks).encoded(name: path), frame: Self.sentence(options.center) + ".",
      warnings: Self.warnings(volumes))
  }

  /// RELION names a particle by its tomogram and a number or name.
  static func particleNames(of list: ParticleList) -> [String] {
    list.particles.enumerated().map { index, particle in
      let id = particle.id ?? String(index + 1)
      return id.contains("/") ? id : list.tomograms[particle.tomogram].name + "/" + id
    }
  }

  private static func sentence(_ center: CenterRule) -> String {
    "x, y, z are ångström from the middle of the unbinned volume, which is \(center.rawValue) pixels from the centre of the "
      + "first, n being the size that tomograms.star gives"
  }

  private static func warnings(_ volumes: [TiltSeriesTable.Entry?]) -> [String] {
    volumes.compactMap { $0?.oddSizeWarning() }
  }

  /// The unbinned grid of a tomogram: from RELION's table, or from the size and voxel size that the user gave for it.
  private static func volume(_ name: String, _ hints: CoordinateHints, _ optics: OpticsTable, _ path: String)
    throws(AisError) -> TiltSeriesTable.Entry?
  {
    if let entry = hints.tiltSeries[name] { return entry }
    let frame = hints.frame(name)
    guard hints.tiltSeries.isEmpty, let shape = frame.shape, let voxelSize = frame.voxelSize else { return nil }
    if let pixel = optics[nil]?.tiltSeries, abs(voxelSize.x / pixel - 1) > 1e-3 {
      throw AisError(
        .needsDecision,
        "'\(path)' counts from the middle of the unbinned volume, whose pixels have \(DecimalText.exact(pixel.angstrom)) Å; the size "
          + "given for '\(name)' belongs to voxels of \(DecimalText.exact(voxelSize.x.angstrom)) Å, and from a binned size the middle is "
          + "off by up to a voxel. Give RELION's table with --tomograms tomograms.star.")
    }
    return TiltSeriesTable.Entry(name: name, shape: shape, pixelSize: voxelSize.x)
  }

  private static func frame(_ frame: TomogramFrame, _ volume: TiltSeriesTable.Entry?) -> TomogramFrame {
    var frame = frame
    if let volume {
      if frame.voxelSize == nil { frame.voxelSize = VoxelSize(volume.pixelSize) }
      let isUnbinned = frame.voxelSize.map { GridPlacement.areAlike($0.x, volume.pixelSize) } ?? false
      if frame.shape == nil && isUnbinned { frame.shape = volume.shape }
    } else {
      frame = TomogramFrame(name: frame.name, voxelSize: VoxelSize(.angstroms(1)))
    }
    return frame
  }
}
