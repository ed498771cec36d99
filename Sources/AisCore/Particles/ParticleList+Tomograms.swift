extension ParticleList {
  /// The index of the tomogram of that name, which is added when the list has none.
  package mutating func index(ofTomogram name: String) -> Int {
    if let found = tomograms.firstIndex(where: { $0.name == name }) { return found }
    tomograms.append(TomogramFrame(name: name))
    return tomograms.count - 1
  }

  /// One list for each tomogram, in the order of the tomograms; empty ones too.
  package var byTomogram: [ParticleList] {
    var parts = tomograms.map { ParticleList(tomograms: [$0], extraColumns: extraColumns) }
    for var particle in particles {
      let index = particle.tomogram
      particle.tomogram = 0
      parts[index].particles.append(particle)
    }
    return parts
  }

  /// The index among the extra columns of the first of these names that is there.
  package func extraColumn(_ names: String...) -> Int? {
    for name in names {
      if let index = extraColumns.firstIndex(of: name) { return index }
    }
    return nil
  }
}
