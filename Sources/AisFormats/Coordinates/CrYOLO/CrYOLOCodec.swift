import AisCore

/// crYOLO's `.cbox`: a STAR file with the block `cryolo`. x and y are a box's lower corner, z is its centre.
struct CrYOLOCodec: CoordinateCodec {
  static let block = "cryolo"
  /// Columns whose texts a list keeps.
  private static let kept = [
    ("Width", "cryoloWidth"), ("Height", "cryoloHeight"), ("Depth", "cryoloDepth"), ("EstWidth", "cryoloEstWidth"),
    ("EstHeight", "cryoloEstHeight"), ("NumBoxes", "cryoloNumBoxes"), ("Angle", "cryoloAngle"),
  ]
  /// What crYOLO and the libraries it stands on write for nothing.
  private static let absent: Set<String> = ["<NA>", "nan", "NaN", "None", "NA", ""]

  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let star = try STARFile(parsing: bytes, name: path)
    guard let loop = star.block(Self.block)?.table else {
      throw AisError(.unsupported, "'\(path)' is no file of crYOLO: expected the block 'data_cryolo'.")
    }
    for column in ["CoordinateX", "CoordinateY", "Width", "Height"] where loop.index(of: column) == nil {
      throw AisError(.malformed, "'\(path)' has no column '_\(column)', which places a box.")
    }
    func text(_ row: Int, _ column: String) -> String? {
      loop.index(of: column).map { loop[row, $0] }.flatMap { Self.absent.contains($0) ? nil : $0 }
    }
    func number(_ row: Int, _ column: String) throws(AisError) -> Double {
      let found = text(row, column)
      if found == nil, column == "CoordinateZ" {
        throw AisError(
          .unsupported,
          "'\(path)' holds boxes of 2D pictures: row \(row + 1) has no '_CoordinateZ', so it lies in no tomogram.")
      }
      guard let value = found.flatMap({ Double($0) }), value.isFinite else {
        throw .notANumber(found ?? "", column: column, row: row, path)
      }
      return value
    }
    let frame = hints.frame(hints.tomogramName ?? TomogramNames.tomogram(ofFile: path))
    let rows = 0..<loop.rowCount
    let known = Self.kept.filter { entry in rows.contains { text($0, entry.0) != nil } }
    let names = Set(Self.kept.map(\.0) + ["CoordinateX", "CoordinateY", "CoordinateZ", "Confidence", "filamentid"])
    let others = loop.columns.filter { !names.contains($0) }
    var list = ParticleList(tomograms: [frame], extraColumns: known.map(\.1) + others)
    for row in rows {
      list.particles.append(
        Particle(
          point: VoxelPoint(
            z: try number(row, "CoordinateZ"), y: try number(row, "CoordinateY") + number(row, "Height") / 2,
            x: try number(row, "CoordinateX") + number(row, "Width") / 2),
          score: text(row, "Confidence").flatMap { Double($0) },
          group: text(row, "filamentid").flatMap { Double($0) }.flatMap { Int(exactly: $0) },
          extra: (known.map(\.0) + others).map { text(row, $0) ?? "" }))
    }
    return CoordinateReading(
      list: list, format: .cryolo,
      frame: "voxels counted from 0; x and y plus half the box's width and height, z as it is")
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    let sources = Self.kept.map { ($0.0, list.extraColumn($0.1)) }
    let hasGroups = list.particles.contains { $0.group != nil }
    let columns =
      [
        "CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "EstWidth", "EstHeight", "Confidence",
        "NumBoxes", "Angle",
      ]
      + (hasGroups ? ["filamentid"] : [])
    var cells: [String] = []
    var slices: Set<Int> = []
    for particle in list.particles {
      func kept(_ column: String) -> String? {
        sources.first { $0.0 == column }?.1.map { particle.extra[$0] }.flatMap { $0.isEmpty ? nil : $0 }
      }
      func edge(_ column: String) throws(AisError) -> Double {
        if let value = kept(column).flatMap({ Double($0) }), value > 0 { return value }
        guard let size = options.boxSize else {
          throw AisError(
            .needsDecision,
            "'\(path)': crYOLO stores the corner of a box, and how large a box is was not said. Give '--box VOXELS'.")
        }
        return Double(size)
      }
      let (width, height, depth) = (try edge("Width"), try edge("Height"), try edge("Depth"))
      let point = particle.point
      for value in [point.x - width / 2, point.y - height / 2, point.z, width, height, depth] {
        cells.append(DecimalText.fixed(value))
      }
      cells += [kept("EstWidth") ?? "<NA>", kept("EstHeight") ?? "<NA>"]
      cells.append(particle.score.map { DecimalText.fixed($0) } ?? "<NA>")
      cells += [kept("NumBoxes") ?? "<NA>", kept("Angle") ?? "<NA>"]
      if hasGroups { cells.append(particle.group.map { "\($0)" } ?? "<NA>") }
      if abs(point.z) < 1e9 { slices.insert(Int(point.z.rounded())) }
    }
    var blocks = [
      STARBlock(
        name: "global", comments: provenance, items: [STARItem(label: "cbox_format_version", value: "1.0")]),
      STARBlock(name: Self.block, loops: [STARLoop(columns: columns, cells: cells)]),
    ]
    blocks.append(
      STARBlock(
        name: "cryolo_include",
        loops: [STARLoop(columns: ["slice_index"], cells: slices.sorted().map { DecimalText.fixed(Double($0)) })]))
    return CoordinateEncoding(
      bytes: try STARFile(blocks: blocks).encoded(name: path),
      frame: "voxels counted from 0; x and y are the box's corner, z its centre")
  }
}
