import AisCore

/// Dynamo's tables, with the list of volumes beside them.
struct DynamoCodec: CoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let table = try DynamoTable(parsing: bytes, name: path)
    guard !table.rows.isEmpty else {
      throw AisError(.malformed, "'\(path)' has no line with numbers; a Dynamo table has one particle a line.")
    }
    var list = table.particles(names: hints.tomogramNumbers, frame: nil)
    for index in list.tomograms.indices { list.tomograms[index] = hints.frame(list.tomograms[index].name) }
    var warnings: [String] = []
    if hints.tomogramNumbers.isEmpty {
      warnings.append(
        "tomograms are numbered and no list of volumes was given: they are named by their numbers ('--volumes FILE.doc' names them)."
      )
    }
    return CoordinateReading(
      list: list, format: .dynamo,
      frame: "voxels counted from 1, columns 24 to 26 plus the shifts of columns 4 to 6", warnings: warnings)
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    let numbers = TomogramNumbers.assign(list.tomograms)
    let table = DynamoTable(particles: list, numbers: numbers)
    var paths: [Int: String] = [:]
    for (frame, number) in zip(list.tomograms, numbers) {
      paths[number] = options.tomogramPaths[frame.name] ?? frame.name + ".mrc"
    }
    var warnings: [String] = []
    if let blank = paths.values.first(where: { $0.contains(" ") }) {
      warnings.append("Dynamo cannot read a path with blanks in its list of volumes: '\(blank)'.")
    }
    return CoordinateEncoding(
      bytes: table.encoded(),
      frame:
        "voxels counted from 1: whole ones in columns 24 to 26, the rest as shifts in columns 4 to 6; tomograms by number, as the .doc beside it says",
      warnings: warnings, companions: [("doc", DynamoVolumeList(paths: paths).encoded())])
  }
}
