import AisCore

/// EMAN2's JSON of boxes in a tomogram.
struct EMAN2Codec: CoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let boxes = try EMAN2Boxes(parsing: bytes, name: path)
    let frame = hints.frame(hints.tomogramName ?? TomogramNames.tomogram(ofFile: path))
    let list = try boxes.particles(of: frame, name: path)
    let unit = boxes.unbinnedPixel.map {
      "pixels of \(DecimalText.trimmed($0, decimals: 4)) Å from the tomogram's centre, voxel n div 2"
    }
    return CoordinateReading(list: list, format: .eman2, frame: unit ?? "voxels counted from 0")
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    let frame = CoordinateFile.onlyTomogram(of: list, path: path)
    let boxes = try EMAN2Boxes(particles: list, frame: frame, boxSize: options.boxSize ?? 64, name: path)
    return CoordinateEncoding(
      bytes: boxes.encoded(),
      frame:
        "pixels of \(DecimalText.trimmed(boxes.unbinnedPixel ?? 0, decimals: 4)) Å from the centre of '\(frame.name)', voxel n div 2"
    )
  }
}

/// The three columns of whole numbers that EMAN2's e2spt_boxer reads: centres in voxels counted from 0.
struct EMAN2TextCodec: CoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    if let kind = FileKind(bytes) { throw AisError(.unsupported, "'\(path)' is \(kind.phrase), not a list of boxes.") }
    let frame = hints.frame(hints.tomogramName ?? TomogramNames.tomogram(ofFile: path))
    var list = ParticleList(tomograms: [frame])
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      if words.count == 4 || words.count == 5 {
        throw AisError(
          .unsupported,
          "line \(index + 1) of '\(path)' has \(words.count) columns: a box of a 2D picture (x, y, width, height), which lies in no tomogram. Expected x, y, z."
        )
      }
      let numbers = words.compactMap { Double($0) }
      guard words.count == 3, numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
        throw AisError(
          .malformed,
          "line \(index + 1) of '\(path)': expected three numbers x, y, z, found '\(words.joined(separator: " ").prefix(60))'."
        )
      }
      list.particles.append(Particle(point: VoxelPoint(z: numbers[2], y: numbers[1], x: numbers[0])))
    }
    return CoordinateReading(list: list, format: .box, frame: "centres in voxels counted from 0")
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    var text = ""
    for point in list.particles.map(\.point) {
      text += [point.x, point.y, point.z].map(DecimalText.rounded).joined(separator: "\t") + "\n"
    }
    let moved = list.particles.map(\.point).contains {
      $0.x != $0.x.rounded() || $0.y != $0.y.rounded() || $0.z != $0.z.rounded()
    }
    return CoordinateEncoding(
      bytes: Array(text.utf8), frame: "centres in whole voxels counted from 0",
      warnings: moved
        ? ["e2spt_boxer reads whole voxels only: positions were rounded, by half a voxel at most on each axis."] : [])
  }
}
