import AisCore

/// A format of coordinates that is a STAR file.
protocol STARCoordinateCodec: CoordinateCodec {
  func read(_ star: STARFile, path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading
}

extension STARCoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    try read(STARFile(parsing: bytes, name: path), path: path, hints: hints)
  }
}

/// A table of particles column by column, for writing.
struct STARTableBuilder {
  private var columns: [(name: String, cells: [String])] = []
  private let rowCount: Int

  init(rowCount: Int) { self.rowCount = rowCount }

  /// Adds a column unless there is one of that name.
  mutating func add(_ name: String, _ cells: [String]) {
    precondition(cells.count == rowCount, "a column has a text for each row")
    if !columns.contains(where: { $0.name == name }) { columns.append((name, cells)) }
  }

  /// Three columns of numbers.
  mutating func add(_ names: [String], _ points: [VoxelPoint], digits: Int) {
    add(names[0], points.map { DecimalText.fixed($0.x, digits) })
    add(names[1], points.map { DecimalText.fixed($0.y, digits) })
    add(names[2], points.map { DecimalText.fixed($0.z, digits) })
  }

  /// RELION's angles, where any particle has some; the others get 0.
  mutating func addAngles(of list: ParticleList, names: [String] = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]) {
    guard list.particles.contains(where: { $0.angles != nil }) else { return }
    add(names[0], list.particles.map { DecimalText.fixed($0.angles?.rot ?? 0) })
    add(names[1], list.particles.map { DecimalText.fixed($0.angles?.tilt ?? 0) })
    add(names[2], list.particles.map { DecimalText.fixed($0.angles?.psi ?? 0) })
  }

  /// The columns that the program does not know, under names that a STAR file can have.
  mutating func addExtraColumns(of list: ParticleList, without names: Set<String> = []) {
    for (index, name) in list.extraColumns.enumerated() where !names.contains(name) {
      let label = String(name.map { $0.isWhitespace || $0.isNewline ? "_" : $0 })
      if label.isEmpty { continue }
      add(label, list.particles.map { index < $0.extra.count ? $0.extra[index] : "" })
    }
  }

  /// The scores and groups under RELION's names.
  mutating func addRELIONFacts(of list: ParticleList) {
    if list.particles.contains(where: { $0.score != nil }) {
      add("rlnAutopickFigureOfMerit", list.particles.map { DecimalText.fixed($0.score ?? 0) })
    }
    if list.particles.contains(where: { $0.group != nil }) {
      add("rlnHelicalTubeID", list.particles.map { String(($0.group ?? -1) + 1) })
    }
  }

  var loop: STARLoop {
    var cells: [String] = []
    cells.reserveCapacity(rowCount * columns.count)
    for row in 0..<rowCount {
      for column in columns { cells.append(column.cells[row]) }
    }
    return STARLoop(columns: columns.map(\.name), cells: cells)
  }
}

/// What the columns of scores, groups and ids of every STAR format say.
struct ParticleFacts {
  private let score: Int?
  private let tube: Int?
  private let filament: Int?
  private let id: Int?

  init(_ columns: inout ParticleColumns) {
    score = columns.take("aisParticleSize", "rlnAutopickFigureOfMerit", "rlnLCCmax", "ptmLCCmax")
    filament = columns.take("aisFilamentID")
    tube = filament == nil ? columns.take("rlnHelicalTubeID") : nil
    id = columns.take("aisParticleID", "rlnTomoParticleName")
  }

  func particle(
    _ columns: ParticleColumns, _ row: Int, tomogram: Int, point: VoxelPoint, angles: EulerAngles?, extra: [Int]
  ) throws(AisError) -> Particle {
    // RELION counts tubes from 1.
    let group =
      filament.flatMap { Particle.group(columns.text(row, $0)) }
      ?? tube.flatMap { Particle.group(columns.text(row, $0)) }.flatMap { $0 > 0 ? $0 - 1 : nil }
    return Particle(
      tomogram: tomogram, point: point, angles: angles, score: score.flatMap { Double(columns.text(row, $0)) },
      group: group, id: id.map { columns.text(row, $0) },
      extra: extra.map { columns.text(row, $0) })
  }
}

extension Particle {
  /// The number of a group as files write it; `nil` for what is none.
  static func group(_ text: String) -> Int? { Int(text).flatMap(group) }

  static func group(_ number: Int) -> Int? { (0..<Int(Int32.max)).contains(number) ? number : nil }
}
