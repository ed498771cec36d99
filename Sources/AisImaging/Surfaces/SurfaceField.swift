import AisCore

/// A volume cut into parts, slice by slice: what a surface needs to know.
///
/// Slices may be asked for in any order and from several threads at once.
package protocol SurfaceField: Sendable {
  var shape: Shape { get }
  /// How many parts there are.
  var partCount: Int { get }
  /// Whether no voxel of slice `z` belongs to a part. Such slices are not asked for, unless they border on one that is not.
  func isEmpty(_ z: Int) -> Bool
  /// Sets the voxels of slice `z` that belong to part n to n + 1 (`shape.sliceCount` values, rows of x, all 0 before).
  func paint(_ z: Int, into labels: UnsafeMutableBufferPointer<Int32>)
  /// Reads the values of slice `z`, between which the surface is placed.
  func readValues(_ z: Int, into values: UnsafeMutableBufferPointer<Float>) throws(AisError)
}

/// The voxels of a volume in memory above a level, as one part.
struct WholeVolumeField: SurfaceField {
  private let volume: Volume<Float>
  private let level: Float
  private let emptySlices: [Bool]

  init(_ volume: Volume<Float>, level: Float) {
    self.volume = volume
    self.level = level
    emptySlices = (0..<volume.shape.z).map { z in !volume.slice(z).contains { $0 > level } }
  }

  var shape: Shape { volume.shape }
  var partCount: Int { 1 }

  func isEmpty(_ z: Int) -> Bool { emptySlices[z] }

  func paint(_ z: Int, into labels: UnsafeMutableBufferPointer<Int32>) {
    for (index, value) in volume.slice(z).enumerated() where value > level { labels[index] = 1 }
  }

  func readValues(_ z: Int, into values: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    _ = values.update(fromContentsOf: volume.slice(z))
  }
}
