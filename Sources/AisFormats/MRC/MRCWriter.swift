import AisCore
import Synchronization

/// Writes an MRC file slice by slice, in any order and from any thread. The file appears under its own name only
/// when `finish()` has brought it whole to the disk.
package final class MRCWriter: Sendable {
  package let path: String
  package let output: MRCOutput
  private let header: MRCHeader
  private let file: TemporaryFile
  /// One for each slice along which was written.
  private let statistics: Mutex<[SliceStatistics?]>
  private let geometry: Geometry

  /// Which voxels of the file a written slice covers.
  private struct Geometry {
    var map: AxisMap
    /// Shape as the caller sees it.
    var shape: Shape
  }

  /// Makes the hidden file and reserves its space: a full disk shows here.
  package convenience init(path: String, output: MRCOutput) throws(AisError) {
    try self.init(path: path, output: output, map: .identity)
  }

  /// - Parameter map: how the caller's axes lie in the file (`output.shape`); x must stay x.
  init(path: String, output: MRCOutput, map: AxisMap) throws(AisError) {
    precondition(map.x == .init(.x), "a written row must be a row of the file")
    header = try output.header()
    self.path = path
    self.output = output
    geometry = Geometry(map: map, shape: map.shape(of: output.shape))
    statistics = Mutex(Array(repeating: nil, count: geometry.shape.z))
    file = try TemporaryFile(for: path)
    do throws(AisError) { try file.reserve(output.byteCount) } catch {
      file.abandon()
      throw error
    }
  }

  /// The slices the caller writes.
  package var shape: Shape { geometry.shape }

  /// Writes slice `z`: converted to the file's type, values outside its range cut, NaN written as 0 in integer types.
  package func writeSlice(_ z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) {
    let shape = geometry.shape
    precondition(z >= 0 && z < shape.z, "slice \(z) of \(shape.z)")
    precondition(
      values.count == shape.sliceCount, "a slice of \(shape) has \(shape.sliceCount) voxels, got \(values.count)")
    let size = output.elementType.byteCount
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * size, alignment: 64)
    defer { bytes.deallocate() }
    VoxelEncoding.encode(values, as: output.elementType, rounding: output.rounding, into: bytes)
    let found = VoxelEncoding.statistics(bytes, output.elementType)
    try place(UnsafeRawBufferPointer(bytes), slice: z)
    statistics.withLock { $0[z] = found }
  }

  /// Writes the bytes of slice `z` where they belong: in one piece if the file holds them so, else row by row.
  private func place(_ bytes: UnsafeRawBufferPointer, slice z: Int) throws(AisError) {
    let stored = output.shape
    let map = geometry.map
    let rowBytes = stored.x * output.elementType.byteCount
    let depth = map.z.isReversed ? geometry.shape.z - 1 - z : z
    if map.z.axis == .z, !map.y.isReversed {
      try file.write(bytes, at: MRCHeader.byteCount + depth * stored.y * rowBytes)
      return
    }
    for row in 0..<geometry.shape.y {
      let across = map.y.isReversed ? geometry.shape.y - 1 - row : row
      let (section, line) = map.z.axis == .z ? (depth, across) : (across, depth)
      try file.write(
        UnsafeRawBufferPointer(rebasing: bytes[row * rowBytes..<(row + 1) * rowBytes]),
        at: MRCHeader.byteCount + (section * stored.y + line) * rowBytes)
    }
  }

  /// Writes the header with the statistics and puts the file under its name. The numbers do not depend on the order
  /// in which slices came.
  package func finish() throws(AisError) {
    do throws(AisError) { try complete() } catch {
      file.abandon()
      throw error
    }
  }

  private func complete() throws(AisError) {
    let slices = statistics.withLock { $0 }
    let missing = slices.indices.filter { slices[$0] == nil }
    if let first = missing.first, !output.allowsMissingSlices {
      throw AisError(
        .truncated,
        "'\(path)' was not finished: \(missing.count) of its \(slices.count) slices were never written, the first is \(first + 1)."
      )
    }
    let blank = SliceStatistics(count: geometry.shape.sliceCount, minimum: 0, maximum: 0, mean: 0, squares: 0)
    let total = slices.map { $0 ?? blank }.reduce(SliceStatistics.none) { $0.combined(with: $1) }
    var header = header
    // Without a single finite voxel the fields keep their "not determined" values.
    if total.count > 0 {
      header.minimum = Float(total.minimum)
      header.maximum = Float(total.maximum)
      header.mean = Float(total.mean)
      header.rms = Float(total.deviation)
    }
    var failure: AisError?
    header.encoded().withUnsafeBytes { bytes in
      do throws(AisError) { try file.write(bytes, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    CrashPoint.reached(.afterLastByte)
    try file.commit()
  }

  /// Gives up: nothing is left on the disk. Also happens when the writer is released unfinished.
  package func abandon() { file.abandon() }
}
