import AisCore

/// The STAR files of Ais: voxels of the tomogram, counted from 0, in the columns of the reference program.
///
/// Particles and filaments have columns of their own; a list with the radius of curvature is written as filaments.
struct AisSTARCodec: STARCoordinateCodec {
  private static let radius = "aisRadiusOfCurvature"
  private static let filamentColumns = ["aisRadiusOfCurvature", "aisLog10RadiusOfCurvature"]
  private static let connectivity = "aisFilamentConnectivity"

  func read(_ star: STARFile, path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    var (columns, others) = try star.particles(PixelSTARCodec.coordinates, path: path)
    let coordinates = columns.take(all: PixelSTARCodec.coordinates) ?? []
    var pose = RELIONPose(&columns)
    let facts = ParticleFacts(&columns)
    let rows = TomogramRows(&columns, path: path, hints: hints)
    let frames = rows.names.map { hints.frame($0) }
    var list = ParticleList(tomograms: frames, extraColumns: rows.extra.map { columns.loop.columns[$0] })
    for row in 0..<columns.loop.rowCount {
      let tomogram = rows.indices[row]
      let spacing = hints.coordinateSpacing ?? frames[tomogram].voxelSize?.x
      let shift = try pose.shift(columns, row, spacing: spacing, imagePixel: spacing)
      list.particles.append(
        try facts.particle(
          columns, row, tomogram: tomogram, point: try columns.point(row, coordinates) - shift,
          angles: try pose.angles(columns, row), extra: rows.extra))
    }
    return CoordinateReading(
      list: list, format: .ais, frame: Self.sentence, warnings: pose.warnings, otherBlocks: others)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    let isFilaments = list.extraColumns.contains(Self.radius)
    var table = STARTableBuilder(rowCount: list.particles.count)
    addCoordinates(to: &table, list, isReversed: isFilaments, decimals: options.decimals)
    let names = list.particles.map { list.tomograms[$0.tomogram].name }
    if isFilaments {
      table.addAngles(of: list)
      for name in Self.filamentColumns { addExtra(name, to: &table, list) }
      table.add("aisFilamentID", list.particles.map { $0.group.map(String.init) ?? "0" })
      addExtra(Self.connectivity, to: &table, list)
      table.add("rlnMicrographName", names.map { $0 + ".mrc" })
    } else {
      table.add("rlnMicrographName", names)
      if list.particles.contains(where: { $0.score != nil }) {
        table.add("aisParticleSize", list.particles.map { DecimalText.fixed($0.score ?? 0) })
      }
      table.addAngles(of: list)
    }
    let ids = list.particles.map { particle in
      particle.id
        ?? options.pickedFrom.map {
          ParticleIdentifier.make(file: $0, point: particle.point, angles: particle.angles)
        }
    }
    // The reference's columns end with the id; what it does not know comes behind.
    if ids.contains(where: { $0 != nil }) || list.particles.isEmpty { table.add("aisParticleID", ids.map { $0 ?? "" }) }
    if !isFilaments, list.particles.contains(where: { $0.group != nil }) {
      table.add("aisFilamentID", list.particles.map { $0.group.map(String.init) ?? "" })
    }
    table.addExtraColumns(of: list)
    let block = STARBlock(name: "particles", comments: provenance, loops: [table.loop])
    return CoordinateEncoding(bytes: try STARFile(blocks: [block]).encoded(name: path), frame: Self.sentence)
  }

  private static let sentence = "x, y, z are voxels of the tomogram, counted from 0 at the centre of the first."

  /// Whole numbers where all are, six digits otherwise; filaments have z first.
  private func addCoordinates(
    to table: inout STARTableBuilder, _ list: ParticleList, isReversed: Bool, decimals: Int?
  ) {
    let points = list.particles.map(\.point)
    let isWhole =
      decimals == nil
      && points.allSatisfy { $0.x == $0.x.rounded() && $0.y == $0.y.rounded() && $0.z == $0.z.rounded() }
    func text(_ value: Double) -> String {
      isWhole ? DecimalText.rounded(value) : DecimalText.fixed(value, decimals ?? 6)
    }
    let columns = [
      ("rlnCoordinateX", points.map { text($0.x) }), ("rlnCoordinateY", points.map { text($0.y) }),
      ("rlnCoordinateZ", points.map { text($0.z) }),
    ]
    for (name, cells) in isReversed ? columns.reversed() : columns { table.add(name, cells) }
  }

  private func addExtra(_ name: String, to table: inout STARTableBuilder, _ list: ParticleList) {
    guard let index = list.extraColumns.firstIndex(of: name) else { return }
    table.add(name, list.particles.map { index < $0.extra.count ? $0.extra[index] : "" })
  }
}
