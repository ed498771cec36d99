import AisCore

/// Brings the points of a file, tomogram by tomogram, into voxels of the tomogram's own grid.
struct GridPlacement {
  private let hints: CoordinateHints
  private(set) var frames: [TomogramFrame] = []
  /// Whether a point was moved from one grid to another.
  private(set) var hasConverted = false

  init(_ hints: CoordinateHints) { self.hints = hints }

  /// Starts the frames of tomograms that came up since the last call.
  mutating func add(_ names: [String]) {
    for name in names[frames.count...] { frames.append(hints.frame(name)) }
  }

  /// A point counted from the first voxel of a grid with cubes of `spacing`, in voxels of the tomogram.
  ///
  /// An unknown spacing is the tomogram's own; a tomogram without a voxel size gets the file's.
  mutating func place(_ point: VoxelPoint, spacing: Length?, tomogram index: Int) -> VoxelPoint {
    guard let spacing else { return point }
    let source = VoxelSize(spacing)
    guard let own = frames[index].voxelSize else {
      frames[index].voxelSize = source
      return point
    }
    // Pixel sizes are given with few digits; grids that differ by less are the same.
    if Self.areAlike(own.x, spacing), Self.areAlike(own.y, spacing), Self.areAlike(own.z, spacing) { return point }
    hasConverted = true
    return hints.alignment.convert(point, from: source, to: own)
  }

  static func areAlike(_ a: Length, _ b: Length) -> Bool { abs(a / b - 1) < 1e-5 }
}

extension TomogramFrame {
  /// A point of this tomogram in cubes of `spacing`, counted from the centre of the first.
  func point(_ point: VoxelPoint, inCubesOf spacing: Length, _ alignment: GridAlignment) -> VoxelPoint {
    guard let own = voxelSize else { return point }
    if GridPlacement.areAlike(own.x, spacing), GridPlacement.areAlike(own.y, spacing),
      GridPlacement.areAlike(own.z, spacing)
    {
      return point
    }
    return alignment.convert(point, from: own, to: VoxelSize(spacing))
  }
}
