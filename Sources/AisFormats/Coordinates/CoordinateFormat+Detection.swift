import AisCore

extension CoordinateFormat {
  /// What a file is, by its content and then its name.
  package init(detecting bytes: [UInt8], path: String) throws(AisError) {
    if IMODModel.isModel(bytes) {
      self = .imod
      return
    }
    if let kind = FileKind(Array(bytes.prefix(512))) {
      throw AisError(.unsupported, "'\(path)' is \(kind.phrase), not a list of coordinates.")
    }
    if Self.isSTAR(bytes, path) {
      try self.init(detecting: STARFile(parsing: bytes, name: path), path: path)
      return
    }
    let name = path.lowercased()
    if bytes.first(where: { $0 > 0x20 && $0 < 0x80 }) == UInt8(ascii: "{") {
      try self.init(detectingJSON: bytes, path: path)
    } else if let format = Self.exchangeFormat(name) {
      self = format
    } else if name.hasSuffix(".csv") {
      self = .csv
    } else if name.hasSuffix(".tsv") {
      self = .tsv
    } else if bytes.prefix(4096).allSatisfy({ $0 >= 0x20 || $0 == 9 || $0 == 10 || $0 == 13 }) {
      self = .text
    } else {
      throw AisError(
        .unsupported,
        "'\(path)' is no list of coordinates that Ais knows. Expected one of: "
          + "\(Self.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
  }

  /// What a JSON file is, by its first line and its keys.
  private init(detectingJSON bytes: [UInt8], path: String) throws(AisError) {
    let first = bytes.split(maxSplits: 1, whereSeparator: { $0 == 0x0A || $0 == 0x0D }).first ?? []
    if let line = try? JSONValue(parsing: first, name: path), line["location"] != nil {
      self = .portal
      return
    }
    let document = try JSONValue(parsing: bytes, name: path)
    if document["boxes_3d"] != nil {
      self = .eman2
      return
    }
    guard document["points"] != nil else {
      throw AisError(
        .unsupported,
        "'\(path)' is no list of coordinates that Ais knows: it is JSON without 'points' (copick), without 'boxes_3d' (EMAN2) and without a 'location' in "
          + "each line (CryoET Data Portal).")
    }
    self = .copick
  }

  /// Formats of other programs that are told by the file's name.
  private static func exchangeFormat(_ name: String) -> CoordinateFormat? {
    if name.hasSuffix(".mod") || name.hasSuffix(".fid") { return .imod }
    if name.hasSuffix(".tbl") { return .dynamo }
    return name.hasSuffix(".box") ? .box : nil
  }

  /// Whether a line in front begins a block.
  static func isSTAR(_ bytes: [UInt8], _ path: String) -> Bool {
    let name = path.lowercased()
    if name.hasSuffix(".star") || name.hasSuffix(".cbox") { return true }
    return bytes.prefix(64 << 10).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
      .contains { $0.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: "data_".utf8) }
  }

  /// What a STAR file is, by the columns of its tables.
  init(detecting star: STARFile, path: String) throws(AisError) {
    if star.block(STOPGAPCodec.block) != nil {
      self = .stopgap
    } else if star.block(CrYOLOCodec.block) != nil {
      self = .cryolo
    } else if star.loop(withAll: RELION5Codec.coordinates) != nil {
      self = .relion5
    } else if star.loop(withAll: MSTARCodec.coordinates) != nil {
      self = .m
    } else if let table = star.loop(withAll: PixelSTARCodec.coordinates) {
      self = Self.pixelFormat(of: table, in: star)
    } else {
      throw .noParticles(star, path)
    }
  }

  /// Of the formats that share `rlnCoordinateX`, the one that a table is in.
  private static func pixelFormat(of table: STARLoop, in star: STARFile) -> CoordinateFormat {
    let names = table.index(ofAny: ["rlnTomoName", "rlnMicrographName"])
    // Warp counts in pixels of the exported images where RELION 4 counts in those of the tilt series.
    if let names, (0..<table.rowCount).contains(where: { table[$0, names].hasSuffix(".tomostar") }) { return .warp }
    guard let optics = star.block("optics")?.table else {
      let isRELION = ["rlnMagnification", "rlnDetectorPixelSize", "rlnPixelSize"].contains {
        table.columns.contains($0)
      }
      return isRELION ? .relion3 : .ais
    }
    let isTilt = optics.columns.contains("rlnTomoTiltSeriesPixelSize") && table.columns.contains("rlnTomoName")
    return isTilt ? .relion4 : .relion31
  }
}

extension STARFile {
  /// The tables with all of these columns, with the names of their blocks. One in a block `data_particles` comes first: of
  /// several tables that is the one that is meant.
  private func tables(withAll columns: [String]) -> [(block: String, table: STARLoop)] {
    let found = blocks.flatMap { block in block.tables(withAll: columns).map { (block: block.name, table: $0) } }
    return found.filter { $0.block == "particles" } + found.filter { $0.block != "particles" }
  }

  func loop(withAll columns: [String]) -> STARLoop? { tables(withAll: columns).first?.table }

  /// The table of particles, and the blocks that hold no table of coordinates: a second one would contradict the particles
  /// once these have moved.
  func particles(_ columns: [String], path: String) throws(AisError) -> (table: ParticleColumns, others: [STARBlock]) {
    let tables = tables(withAll: columns)
    guard let (block, table) = tables.first else { throw .noParticles(self, path) }
    guard tables.count == 1 || (block == "particles" && tables[1].block != "particles") else {
      let names = tables.map { "'data_\($0.block)'" }.joined(separator: ", ")
      throw AisError(
        .unsupported,
        "'\(path)' holds coordinates in \(tables.count) blocks (\(names)); one was expected. Keep the one that is meant."
      )
    }
    return (ParticleColumns(table, path: path), blocks.filter { $0.tables(withAll: columns).isEmpty })
  }
}

extension STARBlock {
  /// Its tables with all of these columns, be it loops or a row of single values.
  fileprivate func tables(withAll columns: [String]) -> [STARLoop] {
    let all = loops.isEmpty ? [table].compactMap(\.self) : loops
    return all.filter { columns.allSatisfy($0.columns.contains) }
  }
}

extension AisError {
  /// A STAR file of another kind, with what it is where that is plain.
  static func noParticles(_ star: STARFile, _ path: String) -> AisError {
    for block in star.blocks {
      if let particles = block.value("rlnTomoParticlesFile") {
        let tomograms = block.value("rlnTomoTomogramsFile").map { " with --tomograms '\($0)'" } ?? ""
        return AisError(
          .unsupported,
          "'\(path)' is an optimisation set: it names the particles '\(particles)' and holds none. Give that file\(tomograms)."
        )
      }
    }
    let names = star.blocks.prefix(4).map { "'data_\($0.name)'" }.joined(separator: ", ")
    let isTable = star.blocks.contains { $0.table?.columns.contains("rlnTomoSizeX") ?? false }
    let hint = isTable ? " It describes tomograms: give it with --tomograms." : ""
    return AisError(
      .unsupported,
      "'\(path)' holds no coordinates of particles: none of its blocks (\(names)\(star.blocks.count > 4 ? ", …" : "")) has "
        + "'_rlnCoordinateX', '_rlnCenteredCoordinateXAngst' or the like.\(hint)")
  }
}
