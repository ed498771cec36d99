/// Particles of one or several tomograms, in voxels of those tomograms, whatever file they came from.
package struct ParticleList: Sendable, Equatable {
  package var tomograms: [TomogramFrame]
  package var particles: [Particle]
  /// Names of the columns that the program does not know, in the order of the file; each particle has a text for each.
  package var extraColumns: [String]

  package init(tomograms: [TomogramFrame], particles: [Particle] = [], extraColumns: [String] = []) {
    self.tomograms = tomograms
    self.particles = particles
    self.extraColumns = extraColumns
  }
}

/// What must be known of a tomogram to say where a coordinate lies.
package struct TomogramFrame: Hashable, Sendable {
  /// As coordinate files name it, without folder and extension.
  package var name: String
  /// `nil`: the file does not say.
  package var shape: Shape?
  /// `nil`: the file does not say.
  package var voxelSize: VoxelSize?

  package init(name: String, shape: Shape? = nil, voxelSize: VoxelSize? = nil) {
    self.name = name
    self.shape = shape
    self.voxelSize = voxelSize
  }
}

/// A particle: where it is and what is known of it.
package struct Particle: Hashable, Sendable {
  /// Index into the list's tomograms.
  package var tomogram: Int
  package var point: VoxelPoint
  package var angles: EulerAngles?
  /// How sure or how large: what it means is said where the list is made.
  package var score: Double?
  /// The filament, contour or object it belongs to, counted from 0.
  package var group: Int?
  /// The file's or the program's name for it.
  package var id: String?
  /// One text for each of the list's extra columns.
  package var extra: [String]

  package init(
    tomogram: Int = 0, point: VoxelPoint, angles: EulerAngles? = nil, score: Double? = nil, group: Int? = nil,
    id: String? = nil, extra: [String] = []
  ) {
    self.tomogram = tomogram
    self.point = point
    self.angles = angles
    self.score = score
    self.group = group
    self.id = id
    self.extra = extra
  }
}
