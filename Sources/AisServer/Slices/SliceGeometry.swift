import AisCore

/// One slice of a volume, or the mean of several, binned within its plane.
///
/// The voxel in row r and column c of level l is the mean of the slice's rows r·2^l ..< (r + 1)·2^l and columns likewise, of
/// those that there are: at the far edges blocks are not whole. Nothing is binned across the plane. A slab of n slices is their
/// mean, from (n − 1) / 2 before `index` on; at the ends of the volume there are fewer.
struct SliceGeometry: Hashable, Sendable {
  let plane: SlicePlane
  let index: Int
  let level: Int
  /// Slices.
  let slab: Int
  /// Of the whole volume.
  let volume: Shape

  static let highestLevel = 12
  static let thickestSlab = 1024

  /// Throws `usage` for what is not in the volume; `name` is what the error calls it.
  init(
    _ plane: SlicePlane, index: Int, level: Int, slab: Int, of volume: Shape, name: String
  ) throws(AisError) {
    self.plane = plane
    self.index = index
    self.level = level
    self.slab = slab
    self.volume = volume
    let depth = Self.depth(plane, volume)
    guard index >= 0, index < depth else {
      throw AisError(
        .usage, "\(plane.rawValue) slice \(index) is not in '\(name)': there are slices 0 to \(depth - 1).")
    }
    guard (0...Self.highestLevel).contains(level) else {
      throw AisError(.usage, "level \(level) of a slice is not known: levels are 0 to \(Self.highestLevel).")
    }
    guard (1...Self.thickestSlab).contains(slab) else {
      throw AisError(.usage, "a slab has 1 to \(Self.thickestSlab) slices, not \(slab).")
    }
  }

  private static func depth(_ plane: SlicePlane, _ volume: Shape) -> Int {
    switch plane {
    case .xy: volume.z
    case .xz: volume.y
    case .yz: volume.x
    }
  }

  var factor: Int { 1 << level }

  /// Of the slice at level 0.
  var fullHeight: Int { plane == .xy ? volume.y : volume.z }
  var fullWidth: Int { plane == .yz ? volume.y : volume.x }

  /// Of the slice at its level.
  var height: Int { (fullHeight + factor - 1) / factor }
  var width: Int { (fullWidth + factor - 1) / factor }

  /// The slices that the slab is the mean of.
  var depths: Range<Int> {
    let first = index - (slab - 1) / 2
    return max(0, first)..<min(Self.depth(plane, volume), first + slab)
  }

  /// Tiles in a column and in a row.
  var tileRows: Int { (height + Tile.edge - 1) / Tile.edge }
  var tileColumns: Int { (width + Tile.edge - 1) / Tile.edge }

  /// Rows of the slice that tiles in a row of them cover, at the slice's level.
  func rows(ofTileRow row: Int) -> Range<Int> { row * Tile.edge..<min((row + 1) * Tile.edge, height) }

  func columns(ofTileColumn column: Int) -> Range<Int> { column * Tile.edge..<min((column + 1) * Tile.edge, width) }

  /// Rows at level 0 under rows at the slice's level.
  func fullRows(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound * factor..<min(rows.upperBound * factor, fullHeight)
  }

  /// The voxels in some rows (at level 0) of some slices.
  func box(depths: Range<Int>, rows: Range<Int>) -> VoxelBox {
    switch plane {
    case .xy: VoxelBox(z: depths, y: rows, x: 0..<volume.x)
    case .xz: VoxelBox(z: rows, y: depths, x: 0..<volume.x)
    case .yz: VoxelBox(z: rows, y: 0..<volume.y, x: depths)
    }
  }

  /// The same slice elsewhere along the view; `nil` beyond the ends.
  func moved(by steps: Int) -> SliceGeometry? {
    try? SliceGeometry(plane, index: index + steps, level: level, slab: slab, of: volume, name: "")
  }
}
