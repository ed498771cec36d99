import AisCore

/// STOPGAP's motivelists: a STAR file with the block `stopgap_motivelist`.
///
/// Positions are `orig` plus `shift` in voxels counted from 1, angles those of TOM and AV3 (phi, psi, the about z, z, x).
struct STOPGAPCodec: CoordinateCodec {
  static let block = "stopgap_motivelist"
  private static let columns = [
    "motl_idx", "tomo_num", "object", "subtomo_num", "halfset", "orig_x", "orig_y", "orig_z", "score", "x_shift",
    "y_shift",
    "z_shift", "phi", "psi", "the", "class",
  ]
  /// Columns whose texts a list keeps, with what stands there otherwise.
  private static let kept = [
    ("motl_idx", "stopgapMotlIndex"), ("halfset", "stopgapHalfset"), ("class", DynamoTable.classColumn),
  ]

  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let star = try STARFile(parsing: bytes, name: path)
    guard let block = star.block(Self.block), let loop = block.table else {
      let found = star.blocks.map { "data_\($0.name)" }.joined(separator: ", ")
      throw AisError(
        .unsupported,
        "'\(path)' is no motivelist of STOPGAP: expected the block 'data_\(Self.block)', found \(found.prefix(200)).")
    }
    let needed = ["tomo_num", "orig_x", "orig_y", "orig_z"]
    if let missing = needed.first(where: { loop.index(of: $0) == nil }) {
      throw AisError(.malformed, "'\(path)' has no column '_\(missing)', which places a particle.")
    }
    let reader = Rows(loop: loop, path: path)
    let known = Self.kept.filter { loop.index(of: $0.0) != nil }
    let others = loop.columns.filter { !Self.columns.contains($0) }
    var list = ParticleList(tomograms: [], extraColumns: known.map(\.1) + others)
    let objects = (0..<loop.rowCount).map { reader.integer($0, "object") ?? 1 }
    let hasGroups = objects.contains { $0 > 1 }
    let hasAngles = loop.index(of: "phi") != nil || loop.index(of: "the") != nil
    for row in 0..<loop.rowCount {
      let number = try reader.number(row, "tomo_num")
      let key = Int(exactly: number) ?? 0
      let tomogram = list.index(ofTomogram: hints.tomogramNumbers[key] ?? DecimalText.trimmed(number))
      let point = VoxelPoint(
        z: try reader.number(row, "orig_z") + reader.number(row, "z_shift") - 1,
        y: try reader.number(row, "orig_y") + reader.number(row, "y_shift") - 1,
        x: try reader.number(row, "orig_x") + reader.number(row, "x_shift") - 1)
      var angles: EulerAngles?
      if hasAngles {
        angles = EulerAngles(
          phi: try reader.number(row, "phi"), the: try reader.number(row, "the"), psi: try reader.number(row, "psi"))
      }
      list.particles.append(
        Particle(
          tomogram: tomogram, point: point, angles: angles,
          score: loop.index(of: "score") == nil ? nil : try reader.number(row, "score"),
          group: hasGroups && objects[row] > 0 ? objects[row] - 1 : nil, id: reader.text(row, "subtomo_num"),
          extra: (known.map(\.0) + others).map { reader.text(row, $0) ?? "" }))
    }
    for index in list.tomograms.indices { list.tomograms[index] = hints.frame(list.tomograms[index].name) }
    return CoordinateReading(
      list: list, format: .stopgap, frame: "voxels counted from 1, columns orig plus shift",
      warnings: hints.tomogramNumbers.isEmpty
        ? ["tomograms are numbered and no list of volumes was given: they are named by their numbers."] : [])
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    let numbers = TomogramNumbers.assign(list.tomograms)
    let sources = Dictionary(uniqueKeysWithValues: Self.kept.map { ($0.0, list.extraColumn($0.1)) })
    let ids = list.particles.map { $0.id.flatMap { Int($0) } ?? 0 }
    let keepsIDs = Set(ids).count == ids.count && ids.allSatisfy { $0 > 0 }
    var cells: [String] = []
    for (index, particle) in list.particles.enumerated() {
      func kept(_ column: String, _ usual: String) -> String {
        guard let source = sources[column] ?? nil, !particle.extra[source].isEmpty else { return usual }
        return particle.extra[source]
      }
      let turn = particle.angles?.stopgap ?? (phi: 0, the: 0, psi: 0)
      let p = particle.point
      cells += [kept("motl_idx", "\(index + 1)"), "\(numbers[particle.tomogram])", "\((particle.group ?? 0) + 1)"]
      cells += ["\(keepsIDs ? ids[index] : index + 1)", kept("halfset", index % 2 == 0 ? "A" : "B")]
      cells += [p.x, p.y, p.z].map { DecimalText.trimmed($0.rounded() + 1) }
      cells.append(DecimalText.trimmed(particle.score ?? 0))
      cells += [p.x, p.y, p.z].map { DecimalText.trimmed($0 - $0.rounded()) }
      cells += [turn.phi, turn.psi, turn.the].map { DecimalText.trimmed($0) }
      cells.append(kept("class", "1"))
    }
    let block = STARBlock(
      name: Self.block, comments: provenance, loops: [STARLoop(columns: Self.columns, cells: cells)])
    let legend = zip(list.tomograms, numbers).filter { $0.name != "\($1)" }.map { "\($1) is \($0.name)" }
    return CoordinateEncoding(
      bytes: try STARFile(blocks: [block]).encoded(name: path),
      frame: "voxels counted from 1: whole ones in orig, the rest in shift",
      warnings: legend.isEmpty
        ? []
        : [
          "STOPGAP numbers its tomograms: \(legend.prefix(12).joined(separator: ", "))\(legend.count > 12 ? ", …" : "")."
        ])
  }

  /// Numbers in a table's cells.
  private struct Rows {
    let loop: STARLoop
    let path: String
    func text(_ row: Int, _ column: String) -> String? { loop.index(of: column).map { loop[row, $0] } }
    func integer(_ row: Int, _ column: String) -> Int? {
      text(row, column).flatMap { Double($0) }.flatMap { Int(exactly: $0) }
    }
    /// 0 where the table has no such column.
    func number(_ row: Int, _ column: String) throws(AisError) -> Double {
      guard let text = text(row, column) else { return 0 }
      guard let value = Double(text), value.isFinite else { throw .notANumber(text, column: column, row: row, path) }
      return value
    }
  }
}

extension EulerAngles {
  /// The angles of TOM, AV3 and STOPGAP, which turn the reference into the particle: phi about z, the about x, psi about z.
  package init(phi: Double, the: Double, psi: Double) {
    self.init(rot: Self.wrapped(90 - phi), tilt: the, psi: Self.wrapped(-90 - psi))
  }

  package var stopgap: (phi: Double, the: Double, psi: Double) {
    (Self.wrapped(90 - rot), tilt, Self.wrapped(-90 - psi))
  }
}
