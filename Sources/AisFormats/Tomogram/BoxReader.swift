import AisCore

/// Reads boxes of a stored volume seen through an axis map, straight from the store.
struct BoxReader {
  let store: any VoxelStore
  let map: AxisMap
  /// As `TomogramOptions.label`.
  let label: Int?

  /// Most bytes, and at most 256 rows, are read between two looks at the cancellation.
  private static let pieceBytes = 1 << 20

  func read(
    _ box: VoxelBox, into destination: UnsafeMutableBufferPointer<Float>, _ cancellation: Cancellation?
  ) throws(AisError) {
    let shape = map.shape(of: store.shape)
    precondition(VoxelBox(shape).intersection(box) == box, "\(box) is not in \(shape)")
    precondition(destination.count == box.shape.count, "a box of \(box.shape) has \(box.shape.count) voxels")
    if box.isEmpty { return }
    let size = store.elementType.byteCount
    let (sections, rows, columns) = (stored(.z, of: box), stored(.y, of: box), stored(.x, of: box))
    let rowsAtOnce = max(1, min(rows.range.count, 256, Self.pieceBytes / (columns.range.count * size)))
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: rowsAtOnce * columns.range.count * size, alignment: 64)
    defer { scratch.deallocate() }
    for (i, section) in sections.range.enumerated() {
      for first in stride(from: 0, to: rows.range.count, by: rowsAtOnce) {
        try cancellation?.check()
        let piece = first..<min(first + rowsAtOnce, rows.range.count)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(piece.count * columns.range.count * size)])
        let lines = rows.range.lowerBound + piece.lowerBound..<rows.range.lowerBound + piece.upperBound
        try store.read(section: section, rows: lines, columns: columns.range, into: bytes)
        VoxelConversion.copy(
          UnsafeRawPointer(bytes.baseAddress!), store.elementType,
          .init(
            rows: piece.count, columns: columns.range.count, sourceBase: 0, sourceRowStride: columns.range.count,
            sourceColumnStride: 1,
            destinationBase: sections.base + i * sections.stride + rows.base + first * rows.stride + columns.base,
            destinationRowStride: rows.stride, destinationColumnStride: columns.stride),
          label: label, to: destination.baseAddress!)
      }
    }
  }

  /// The part of a stored axis that a viewed box covers, and where its voxels go: the first at `base`, the others
  /// `stride` apart, in elements of the destination.
  private func stored(_ axis: AxisMap.Axis, of box: VoxelBox) -> (range: Range<Int>, base: Int, stride: Int) {
    let viewed = AxisMap.Axis.allCases.first { map[$0].axis == axis }!
    let (wanted, stride) =
      switch viewed {
      case .z: (box.z, box.shape.y * box.shape.x)
      case .y: (box.y, box.shape.x)
      case .x: (box.x, 1)
      }
    guard map[viewed].isReversed else { return (wanted, 0, stride) }
    let count = store.shape[axis]
    return (count - wanted.upperBound..<count - wanted.lowerBound, (wanted.count - 1) * stride, -stride)
  }
}
