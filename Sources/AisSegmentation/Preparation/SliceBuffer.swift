import Synchronization

/// The memory of one slice, given back to its pool with the last reference.
final class SliceBuffer: @unchecked Sendable {
  // Invariant: one thread fills the buffer before it hands it on; from then on it is only read, or belongs to the next.
  let values: UnsafeMutableBufferPointer<Float>
  private let pool: SlicePool

  fileprivate init(_ values: UnsafeMutableBufferPointer<Float>, _ pool: SlicePool) {
    self.values = values
    self.pool = pool
  }

  deinit { pool.put(values) }

  var readable: UnsafePointer<Float> { UnsafePointer(values.baseAddress!) }

  /// Turns a sum of answers into their mean.
  func divide(by count: Int) {
    if count < 2 { return }
    for i in values.indices { values[i] /= Float(count) }
  }
}

/// Slices of one size, used again and again: a run allocates as many as are alive at once, and no more.
final class SlicePool: Sendable {
  let count: Int
  private struct Free: @unchecked Sendable {
    // Invariant: nobody else holds these pointers.
    var buffers: [UnsafeMutableBufferPointer<Float>] = []
  }
  private let free = Mutex(Free())

  init(count: Int) { self.count = count }

  deinit { free.withLock { free in free.buffers.forEach { $0.deallocate() } } }

  /// A slice with whatever values it had before.
  func take() -> SliceBuffer {
    let reused = free.withLock { free in Free(buffers: free.buffers.popLast().map { [$0] } ?? []) }
    let values = reused.buffers.first ?? UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    if reused.buffers.isEmpty { values.initialize(repeating: 0) }
    return SliceBuffer(values, self)
  }

  /// A slice of zeros.
  func takeZeros() -> SliceBuffer {
    let buffer = take()
    buffer.values.update(repeating: 0)
    return buffer
  }

  fileprivate func put(_ values: UnsafeMutableBufferPointer<Float>) {
    let returned = Free(buffers: [values])
    free.withLock { $0.buffers += returned.buffers }
  }
}
