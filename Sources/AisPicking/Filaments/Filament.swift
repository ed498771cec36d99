import AisCore

/// A curve through a filament-like object, with points at even distances along it.
package struct Filament: Sendable {
  /// How a filament ends.
  package enum End: Sendable, Hashable {
    /// Within the volume.
    case free
    /// At another filament.
    case junction
    /// At a face of the volume, where the filament may go on.
    case border
  }

  package struct Point: Sendable, Hashable {
    /// In voxels of the volume that was searched.
    package var point: VoxelPoint
    /// The z axis lies along the filament, from its start to its end.
    package var angles: EulerAngles
    /// Of the circle that follows the curve best, in the unit of the voxels' edges; infinite where it is straight.
    package var radiusOfCurvature: Double
    /// The way from the start along the curve, in the unit of the voxels' edges.
    package var way: Double
  }

  package var points: [Point]
  /// Along the curve, in the unit of the voxels' edges.
  package var length: Double
  package var start: End
  package var end: End
  /// A ring: it has no ends.
  package var isClosed: Bool
  /// The connected piece that it was found in.
  package var component: Int
}

/// How filaments are found in a mask. Lengths are in the unit of the voxels' edges.
package struct FilamentSettings: Sendable, Hashable {
  /// What happens where branches meet.
  package enum Junctions: String, Sendable, CaseIterable {
    /// The two branches that continue each other best become one filament, then the next two; others end there.
    case through
    /// All branches end.
    case split
  }

  /// Between points along a filament.
  package var spacing: Double
  /// Shorter filaments are dropped, whatever they end at.
  package var minimumLength: Double
  /// Degrees that the filament turns about its axis from point to point; `nil`: not known, `rot` is 0.
  package var twist: Double?
  package var junctions = Junctions.through
  /// Branches that meet at a sharper bend than this many degrees are not one filament.
  package var greatestBend = 50.0
  /// Side branches up to this length are taken for bumps of the surface; `nil`: one and a half times the half width of
  /// the object there, and two voxels.
  package var pruning: Double?
  /// The root mean square distance between the curve and the middle of the object that smoothing may lead to; `nil`: as far
  /// as the middle strays within stretches of a few widths, where it is noise.
  package var smoothing: Double?
  package var edges = VoxelEdges.one

  package init(spacing: Double, minimumLength: Double) {
    self.spacing = spacing
    self.minimumLength = minimumLength
  }
}
