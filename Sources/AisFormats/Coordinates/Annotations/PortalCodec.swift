import AisCore

/// The CryoET Data Portal's points: a JSON document per line, in voxels of the tomogram, with matrices that take the particle's
/// axes into the tomogram's.
struct PortalCodec: CoordinateCodec {
  private static let kinds = ["point", "orientedPoint", "instancePoint"]

  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let name = hints.tomogramName ?? TomogramNames.tomogram(ofFile: path)
    var placement = GridPlacement(hints)
    placement.add([name])
    var particles: [Particle] = []
    for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      let number = particles.count + 1
      let json = try JSONValue(parsing: line, name: "\(path), point \(number)")
      let point = AnnotationPoint(json: json, number: number, path: path)
      guard let kind = json["type"]?.string, Self.kinds.contains(kind) else {
        throw point.fault("a 'type' of \(Self.kinds.map { "'\($0)'" }.joined(separator: ", ")) was expected")
      }
      var particle = Particle(point: try point.location())
      // Older files name the matrix without its axes.
      for key in ["xyz_rotation_matrix", "rotation_matrix"] where particle.angles == nil {
        if let rows = try point.matrix(key, edge: 3) { particle.angles = try point.rotation(rows, key).angles }
      }
      particle.group = json["instance_id"]?.integer.flatMap(Particle.group)
      particle.point = placement.place(particle.point, spacing: hints.coordinateSpacing, tomogram: 0)
      particles.append(particle)
    }
    return CoordinateReading(
      list: ParticleList(tomograms: placement.frames, particles: particles), format: .portal, frame: Self.sentence)
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    func number(_ value: Double) -> String {
      options.decimals.map { DecimalText.fixed(value, $0) } ?? JSONText.number(value)
    }
    let isOriented = list.particles.contains { $0.angles != nil }
    var text = ""
    for particle in list.particles {
      let kind = isOriented ? "orientedPoint" : particle.group != nil ? "instancePoint" : "point"
      text += "{\"type\": \"\(kind)\", \"location\": {\"x\": \(number(particle.point.x)), "
      text += "\"y\": \(number(particle.point.y)), \"z\": \(number(particle.point.z))}"
      if isOriented {
        let rotation = particle.angles.map { RotationMatrix($0) } ?? .identity
        text += ", \"xyz_rotation_matrix\": "
        text += JSONText.matrix((0..<3).map { row in (0..<3).map { rotation[row, $0] } })
      }
      if let group = particle.group { text += ", \"instance_id\": \(group)" }
      text += "}\n"
    }
    return CoordinateEncoding(bytes: Array(text.utf8), frame: Self.sentence)
  }

  private static let sentence = "x, y, z are voxels of the tomogram, counted from 0 at the centre of the first."
}
