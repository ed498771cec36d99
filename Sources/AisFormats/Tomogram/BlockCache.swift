import AisCore
import Synchronization

/// Blocks of voxels as read from the file, the least recently used dropped first. Two threads that want the same
/// block wait for one read of it.
final class BlockCache: Sendable {
  /// Bytes that are written once, by whoever holds the slot, and only read afterwards.
  final class Block: @unchecked Sendable {
    // Invariant: `bytes` is filled before the block leaves `Slot.content`'s lock and never changes after.
    let bytes: UnsafeMutableRawBufferPointer
    init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }
    deinit { bytes.deallocate() }
  }

  private final class Slot: Sendable {
    let byteCount: Int
    let content = Mutex<Block?>(nil)
    init(byteCount: Int) { self.byteCount = byteCount }
  }

  private struct State {
    var slots: [Int: (slot: Slot, lastUse: Int)] = [:]
    var byteCount = 0
    var clock = 0
  }

  let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// The block of `key`, read by `fill` if it is not there.
  func block(
    _ key: Int, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(AisError) -> Void
  ) throws(AisError) -> Block {
    let slot = slot(key, byteCount: byteCount)
    return try slot.content.withLock { (content: inout Block?) throws(AisError) -> Block in
      if let content { return content }
      let block = Block(byteCount: byteCount)
      try fill(block.bytes)
      content = block
      return block
    }
  }

  private func slot(_ key: Int, byteCount: Int) -> Slot {
    state.withLock { state in
      state.clock += 1
      if let entry = state.slots[key] {
        state.slots[key] = (entry.slot, state.clock)
        return entry.slot
      }
      while state.byteCount + byteCount > limit,
        let oldest = state.slots.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        state.byteCount -= oldest.value.slot.byteCount
        state.slots.removeValue(forKey: oldest.key)
      }
      let slot = Slot(byteCount: byteCount)
      state.slots[key] = (slot, state.clock)
      state.byteCount += byteCount
      return slot
    }
  }
}
