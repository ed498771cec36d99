import AisCore
import Synchronization

/// Values made once: of two threads that want the same, one makes it and the other waits. The least recently used are forgotten.
final class OnceTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Slot: Sendable {
    let content = Mutex<Value?>(nil)
  }

  private struct State {
    var slots: [Key: (slot: Slot, lastUse: Int)] = [:]
    var clock = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// The value of `key`, made where there is none, or none that is `current`. What cannot be made is forgotten.
  func value(
    _ key: Key, current: (Value) throws(AisError) -> Bool = { _ in true }, make: () throws(AisError) -> Value
  ) throws(AisError) -> Value {
    let slot = slot(key)
    do throws(AisError) {
      return try slot.content.withLock { (content: inout Value?) throws(AisError) -> Value in
        if let known = content, try current(known) { return known }
        content = nil
        let made = try make()
        content = made
        return made
      }
    } catch {
      remove(key)
      throw error
    }
  }

  func remove(_ key: Key) { state.withLock { _ = $0.slots.removeValue(forKey: key) } }

  private func slot(_ key: Key) -> Slot {
    state.withLock { state in
      state.clock += 1
      if let entry = state.slots[key] {
        state.slots[key] = (entry.slot, state.clock)
        return entry.slot
      }
      if state.slots.count >= limit, let oldest = state.slots.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.slots.removeValue(forKey: oldest.key)
      }
      let slot = Slot()
      state.slots[key] = (slot, state.clock)
      return slot
    }
  }
}
