import AisCore

/// x, y and z of one tomogram, separated by tabs, without a header: the text file of the paper, whole voxels unless decimals are
/// asked for.
struct PlainTextCodec: CoordinateCodec {
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    var reading = try SeparatedTextCodec(format: .text).read(bytes, path: path, hints: hints)
    reading.format = .text
    return reading
  }

  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
  {
    func text(_ value: Double) -> String {
      options.decimals.map { DecimalText.fixed(value, $0) } ?? DecimalText.rounded(value)
    }
    var lines = ""
    for particle in list.particles {
      lines += "\(text(particle.point.x))\t\(text(particle.point.y))\t\(text(particle.point.z))\n"
    }
    let rounding = options.decimals == nil ? ", rounded to whole voxels" : ""
    return CoordinateEncoding(
      bytes: Array(lines.utf8),
      frame: "x, y, z are voxels of the tomogram, counted from 0 at the centre of the first\(rounding).")
  }
}
