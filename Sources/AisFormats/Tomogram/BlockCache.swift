import AisCore
import Synchronization

/// Blocks of voxels as read from the file, the least recently used dropped first. Two threads that want the same
/// block wait for one read of it.
final class BlockCache: Sendable {
  /// Bytes that are written once, by whoever holds the slot, and only read afterwards.
  final class Block: @unchecked Sendable {
    // Invariant: `bytes` is filled before the block leaves `Slot.content`'s lock and never changes while anyone else has it.
    let bytes: UnsafeMutableRawBufferPointer
    init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }
    deinit { bytes.deallocate() }
  }

  private final class Slot: Sendable {
    let byteCount: Int
    let content = Mutex<Block?>(nil)
    /// A dropped block whose memory may be used again: fresh memory costs more time than reading into it.
    let spare: Mutex<Block?>

    init(byteCount: Int, spare: Block?) {
      self.byteCount = byteCount
      self.spare = Mutex(spare)
    }

    /// Takes the block out, unless it is being read.
    func takeContent() -> Block? { content.withLockIfAvailable { $0.take() } ?? nil }

    /// Memory for the block: that of the spare one, when nobody is reading from it.
    func makeBlock() -> Block {
      var spare = spare.withLock { $0.take() }
      if spare?.bytes.count == byteCount, isKnownUniquelyReferenced(&spare), let spare { return spare }
      return Block(byteCount: byteCount)
    }
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
      let block = slot.makeBlock()
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
      var spare: Block?
      while state.byteCount + byteCount > limit,
        let oldest = state.slots.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        state.byteCount -= oldest.value.slot.byteCount
        state.slots.removeValue(forKey: oldest.key)
        spare = oldest.value.slot.takeContent() ?? spare
      }
      let slot = Slot(byteCount: byteCount, spare: spare)
      state.slots[key] = (slot, state.clock)
      state.byteCount += byteCount
      return slot
    }
  }
}
