import AisCore

/// Tables with a header, separated by commas or tabs: everything that the program knows of a particle, in voxels counted from 0.
///
/// Read are also tables of others: without a header (x, y, z first), with other separators, and in ångström or nanometres where
/// the header says so (`X [A]`) or is that of the CZII challenge.
struct SeparatedTextCodec: CoordinateCodec {
  let format: CoordinateFormat

  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let table = try TextTable(parsing: bytes, path: path)
    let layout = try TextLayout(table, path: path)
    let fallback = hints.tomogramName ?? TomogramNames.tomogram(ofFile: path)
    var names = TomogramNames()
    var placement = GridPlacement(hints)
    if table.rowCount == 0 || layout.tomogram == nil { _ = names.index(fallback) }
    var list = ParticleList(tomograms: [], extraColumns: layout.extra.map { layout.names[$0] })
    let spacing = layout.unit ?? hints.coordinateSpacing
    for row in 0..<table.rowCount {
      let tomogram = layout.tomogram.map { names.index(table[row, $0]) } ?? 0
      placement.add(names.names)
      var particle = try layout.particle(table, row, path)
      particle.tomogram = tomogram
      if layout.unit != nil {
        // A file in ångström counts from the centre of the first voxel, whatever the voxel.
        let position = Position(z: particle.point.z, y: particle.point.y, x: particle.point.x)
        let scale = layout.unit?.angstrom ?? 1
        let voxelSize = placement.frames[tomogram].voxelSize ?? VoxelSize(.angstroms(1))
        particle.point = Position(z: position.z * scale, y: position.y * scale, x: position.x * scale).point(voxelSize)
      } else {
        particle.point = placement.place(particle.point, spacing: spacing, tomogram: tomogram)
      }
      list.particles.append(particle)
    }
    placement.add(names.names)
    list.tomograms = placement.frames
    var missing: [CoordinateNeed] = []
    if layout.unit != nil {
      for index in list.tomograms.indices where list.tomograms[index].voxelSize == nil {
        list.tomograms[index] = TomogramFrame(name: list.tomograms[index].name, voxelSize: VoxelSize(.angstroms(1)))
        missing = [.voxelSize]
      }
    }
    let unit = layout.unit.map { $0.angstrom == 10 ? "nanometres" : "ångström" } ?? "voxels of the tomogram"
    return CoordinateReading(
      list: list, format: format, frame: "x, y, z are \(unit), counted from 0 at the centre of the first voxel.",
      missing: missing)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    func text(_ value: Double) -> String {
      options.decimals.map { DecimalText.fixed(value, $0) } ?? DecimalText.exact(value)
    }
    let particles = list.particles
    var columns: [(name: String, cells: [String])] = [
      ("tomogram", particles.map { list.tomograms[$0.tomogram].name }), ("x", particles.map { text($0.point.x) }),
      ("y", particles.map { text($0.point.y) }), ("z", particles.map { text($0.point.z) }),
    ]
    func add(_ name: String, _ value: (Particle) -> String?) {
      guard particles.contains(where: { value($0) != nil }) else { return }
      columns.append((name, particles.map { value($0) ?? "" }))
    }
    add("rot") { $0.angles.map { DecimalText.exact($0.rot) } }
    add("tilt") { $0.angles.map { DecimalText.exact($0.tilt) } }
    add("psi") { $0.angles.map { DecimalText.exact($0.psi) } }
    add("score") { $0.score.map(DecimalText.exact) }
    add("group") { $0.group.map(String.init) }
    add("id") { $0.id }
    let taken = Set(columns.map(\.name))
    for (index, name) in list.extraColumns.enumerated() where !taken.contains(name) {
      columns.append((name, particles.map { index < $0.extra.count ? $0.extra[index] : "" }))
    }
    let separator = format == .tsv ? "\t" : ","
    var lines = columns.map { quoted($0.name, separator) }.joined(separator: separator) + "\n"
    for row in particles.indices {
      lines += columns.map { quoted($0.cells[row], separator) }.joined(separator: separator) + "\n"
    }
    return CoordinateEncoding(
      bytes: Array(lines.utf8),
      frame: "x, y, z are voxels of the tomogram, counted from 0 at the centre of the first voxel.")
  }

  /// In quotes where it has to be; a line end becomes a space, since a row is a line.
  private func quoted(_ value: String, _ separator: String) -> String {
    let line = String(value.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    let edges = line.first?.isWhitespace == true || line.last?.isWhitespace == true
    guard line.contains(separator) || line.contains("\"") || line.first == "#" || edges else { return line }
    return "\"" + line.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
