import AisCore

/// What the columns of a text table mean.
struct TextLayout {
  let names: [String]
  /// Of x, y and z.
  private let point: [Int]
  /// The length that x, y, z count in. `nil`: voxels.
  let unit: Length?
  let tomogram: Int?
  private let angles: [Int]?
  private let score: Int?
  private let group: Int?
  private let id: Int?
  /// The columns that are carried along.
  let extra: [Int]

  init(_ table: TextTable, path: String) throws(AisError) {
    guard let header = table.header else {
      guard table.columnCount >= 3 || table.rowCount == 0 else {
        throw AisError(
          .malformed,
          "'\(path)' has \(table.columnCount) value\(table.columnCount == 1 ? "" : "s") in its first line; x, y and z were expected. "
            + "Is it a file of another kind?")
      }
      names = (0..<max(3, table.columnCount)).map { $0 < 3 ? ["x", "y", "z"][$0] : "column\($0 + 1)" }
      point = [0, 1, 2]
      (unit, tomogram, angles, score, group, id) = (nil, nil, nil, nil, nil, nil)
      extra = Array(3..<max(3, table.columnCount))
      return
    }
    let lower = header.map { $0.lowercased() }
    func first(_ names: String...) -> Int? { names.lazy.compactMap { lower.firstIndex(of: $0) }.first }
    names = header
    let axes = ["x", "y", "z"].compactMap { axis in
      lower.indices.lazy.compactMap { column in Self.unit(of: lower[column], axis: axis).map { (column, $0) } }.first
    }
    guard axes.count == 3 else {
      throw AisError(
        .malformed,
        "'\(path)' has no columns x, y and z: its header is '\(header.prefix(8).joined(separator: "', '"))'. "
          + "Name them x, y, z (voxels) or x_A, y_A, z_A (ångström).")
    }
    point = axes.map(\.0)
    let units = axes.map(\.1)
    guard units.allSatisfy({ $0 == units[0] }) else {
      throw AisError(
        .malformed,
        "'\(path)' gives x, y and z in different units ('\(point.map { header[$0] }.joined(separator: "', '"))'). Use one unit."
      )
    }
    // The submissions of the CZII challenge are in ångström and do not say so.
    let isCZII = lower.contains("experiment") && lower.contains("particle_type")
    unit = units[0] == .voxel ? (isCZII ? .angstroms(1) : nil) : .angstroms(units[0] == .nanometer ? 10 : 1)
    tomogram = first(
      "tomogram", "tomo", "tomo_name", "tomogram_name", "rlntomoname", "rlnmicrographname", "run", "run_name",
      "experiment")
    let turn = [first("rot", "rlnanglerot"), first("tilt", "rlnangletilt"), first("psi", "rlnanglepsi")]
      .compactMap(\.self)
    angles = turn.count == 3 ? turn : nil
    score = first("score", "confidence", "aisparticlesize")
    // TARDIS numbers its filaments so.
    group = first("group", "ids", "filament", "filament_id", "aisfilamentid")
    id = first("id", "aisparticleid")
    let used = Set(point + (angles ?? []) + [tomogram, score, group, id].compactMap(\.self))
    extra = header.indices.filter { !used.contains($0) }
  }

  private enum Unit { case voxel, angstrom, nanometer }

  /// The unit of a column if it holds that axis: `x`, `X [A]`, `x_nm`, `coord_x`, `rlnCoordinateX`.
  private static func unit(of name: String, axis: String) -> Unit? {
    let letters = String(name.filter { $0.isLetter })
    if letters.hasSuffix(axis),
      ["rlncoordinate", "coordinate", "coord", "pos", "position", "center", "centre"].contains(letters.dropLast())
    {
      return .voxel
    }
    guard letters.hasPrefix(axis) else { return nil }
    switch letters.dropFirst() {
    case "", "px", "pixel", "pixels", "vox", "voxel", "voxels", "coord", "coordinate": return .voxel
    case "a", "å", "angst", "angstrom", "angstroms", "ångström": return .angstrom
    case "nm", "nanometer", "nanometers", "nanometre", "nanometres": return .nanometer
    default: return nil
    }
  }

  /// A row, with x, y, z as they stand there.
  func particle(_ table: TextTable, _ row: Int, _ path: String) throws(AisError) -> Particle {
    let place = try numbers(table, row, point, path)
    var particle = Particle(point: VoxelPoint(z: place[2], y: place[1], x: place[0]))
    if let angles, angles.contains(where: { !table[row, $0].isEmpty }) {
      let turn = try numbers(table, row, angles, path)
      particle.angles = EulerAngles(rot: turn[0], tilt: turn[1], psi: turn[2])
    }
    particle.score = score.flatMap { Double(table[row, $0]) }
    particle.group = group.flatMap { Particle.group(table[row, $0]) }
    particle.id = id.map { table[row, $0] }.flatMap { $0.isEmpty ? nil : $0 }
    particle.extra = extra.map { table[row, $0] }
    return particle
  }

  private func numbers(_ table: TextTable, _ row: Int, _ columns: [Int], _ path: String) throws(AisError) -> [Double] {
    var result: [Double] = []
    for column in columns {
      guard let value = Double(table[row, column]), value.isFinite else {
        throw AisError(
          .malformed,
          "'\(path)' has '\(table[row, column].prefix(40))' in column '\(names[column])' of line \(table.lines[row]), where a finite "
            + "number was expected. Mend or remove the line.")
      }
      result.append(value)
    }
    return result
  }
}
