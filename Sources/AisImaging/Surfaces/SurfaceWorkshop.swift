import AisCore

/// One slice with a frame of outside voxels around it, and the vertices on its edges.
///
/// Rows have the workshop's pitch; voxel x, y of the slice is at (y + 1)·pitch + x + 1.
final class FramedSlice {
  var z = 0
  /// Whether no voxel is inside; flags are then all 0.
  var isEmpty = true
  /// NaN where there is no voxel.
  let values: UnsafeMutablePointer<Float>
  /// The part where flags are 1; anything elsewhere.
  let parts: UnsafeMutablePointer<Int32>
  /// 1 inside, 0 outside: eight of them fit a register.
  let flags: UnsafeMutablePointer<UInt8>
  /// The vertex on the edge from each voxel to its neighbour along x and y, where there is one.
  let alongX: UnsafeMutablePointer<UInt32>
  let alongY: UnsafeMutablePointer<UInt32>
  let count: Int

  init(count: Int) {
    self.count = count
    values = .allocate(capacity: count)
    parts = .allocate(capacity: count)
    // One more group of eight, for the last row is read one further.
    flags = .allocate(capacity: count + 8)
    alongX = .allocate(capacity: count)
    alongY = .allocate(capacity: count)
    values.initialize(repeating: .nan, count: count)
    parts.initialize(repeating: 0, count: count)
    flags.initialize(repeating: 0, count: count + 8)
    alongX.initialize(repeating: 0, count: count)
    alongY.initialize(repeating: 0, count: count)
  }

  deinit {
    values.deallocate()
    parts.deallocate()
    flags.deallocate()
    alongX.deallocate()
    alongY.deallocate()
  }
}

/// The memory in which one thread makes block after block.
final class SurfaceWorkshop {
  /// Voxels in a framed row: one more at each end, filled up so that eight flags can be read from any voxel's place.
  let pitch: Int
  let rows: Int
  let slices: (FramedSlice, FramedSlice)
  /// The vertex on the edge from each voxel to the one above it.
  let alongZ: UnsafeMutablePointer<UInt32>
  /// The last block, when nobody needs it any more: the next one takes its room.
  var spare = SurfaceBlock()
  private let shape: Shape
  private var plainValues: [Float]

  init(_ shape: Shape) {
    self.shape = shape
    pitch = (shape.x + 2 + 7) / 8 * 8 + 8
    rows = shape.y + 2
    slices = (FramedSlice(count: pitch * rows), FramedSlice(count: pitch * rows))
    alongZ = .allocate(capacity: pitch * rows)
    alongZ.initialize(repeating: 0, count: pitch * rows)
    plainValues = Array(repeating: 0, count: shape.sliceCount)
  }

  deinit { alongZ.deallocate() }

  /// An empty block with the room of the last one.
  func takeSpare() -> SurfaceBlock {
    var block = SurfaceBlock()
    swap(&block, &spare)
    block.vertices.removeAll(keepingCapacity: true)
    block.parts.removeAll(keepingCapacity: true)
    block.triangles.removeAll(keepingCapacity: true)
    return block
  }

  /// Fills a slice with what the field says of slice `z`; outside the volume with nothing.
  func load(_ z: Int, of field: any SurfaceField, into slice: FramedSlice) throws(AisError) {
    func isEmpty(_ z: Int) -> Bool { !(0..<shape.z).contains(z) || field.isEmpty(z) }
    if !slice.isEmpty { slice.flags.update(repeating: 0, count: slice.count) }
    slice.z = z
    slice.isEmpty = isEmpty(z)
    if !slice.isEmpty {
      field.forEachRun(z) { y, lower, upper, part in
        let start = (y + 1) * pitch + 1 + lower
        (slice.flags + start).update(repeating: 1, count: upper - lower)
        (slice.parts + start).update(repeating: part, count: upper - lower)
      }
    }
    guard (0..<shape.z).contains(z) else {
      slice.values.update(repeating: .nan, count: slice.count)
      return
    }
    // Values count only where the surface passes, which is beside a voxel that is inside.
    guard !slice.isEmpty || !isEmpty(z - 1) || !isEmpty(z + 1) else { return }
    var failure: AisError?
    plainValues.withUnsafeMutableBufferPointer { values in
      do throws(AisError) { try field.readValues(z, into: values) } catch { failure = error }
      guard let plain = values.baseAddress else { return }
      for y in 0..<shape.y {
        (slice.values + (y + 1) * pitch + 1).update(from: plain + y * shape.x, count: shape.x)
      }
    }
    if let failure { throw failure }
  }
}
