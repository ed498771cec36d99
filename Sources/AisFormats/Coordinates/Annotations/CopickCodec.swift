import AisCore

/// copick's picks of one object in one run: ångström from the centre of the first voxel, matrices that take the object's axes into
/// the tomogram's.
struct CopickCodec: CoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let json = try JSONValue(parsing: bytes, name: path)
    guard let points = json["points"]?.array else {
      throw AisError(.unsupported, "'\(path)' is no copick file of picks: it has no list 'points'.")
    }
    let unit = json["unit"]?.string ?? "angstrom"
    guard unit == "angstrom" else {
      throw AisError(
        .unsupported, "'\(path)' gives its points in the unit '\(unit)'; 'angstrom' was expected. Convert the file.")
    }
    let name = json["run_name"]?.string ?? hints.tomogramName ?? TomogramNames.tomogram(ofFile: path)
    var frame = hints.frame(name)
    if frame.voxelSize == nil, let spacing = json["voxel_spacing"]?.number, spacing > 0, spacing.isFinite {
      frame.voxelSize = VoxelSize(.angstroms(spacing))
    }
    let isIncomplete = frame.voxelSize == nil && !points.isEmpty
    if isIncomplete { frame = TomogramFrame(name: name, voxelSize: VoxelSize(.angstroms(1))) }
    let voxelSize = frame.voxelSize ?? VoxelSize(.angstroms(1))
    var list = ParticleList(tomograms: [frame])
    var hasAngles = false
    for (index, json) in points.enumerated() {
      let point = AnnotationPoint(json: json, number: index + 1, path: path)
      var place = try point.location()
      var particle = Particle(point: place)
      if let rows = try point.matrix("transformation_", edge: 4) {
        let rotation = try point.rotation(rows, "transformation_")
        // A refined shift stands in the matrix.
        place = place + VoxelPoint(z: rows[2][3], y: rows[1][3], x: rows[0][3])
        particle.angles = rotation.angles
        hasAngles = hasAngles || rotation != .identity
      }
      particle.point = Position(z: place.z, y: place.y, x: place.x).point(voxelSize)
      particle.score = json["score"]?.number
      particle.group = json["instance_id"]?.integer.flatMap(Particle.group)
      list.particles.append(particle)
    }
    // Unturned is what copick writes for points without orientation.
    if !hasAngles {
      for index in list.particles.indices { list.particles[index].angles = nil }
    }
    return CoordinateReading(
      list: list, format: .copick, frame: Self.sentence, missing: isIncomplete ? [.voxelSize] : [])
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    let first = list.particles.first.map { list.tomograms[$0.tomogram] } ?? list.tomograms.first
    let frame = first ?? TomogramFrame(name: TomogramNames.tomogram(ofFile: path))
    if frame.voxelSize == nil, !list.particles.isEmpty { throw .missingVoxelSize(frame.name, for: .copick, path) }
    let voxelSize = frame.voxelSize ?? VoxelSize(.angstroms(1))
    var text = """
      {
        "pickable_object_name": \(JSONText.quoted(options.objectName)),
        "user_id": "ais",
        "session_id": "0",
        "run_name": \(JSONText.quoted(frame.name)),
        "voxel_spacing": \(frame.voxelSize.map { JSONText.number($0.x.angstrom) } ?? "null"),
        "unit": "angstrom",
        "points": [
      """
    for (index, particle) in list.particles.enumerated() {
      let place = particle.point.position(voxelSize)
      let rotation = particle.angles.map { RotationMatrix($0) } ?? .identity
      let rows = (0..<3).map { row in (0..<3).map { rotation[row, $0] } + [0] } + [[0, 0, 0, 1]]
      text += index == 0 ? "\n" : ",\n"
      text += "    {\"location\": {\"x\": \(number(place.x, options)), \"y\": \(number(place.y, options)), "
      text += "\"z\": \(number(place.z, options))}, \"transformation_\": \(JSONText.matrix(rows)), "
      text += "\"instance_id\": \(particle.group ?? 0), \"score\": \(JSONText.number(particle.score ?? 1))}"
    }
    text += "\n  ]\n}\n"
    return CoordinateEncoding(bytes: Array(text.utf8), frame: Self.sentence)
  }

  private func number(_ value: Double, _ options: CoordinateOptions) -> String {
    options.decimals.map { DecimalText.fixed(value, $0) } ?? JSONText.number(value)
  }

  private static let sentence = "x, y, z are ångström, counted from 0 at the centre of the first voxel."
}
