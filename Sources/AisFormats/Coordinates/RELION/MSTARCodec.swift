import AisCore

/// M's own tables: ångström from the centre of the first voxel, one position for each sample in time.
struct MSTARCodec: STARCoordinateCodec {
  static let coordinates = ["wrpCoordinateX1", "wrpCoordinateY1", "wrpCoordinateZ1"]
  private static let angles = ["wrpAngleRot1", "wrpAngleTilt1", "wrpAnglePsi1"]

  func read(_ star: STARFile, path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    var (columns, others) = try star.particles(Self.coordinates, path: path)
    let coordinates = columns.take(all: Self.coordinates) ?? []
    let angles = columns.take(all: Self.angles)
    let later = columns.loop.columns.filter(Self.isLaterSample)
    for name in later { _ = columns.take(name) }
    let facts = ParticleFacts(&columns)
    let rows = TomogramRows(&columns, path: path, hints: hints, labels: ["wrpSourceName"])
    var frames = rows.names.map { hints.frame($0) }
    let isIncomplete = frames.contains { $0.voxelSize == nil }
    for index in frames.indices where frames[index].voxelSize == nil {
      frames[index] = TomogramFrame(name: frames[index].name, voxelSize: VoxelSize(.angstroms(1)))
    }
    var list = ParticleList(tomograms: frames, extraColumns: rows.extra.map { columns.loop.columns[$0] })
    for row in 0..<columns.loop.rowCount {
      let tomogram = rows.indices[row]
      let place = try columns.point(row, coordinates)
      let position = Position(z: place.z, y: place.y, x: place.x)
      let turn = try angles.map { indices throws(AisError) in try columns.point(row, indices) }
      list.particles.append(
        try facts.particle(
          columns, row, tomogram: tomogram,
          point: position.point(frames[tomogram].voxelSize ?? VoxelSize(.angstroms(1))),
          angles: turn.map { EulerAngles(rot: $0.x, tilt: $0.y, psi: $0.z) }, extra: rows.extra))
    }
    return CoordinateReading(
      list: list, format: .m, frame: Self.sentence,
      warnings: later.isEmpty
        ? [] : ["positions and angles of the first sample in time were taken, later ones left out."],
      missing: isIncomplete ? [.voxelSize] : [], otherBlocks: others)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    guard list.extraColumn("wrpSourceHash") != nil else {
      throw AisError(
        .unsupported,
        "'\(path)' cannot be written: an M particle table names each tilt series by a hash (wrpSourceHash) that only M's "
          + "population knows, and this list does not come from M. Write the format 'warp', which M takes as a RELION table."
      )
    }
    var points: [VoxelPoint] = []
    for particle in list.particles {
      let frame = list.tomograms[particle.tomogram]
      guard let voxelSize = frame.voxelSize else { throw .missingVoxelSize(frame.name, for: .m, path) }
      let position = particle.point.position(voxelSize)
      points.append(VoxelPoint(z: position.z, y: position.y, x: position.x))
    }
    var table = STARTableBuilder(rowCount: list.particles.count)
    table.add(Self.coordinates, points, digits: options.decimals ?? 6)
    table.addAngles(of: list, names: Self.angles)
    table.add("wrpSourceName", list.particles.map { list.tomograms[$0.tomogram].name + ".tomostar" })
    table.addExtraColumns(of: list)
    let block = STARBlock(name: "", comments: provenance, loops: [table.loop])
    return CoordinateEncoding(bytes: try STARFile(blocks: [block]).encoded(name: path), frame: Self.sentence)
  }

  private static let sentence = "x, y, z are ångström, counted from 0 at the centre of the first voxel."

  /// `wrpCoordinateX2`, `wrpAngleRot3` and so on.
  private static func isLaterSample(_ column: String) -> Bool {
    for prefix in ["wrpCoordinateX", "wrpCoordinateY", "wrpCoordinateZ", "wrpAngleRot", "wrpAngleTilt", "wrpAnglePsi"]
    where column.hasPrefix(prefix) {
      return Int(column.dropFirst(prefix.count)).map { $0 > 1 } ?? false
    }
    return false
  }
}
