import AisCore
import AisFormats

/// Bricks that are ready, read by position. Gives boxes of voxels as the tomogram does.
final class BrickFile: VoxelBoxes {
  let layout: BrickLayout
  private let file: RandomAccessFile

  var path: String { file.path }

  /// Opens the bricks of a tomogram. Throws `changed` for a file that is not just these, whatever else it may be.
  init(_ path: String, _ layout: BrickLayout) throws(AisError) {
    self.layout = layout
    file = try RandomAccessFile(path)
    guard file.byteCount == layout.byteCount,
      try file.bytes(0..<BrickLayout.headerBytes) == layout.header
    else { throw AisError(.changed, "'\(path)' is not of this tomogram, or not whole. It can be deleted.") }
  }

  /// Throws `malformed` when a brick is not what was written.
  func read(
    _ box: VoxelBox, into destination: UnsafeMutableBufferPointer<Float>, cancellation: Cancellation?
  ) throws(AisError) {
    precondition(destination.count == box.shape.count, "a box of \(box.shape) has \(box.shape.count) voxels")
    if box.isEmpty { return }
    // Bricks of neighbouring columns lie side by side.
    let columnsAtOnce = max(1, min(box.x.count, (1 << 20) / layout.brickBytes))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: columnsAtOnce * layout.brickBytes, alignment: 64)
    defer { buffer.deallocate() }
    for beam in beams(of: box) {
      for first in stride(from: box.x.lowerBound, to: box.x.upperBound, by: columnsAtOnce) {
        try cancellation?.check()
        let columns = first..<min(first + columnsAtOnce, box.x.upperBound)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(columns.count * layout.brickBytes)])
        try file.read(into: bytes, at: layout.offset(beam: beam, column: columns.lowerBound))
        for (i, column) in columns.enumerated() {
          let brick = UnsafeRawBufferPointer(rebasing: bytes[i * layout.brickBytes..<(i + 1) * layout.brickBytes])
          try copy(brick, beam: beam, column: column, box, to: destination)
        }
      }
    }
  }

  private func beams(of box: VoxelBox) -> [Int] {
    let deep = box.z.lowerBound / layout.depth...(box.z.upperBound - 1) / layout.depth
    let high = box.y.lowerBound / layout.height...(box.y.upperBound - 1) / layout.height
    return deep.flatMap { z in high.map { z * layout.beamsHigh + $0 } }
  }

  private func copy(
    _ brick: UnsafeRawBufferPointer, beam: Int, column: Int, _ box: VoxelBox,
    to destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) {
    let values = UnsafeRawBufferPointer(rebasing: brick[..<(layout.brickValues * layout.element.byteCount)])
    let noted = UInt64(littleEndian: brick.loadUnaligned(fromByteOffset: values.count, as: UInt64.self))
    guard layout.check(values, beam: beam, column: column) == noted else {
      throw AisError(.malformed, "'\(file.path)' is damaged in brick \(column) of \(beam). It can be deleted.")
    }
    let (sections, rows) = (layout.sections(ofBeam: beam), layout.rows(ofBeam: beam))
    let shape = box.shape
    for z in sections.clamped(to: box.z) {
      for y in rows.clamped(to: box.y) {
        let place = (z - sections.lowerBound) * layout.height + y - rows.lowerBound
        let target = ((z - box.z.lowerBound) * shape.y + y - box.y.lowerBound) * shape.x + column - box.x.lowerBound
        destination[target] = layout.element.load(place, values.baseAddress!)
      }
    }
  }
}
