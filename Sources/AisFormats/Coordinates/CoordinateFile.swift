import AisCore

/// Files that hold particles, in any format that the program knows.
package enum CoordinateFile {
  /// Most bytes of a file that are read into memory.
  package static let largest = STARFile.largest

  /// Reads a list. Without a format the file's content and name decide.
  ///
  /// Points come in voxels of the tomogram that the hints describe; where they do not, in voxels of the grid the file counts in.
  package static func read(
    _ path: String, format: CoordinateFormat? = nil, hints: CoordinateHints = CoordinateHints()
  ) throws(AisError) -> CoordinateReading {
    let bytes = try RandomAccessFile(path).contents(limit: largest)
    return try read(bytes, path: path, format: format, hints: hints)
  }

  /// Reads a list from the bytes of a file; `path` is what messages call it.
  package static func read(
    _ bytes: [UInt8], path: String, format: CoordinateFormat? = nil, hints: CoordinateHints = CoordinateHints()
  ) throws(AisError) -> CoordinateReading {
    var format = format
    if bytes.isEmpty { return try empty(path, format, hints) }
    if format == nil { format = try CoordinateFormat(detecting: bytes, path: path) }
    guard let format else { preconditionFailure("a format was detected or an error thrown") }
    var reading = try format.codec.read(bytes, path: path, hints: hints)
    if let need = reading.missing.first, !hints.allowsIncomplete { throw .coordinateNeed(need, path, format) }
    if let row = reading.list.particles.firstIndex(where: { !$0.point.isFinite }) {
      throw AisError(
        .malformed,
        "'\(path)' places particle \(row + 1) beyond all numbers once it is in voxels. Check the file's pixel size and --voxel-size."
      )
    }
    if reading.list.particles.isEmpty { reading.warnings.append("there are no particles in it.") }
    if format.hasRows, let last = bytes.last, last != 0x0A, last != 0x0D {
      reading.warnings.append(
        "the file ends in the middle of a line. If it was cut off, its last value is wrong: copy the file again.")
    }
    return reading
  }

  /// Formats that have nothing but particles.
  private static let bare: [CoordinateFormat] = [.text, .portal, .box, .dynamo]

  /// A file of no bytes: no particles in the formats that have nothing but particles, otherwise a file that was cut off.
  private static func empty(_ path: String, _ format: CoordinateFormat?, _ hints: CoordinateHints) throws(AisError)
    -> CoordinateReading
  {
    let lower = path.lowercased()
    guard
      let kind = format ?? Self.bare.first(where: { lower.hasSuffix("." + $0.fileExtension) }), Self.bare.contains(kind)
    else {
      throw AisError(.truncated, "'\(path)' is empty, it holds no coordinates. Copy or export the file again.")
    }
    let name = hints.tomogramName ?? TomogramNames.tomogram(ofFile: path)
    return CoordinateReading(
      list: ParticleList(tomograms: [hints.frame(name)]), format: kind, frame: "the file is empty.",
      warnings: ["the file is empty: no particles."])
  }

  /// Writes a list whole or not at all.
  ///
  /// - Parameter provenance: lines on how the list was made; in the formats that have comments they stand in front.
  /// - Returns: the files made, the sentence on the frame, and what should be known about it.
  @discardableResult
  package static func write(
    _ list: ParticleList, to path: String, format: CoordinateFormat, options: CoordinateOptions = CoordinateOptions(),
    provenance: [String] = []
  ) throws(AisError) -> (paths: [String], frame: String, warnings: [String]) {
    let encoding = try encode(list, path: path, format: format, options: options, provenance: provenance)
    var paths: [String] = []
    for companion in encoding.companions {
      paths.append(stem(of: path) + "." + companion.fileExtension)
      try AtomicFile.write(companion.bytes, to: paths[paths.count - 1])
    }
    try AtomicFile.write(encoding.bytes, to: path)
    return ([path] + paths, encoding.frame, encoding.warnings)
  }

  /// The bytes that `write` would write.
  package static func encode(
    _ list: ParticleList, path: String, format: CoordinateFormat, options: CoordinateOptions = CoordinateOptions(),
    provenance: [String] = []
  ) throws(AisError) -> CoordinateEncoding {
    if let bad = list.particles.first(where: { !$0.point.isFinite }) {
      throw AisError(
        .malformed,
        "a particle of '\(list.tomograms[bad.tomogram].name)' has no finite position, so '\(path)' was not written. Leave it out."
      )
    }
    let used = Set(list.particles.map(\.tomogram))
    guard format.holdsSeveralTomograms || used.count <= 1 else {
      throw AisError(
        .usage,
        "\(format.phrase) holds the particles of one tomogram, and the list has \(used.count). Write a file for each, "
          + "or choose a format that names the tomogram (csv, ais, relion4, …).")
    }
    return try format.codec.write(list, path: path, options: options, provenance: provenance)
  }

  /// A path without the extension of its last part.
  static func stem(of path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/"), dot != path.startIndex else { return path }
    return String(path[..<dot])
  }
}

extension VoxelPoint {
  package var isFinite: Bool { z.isFinite && y.isFinite && x.isFinite }
}
