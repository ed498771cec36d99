import AisCore

extension DynamoTable {
  /// Names of the columns that a list keeps as texts, so that a table written from it has them again.
  static let keptColumns: [(column: Column, name: String, usual: String)] = [
    (.aligned, "dynamoAligned", "1"), (.averaged, "dynamoAveraged", "0"), (.cc2, "dynamoCC2", "0"),
    (.cpu, "dynamoCPU", "0"), (.ftype, "dynamoFtype", "0"), (.ymintilt, "dynamoYMinTilt", "0"),
    (.ymaxtilt, "dynamoYMaxTilt", "0"), (.xmintilt, "dynamoXMinTilt", "0"), (.xmaxtilt, "dynamoXMaxTilt", "0"),
    (.fs1, "dynamoFS1", "0"), (.fs2, "dynamoFS2", "0"), (.class_, classColumn, "0"),
    (.annotation, "dynamoAnnotation", "0"), (.dshift, "dynamoDShift", "0"), (.daxis, "dynamoDAxis", "0"),
    (.dnarot, "dynamoDNarot", "0"), (.dcc, "dynamoDCC", "0"), (.otag, "dynamoOTag", "0"), (.npar, "dynamoNPar", "0"),
    (.undefined1, "dynamoColumn33", "0"), (.ref, "dynamoRef", "0"), (.sref, "dynamoSRef", "0"),
    (.apix, "dynamoApix", "0"), (.def, "dynamoDef", "0"), (.undefined2, "dynamoColumn38", "0"),
    (.undefined3, "dynamoColumn39", "0"), (.undefined4, "dynamoColumn40", "0"), (.eig1, "dynamoEig1", "0"),
    (.eig2, "dynamoEig2", "0"),
  ]

  /// Classes have one name in all formats, RELION's.
  static let classColumn = "rlnClassNumber"

  /// The table's particles: column 24 to 26 plus the shifts of 4 to 6, which count voxels from 1.
  ///
  /// - Parameters:
  ///   - names: the tomogram of each number in column 20; numbers without one are their own names.
  ///   - frame: what is known of the tomograms besides their names.
  package func particles(names: [Int: String], frame: TomogramFrame?) -> ParticleList {
    let kept = Self.keptColumns.filter { entry in
      rows.indices.contains { (text($0, entry.column) ?? entry.usual) != entry.usual }
    }
    var list = ParticleList(tomograms: [], extraColumns: kept.map(\.name))
    var tomograms: [Int: Int] = [:]
    let hasRegions = rows.indices.contains { (value($0, .region) ?? 0) >= 1 }
    let hasScores = rows.indices.contains { (value($0, .cc) ?? 0) != 0 }
    for row in rows.indices {
      func number(_ column: Column) -> Double { value(row, column) ?? 0 }
      let tomogram = Int(exactly: number(.tomo).rounded()) ?? 0
      if tomograms[tomogram] == nil {
        tomograms[tomogram] = list.tomograms.count
        let name = names[tomogram] ?? "\(tomogram)"
        list.tomograms.append(TomogramFrame(name: name, shape: frame?.shape, voxelSize: frame?.voxelSize))
      }
      let region = number(.region)
      list.particles.append(
        Particle(
          tomogram: tomograms[tomogram]!,
          point: VoxelPoint(
            z: number(.z) + number(.dz) - 1, y: number(.y) + number(.dy) - 1, x: number(.x) + number(.dx) - 1),
          angles: EulerAngles(tdrot: number(.tdrot), tilt: number(.tilt), narot: number(.narot)),
          score: hasScores ? value(row, .cc) : nil,
          group: hasRegions && region >= 1 && region < 1e15 ? Int(region) - 1 : nil, id: text(row, .tag),
          extra: kept.map { text(row, $0.column) ?? $0.usual }))
    }
    if !rows.isEmpty, !rows.indices.contains(where: { turned($0) }) {
      for index in list.particles.indices { list.particles[index].angles = nil }
    }
    return list
  }

  /// Whether a row has a turn at all; a table of bare positions has zeros.
  private func turned(_ row: Int) -> Bool {
    [Column.tdrot, .tilt, .narot].contains { (value(row, $0) ?? 0) != 0 }
  }

  /// A table of 35 columns, or 42 where the list has the last ones: whole voxels in columns 24 to 26, the rest as shifts.
  ///
  /// - Parameter numbers: of the list's tomograms, for column 20.
  package init(particles list: ParticleList, numbers: [Int]) {
    let sources = Self.keptColumns.map { entry in (entry, list.extraColumn(entry.name)) }
    let last = sources.filter { $0.1 != nil }.map(\.0.column.rawValue).max() ?? 0
    let columns = last > Self.writtenColumns ? Column.eig2.rawValue : Self.writtenColumns
    let tags = Self.tags(list)
    rows = []
    for (index, particle) in list.particles.enumerated() {
      var row = Array(repeating: "0", count: columns)
      func set(_ column: Column, _ text: String) { row[column.rawValue - 1] = text }
      func set(_ column: Column, _ value: Double) { set(column, DecimalText.trimmed(value)) }
      for (entry, source) in sources where entry.column.rawValue <= columns {
        set(entry.column, source.map { Self.number(particle.extra[$0]) } ?? entry.usual)
      }
      set(.tag, tags[index])
      set(.tomo, "\(numbers[particle.tomogram])")
      if let group = particle.group { set(.region, "\(group + 1)") }
      if let score = particle.score { set(.cc, score) }
      if let angles = particle.angles {
        let turn = angles.dynamo
        set(.tdrot, turn.tdrot)
        set(.tilt, turn.tilt)
        set(.narot, turn.narot)
      }
      let point = particle.point
      for (value, whole, shift) in [(point.x, Column.x, Column.dx), (point.y, .y, .dy), (point.z, .z, .dz)] {
        set(whole, value.rounded() + 1)
        set(shift, value - value.rounded())
      }
      rows.append(row)
    }
  }

  /// A number for each particle: those of the list when they are all different, else 1, 2, 3 ….
  private static func tags(_ list: ParticleList) -> [String] {
    let ids = list.particles.compactMap { $0.id.flatMap { Int($0) } }.filter { $0 > 0 }
    if ids.count == list.particles.count, Set(ids).count == ids.count { return ids.map { "\($0)" } }
    return list.particles.indices.map { "\($0 + 1)" }
  }

  /// Texts that are no numbers have no place in a table.
  private static func number(_ text: String) -> String {
    text.contains(where: \.isWhitespace) || Double(text) == nil && !text.hasSuffix("i") ? "0" : text
  }
}

extension EulerAngles {
  /// Dynamo's angles: a table's tdrot, tilt and narot turn about z, x, z and bring the particle onto the template; RELION's
  /// turn about z, y, z. The y axis is the x axis turned by 90°, hence the difference.
  package init(tdrot: Double, tilt: Double, narot: Double) {
    self.init(rot: Self.wrapped(narot - 90), tilt: tilt, psi: Self.wrapped(tdrot + 90))
  }

  package var dynamo: (tdrot: Double, tilt: Double, narot: Double) {
    (Self.wrapped(psi - 90), tilt, Self.wrapped(rot + 90))
  }
}
