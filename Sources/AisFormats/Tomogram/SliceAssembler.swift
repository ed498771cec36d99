import AisCore

/// Gives slices of a stored volume seen through an axis map, reading through a bounded cache.
///
/// A box of the stored volume is read at a time and a rectangle of it copied out:
///
///     viewed z runs along   box read at a time                        cached as
///     sections              one section                               one block a section
///     rows                  a few rows of every section               one block for those few slices
///     columns               every section, a few columns of it kept   one block for those few slices
///
/// Boxes larger than the cache allows are read in pieces straight into the slice and not kept.
struct SliceAssembler: Sendable {
  let store: any VoxelStore
  let map: AxisMap
  let shape: Shape
  /// As `TomogramOptions.label`.
  private let label: Int?
  private let cache: BlockCache
  /// Slices in one block.
  private let slicesPerBlock: Int
  private let isCached: Bool

  /// Contiguous bytes worth one read call.
  private static let goodReadBytes = 256 << 10
  /// Most bytes read at once where nothing is cached.
  private static let pieceBytes = 4 << 20

  init(store: any VoxelStore, map: AxisMap, label: Int? = nil, cacheBytes: Int) {
    self.store = store
    self.map = map
    self.label = label
    shape = map.shape(of: store.shape)
    cache = BlockCache(limit: cacheBytes)
    let sliceBytes = shape.sliceCount * store.elementType.byteCount
    let affordable = cacheBytes / 4 / max(1, sliceBytes)
    let wanted: Int
    switch map.z.axis {
    case .z: wanted = 1
    case .y: wanted = Self.goodReadBytes / max(1, store.shape.x * store.elementType.byteCount) + 1
    case .x: wanted = shape.z
    }
    isCached = affordable >= 1
    slicesPerBlock = max(1, min(wanted, affordable, shape.z))
  }

  /// A box of the stored volume.
  private struct Box {
    var sections: Range<Int>
    var rows: Range<Int>
    var columns: Range<Int>
    subscript(axis: AxisMap.Axis) -> Range<Int> {
      switch axis {
      case .z: sections
      case .y: rows
      case .x: columns
      }
    }
    var shape: Shape { Shape(z: sections.count, y: rows.count, x: columns.count) }
  }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    precondition(z >= 0 && z < shape.z, "slice \(z) of \(shape.z)")
    precondition(destination.count == shape.sliceCount, "a slice of \(shape) has \(shape.sliceCount) voxels")
    if shape.sliceCount == 0 { return }
    let stored = map.z.isReversed ? shape.z - 1 - z : z
    let block = stored / slicesPerBlock
    let box = box(block * slicesPerBlock..<min((block + 1) * slicesPerBlock, shape.z))
    if isCached {
      let bytes = try cache.block(block, byteCount: byteCount(box)) { (buffer) throws(AisError) in
        try fill(box, buffer)
      }
      copy(from: bytes.bytes, box, stored, to: destination)
    } else {
      try readInPieces(box, stored, to: destination)
    }
  }

  /// The stored box of some slices.
  private func box(_ slices: Range<Int>) -> Box {
    let whole = store.shape
    var box = Box(sections: 0..<whole.z, rows: 0..<whole.y, columns: 0..<whole.x)
    switch map.z.axis {
    case .z: box.sections = slices
    case .y: box.rows = slices
    case .x: box.columns = slices
    }
    return box
  }

  private func byteCount(_ box: Box) -> Int { box.shape.count * store.elementType.byteCount }

  /// Reads a box, sections outermost.
  private func fill(_ box: Box, _ buffer: UnsafeMutableRawBufferPointer) throws(AisError) {
    let size = store.elementType.byteCount
    let sectionBytes = box.rows.count * box.columns.count * size
    let isWide = box.columns.count == store.shape.x
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: isWide ? 0 : box.rows.count * store.shape.x * size, alignment: 64)
    defer { scratch.deallocate() }
    for (i, section) in box.sections.enumerated() {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[i * sectionBytes..<(i + 1) * sectionBytes])
      if isWide {
        try store.read(section: section, rows: box.rows, into: part)
        continue
      }
      try store.read(section: section, rows: box.rows, into: scratch)
      let rowBytes = box.columns.count * size
      for row in 0..<box.rows.count {
        let from = (row * store.shape.x + box.columns.lowerBound) * size
        part.baseAddress!.advanced(by: row * rowBytes)
          .copyMemory(from: scratch.baseAddress! + from, byteCount: rowBytes)
      }
    }
  }

  /// Reads a box too large to keep, some rows or sections at a time.
  private func readInPieces(
    _ box: Box, _ stored: Int, to destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) {
    var pieces: [Box] = []
    let rowBytes = max(1, store.shape.x * store.elementType.byteCount)
    let rowsAtOnce = max(1, Self.pieceBytes / rowBytes)
    for section in box.sections {
      for first in stride(from: box.rows.lowerBound, to: box.rows.upperBound, by: rowsAtOnce) {
        var piece = box
        piece.sections = section..<section + 1
        piece.rows = first..<min(first + rowsAtOnce, box.rows.upperBound)
        pieces.append(piece)
      }
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: pieces.map(byteCount).max() ?? 0, alignment: 64)
    defer { buffer.deallocate() }
    for piece in pieces {
      try fill(piece, UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount(piece)]))
      copy(from: buffer, piece, stored, to: destination)
    }
  }

  /// Copies the part of slice `stored` (counted along the stored axis) that lies in `box`.
  private func copy(
    from buffer: UnsafeMutableRawBufferPointer, _ box: Box, _ stored: Int,
    to destination: UnsafeMutableBufferPointer<Float>
  ) {
    let boxShape = box.shape
    func stride(_ axis: AxisMap.Axis) -> Int {
      switch axis {
      case .z: boxShape.y * boxShape.x
      case .y: boxShape.x
      case .x: 1
      }
    }
    /// The part of a viewed axis in the box: first viewed index, count, first offset in the box, signed stride.
    func span(_ source: AxisMap.Source) -> (first: Int, count: Int, base: Int, stride: Int) {
      let range = box[source.axis]
      let step = stride(source.axis)
      guard source.isReversed else { return (range.lowerBound, range.count, 0, step) }
      return (store.shape[source.axis] - range.upperBound, range.count, (range.count - 1) * step, -step)
    }
    let rows = span(map.y)
    let columns = span(map.x)
    let depth = (stored - box[map.z.axis].lowerBound) * stride(map.z.axis)
    VoxelConversion.copy(
      UnsafeRawPointer(buffer.baseAddress!), store.elementType,
      .init(
        rows: rows.count, columns: columns.count, sourceBase: depth + rows.base + columns.base,
        sourceRowStride: rows.stride, sourceColumnStride: columns.stride,
        destinationBase: rows.first * shape.x + columns.first, destinationRowStride: shape.x),
      label: label, to: destination.baseAddress!)
  }
}
