import AisCore

/// IMOD's models: see `IMODFrame` for where their coordinates lie.
struct IMODCodec: CoordinateCodec {
  /// Radius in pixels of the balls that 3dmod draws, where nothing else is asked for.
  private static let usualRadius = 5

  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading {
    let model = try IMODModel(parsing: bytes, name: path)
    let frame = hints.frame(hints.tomogramName ?? TomogramNames.tomogram(ofFile: path))
    let (list, warnings) = model.particles(of: frame)
    return CoordinateReading(
      list: list, format: .imod,
      frame: "pixels of the image as 3dmod counts them: the centre of the first voxel is at 0.5, 0.5, 0",
      warnings: warnings)
  }

  func write(
    _ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]
  ) throws(AisError) -> CoordinateEncoding {
    let frame = CoordinateFile.onlyTomogram(of: list, path: path)
    let radius = options.boxSize.map { max(1, $0 / 2) } ?? Self.usualRadius
    let model = IMODModel(particles: list, frame: frame, radius: radius)
    var warnings: [String] = []
    if frame.shape == nil {
      warnings.append(
        "the size of '\(frame.name)' is not known: the model's size is that of its points ('--size' or '--tomogram' tells it)."
      )
    }
    return CoordinateEncoding(
      bytes: model.encoded(),
      frame: "pixels of '\(frame.name)' as 3dmod counts them: half a pixel was added to x and y, none to z",
      warnings: warnings)
  }
}
