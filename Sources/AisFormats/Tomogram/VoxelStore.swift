import AisCore

/// The voxels of a file in the order in which they are stored, read by section and rows from any thread.
protocol VoxelStore: Sendable {
  /// Sections (z), rows (y), columns (x) as stored.
  var shape: Shape { get }
  /// What `read` delivers: 4-bit voxels are unpacked to `uint8`.
  var elementType: ElementType { get }
  /// Reads rows of one section, native byte order, without gaps.
  ///
  /// - Parameter destination: exactly `rows.count * shape.x * elementType.byteCount` bytes.
  func read(section: Int, rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(AisError)
}
