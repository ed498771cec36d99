import AisCore

/// Memory that plans share which run one after the other, of one network or of several: as much as the hungriest needs.
///
/// Taken at the first run. Not for plans that run at the same time.
package final class InferenceWorkspace {
  /// Bytes that the hungriest plan so far needs.
  package private(set) var bytes = 0
  private var memory: AlignedMemory?

  package init() {}

  /// Bytes that are allocated now.
  package var allocatedBytes: Int { memory?.bytes ?? 0 }

  /// Gives the memory back; the next run takes it again.
  package func release() { memory = nil }

  /// Sees to it that there will be room for a plan.
  func admit(_ planBytes: Int) { bytes = max(bytes, planBytes) }

  /// The memory, with whatever the last run left in it.
  func allocated(for purpose: @autoclosure () -> String) throws(AisError) -> AlignedMemory {
    if let memory, memory.bytes >= bytes { return memory }
    memory = nil
    let floats = (bytes + MemoryLayout<Float>.size - 1) / MemoryLayout<Float>.size
    let new = try AlignedMemory(floats: floats, for: purpose())
    memory = new
    return new
  }
}
