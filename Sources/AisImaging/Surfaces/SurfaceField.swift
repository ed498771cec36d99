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
  /// Calls `body` with every stretch of voxels of slice `z` that belong to one part: the row, the first voxel, the one
  /// after the last, and the part. In any order.
  func forEachRun(_ z: Int, _ body: (_ y: Int, _ lower: Int, _ upper: Int, _ part: Int32) -> Void)
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

  func forEachRun(_ z: Int, _ body: (_ y: Int, _ lower: Int, _ upper: Int, _ part: Int32) -> Void) {
    volume.slice(z).withUnsafeBufferPointer { slice in
      for y in 0..<shape.y {
        let row = UnsafeBufferPointer(rebasing: slice[y * shape.x..<(y + 1) * shape.x])
        RunScanner.forEachRun(in: row, above: level) { lower, upper in body(y, lower, upper, 0) }
      }
    }
  }

  func readValues(_ z: Int, into values: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    _ = values.update(fromContentsOf: volume.slice(z))
  }
}
