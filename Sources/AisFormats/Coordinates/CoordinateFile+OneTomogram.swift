import AisCore

extension CoordinateFile {
  /// The tomogram of a list of which all particles lie in one.
  static func onlyTomogram(of list: ParticleList, path: String) -> TomogramFrame {
    if let first = list.particles.first { return list.tomograms[first.tomogram] }
    return list.tomograms.first ?? TomogramFrame(name: TomogramNames.tomogram(ofFile: path))
  }
}
