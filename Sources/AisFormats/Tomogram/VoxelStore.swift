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
  /// Reads some columns of rows of one section, native byte order, without gaps.
  ///
  /// - Parameter destination: exactly `rows.count * columns.count * elementType.byteCount` bytes.
  func read(
    section: Int, rows: Range<Int>, columns: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError)
}

extension VoxelStore {
  func read(
    section: Int, rows: Range<Int>, columns: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError) {
    try readWholeRows(section: section, rows: rows, columns: columns, into: destination)
  }

  /// Reads whole rows, some at a time, and keeps the columns that are wanted.
  func readWholeRows(
    section: Int, rows: Range<Int>, columns: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError) {
    if columns == 0..<shape.x { return try read(section: section, rows: rows, into: destination) }
    let size = elementType.byteCount
    let (whole, kept) = (shape.x * size, columns.count * size)
    let rowsAtOnce = max(1, min(rows.count, (1 << 20) / max(1, whole)))
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: rowsAtOnce * whole, alignment: 64)
    defer { scratch.deallocate() }
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsAtOnce) {
      let piece = first..<min(first + rowsAtOnce, rows.upperBound)
      try read(section: section, rows: piece, into: .init(rebasing: scratch[..<(piece.count * whole)]))
      for row in 0..<piece.count {
        (destination.baseAddress! + (first - rows.lowerBound + row) * kept)
          .copyMemory(from: scratch.baseAddress! + row * whole + columns.lowerBound * size, byteCount: kept)
      }
    }
  }
}
