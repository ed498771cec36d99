import AisCore

/// Several lists as one.
package enum ParticleMerge {
  /// All particles, list after list; tomograms of one name are one, columns are those of all lists.
  ///
  /// Throws `shape-mismatch` when two lists say differently how large a tomogram or its voxels are.
  package static func merged(_ lists: [(name: String, list: ParticleList)]) throws(AisError) -> ParticleList {
    var result = ParticleList(tomograms: [])
    for (_, list) in lists {
      for column in list.extraColumns where !result.extraColumns.contains(column) { result.extraColumns.append(column) }
    }
    var groups = 0
    for (name, list) in lists {
      var numbers: [Int] = []
      for frame in list.tomograms {
        let index = result.index(ofTomogram: frame.name)
        let known = result.tomograms[index]
        if let a = known.shape, let b = frame.shape, a != b {
          throw AisError(
            .shapeMismatch,
            "'\(name)' takes '\(frame.name)' for \(b) voxels, another list for \(a). Convert the lists to the same tomogram first."
          )
        }
        if let a = known.voxelSize, let b = frame.voxelSize, abs(a.x / b.x - 1) > 1e-3 {
          throw AisError(
            .shapeMismatch,
            "'\(name)' has voxels of \(angstromText(b.x.angstrom)) Å in '\(frame.name)', another list of \(angstromText(a.x.angstrom)) Å. Convert the lists to the same tomogram first."
          )
        }
        result.tomograms[index].shape = known.shape ?? frame.shape
        result.tomograms[index].voxelSize = known.voxelSize ?? frame.voxelSize
        numbers.append(index)
      }
      let columns = result.extraColumns.map { list.extraColumns.firstIndex(of: $0) }
      var highest = -1
      for var particle in list.particles {
        particle.tomogram = numbers[particle.tomogram]
        particle.extra = columns.map { $0.map { particle.extra[$0] } ?? "" }
        // Filament 0 of one list is not filament 0 of another.
        if let group = particle.group {
          highest = max(highest, group)
          particle.group = group + groups
        }
        result.particles.append(particle)
      }
      groups += highest + 1
    }
    return result
  }
}
