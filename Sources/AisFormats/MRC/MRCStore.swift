import AisCore

/// The voxels of an open, uncompressed MRC file.
struct MRCStore: VoxelStore {
  let file: RandomAccessFile
  let dataOffset: Int
  let shape: Shape
  /// As stored in the file.
  let storedType: ElementType
  let order: ByteOrder

  var elementType: ElementType { storedType == .uint4 ? .uint8 : storedType }

  func read(section: Int, rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(AisError) {
    let rowBytes = storedType.rowByteCount(shape.x)
    let offset = dataOffset + (section * shape.y + rows.lowerBound) * rowBytes
    if storedType == .uint4 {
      try readPacked(rowCount: rows.count, rowBytes: rowBytes, offset: offset, into: destination)
      return
    }
    try file.read(into: destination, at: offset)
    if order != .native { Self.swapBytes(destination, size: storedType.byteCount) }
  }

  /// Columns much narrower than a row are read row by row: a view along x must not read the whole file.
  func read(
    section: Int, rows: Range<Int>, columns: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError) {
    let size = storedType.byteCount
    guard storedType != .uint4, (columns.count * size) * 4 <= shape.x * size, shape.x * size >= 4096 else {
      try readWholeRows(section: section, rows: rows, columns: columns, into: destination)
      return
    }
    let kept = columns.count * size
    for (i, row) in rows.enumerated() {
      let offset = dataOffset + ((section * shape.y + row) * shape.x + columns.lowerBound) * size
      try file.read(into: .init(rebasing: destination[i * kept..<(i + 1) * kept]), at: offset)
    }
    if order != .native { Self.swapBytes(destination, size: size) }
  }

  /// Two voxels a byte, the first in the low half; every row starts on a whole byte.
  private func readPacked(
    rowCount: Int, rowBytes: Int, offset: Int, into destination: UnsafeMutableRawBufferPointer
  ) throws(AisError) {
    let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: rowCount * rowBytes, alignment: 64)
    defer { packed.deallocate() }
    try file.read(into: packed, at: offset)
    for row in 0..<rowCount {
      for column in 0..<shape.x {
        let byte = packed[row * rowBytes + column / 2]
        destination[row * shape.x + column] = column & 1 == 0 ? byte & 15 : byte >> 4
      }
    }
  }

  static func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, size: Int) {
    func swapAll<T: FixedWidthInteger>(_: T.Type) {
      let values = bytes.bindMemory(to: T.self)
      for i in values.indices { values[i] = values[i].byteSwapped }
    }
    switch size {
    case 2: swapAll(UInt16.self)
    case 4: swapAll(UInt32.self)
    case 8: swapAll(UInt64.self)
    default: break
    }
  }
}
