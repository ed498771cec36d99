import Synchronization

/// Values with a size in bytes, the least recently used dropped when there are too many bytes.
package final class ByteBoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    var value: Value
    var byteCount: Int
    var lastUse: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var byteCount = 0
    var clock = 0
  }

  package let limit: Int
  private let state = Mutex(State())
  /// What an entry takes besides its value, roughly.
  private static var overhead: Int { 256 }

  package init(limit: Int) { self.limit = limit }

  package subscript(key: Key) -> Value? {
    state.withLock { state in
      state.clock += 1
      state.entries[key]?.lastUse = state.clock
      return state.entries[key]?.value
    }
  }

  /// Keeps a value, unless it alone is larger than the cache.
  package func insert(_ value: Value, byteCount: Int, for key: Key) {
    let size = byteCount + Self.overhead
    guard size <= limit else { return }
    state.withLock { state in
      if let old = state.entries.removeValue(forKey: key) { state.byteCount -= old.byteCount }
      if state.byteCount + size > limit { makeRoom(size, &state) }
      state.clock += 1
      state.entries[key] = Entry(value: value, byteCount: size, lastUse: state.clock)
      state.byteCount += size
    }
  }

  /// Of all that is kept, in no order.
  package var keys: [Key] { state.withLock { Array($0.entries.keys) } }

  /// Bytes of all that is kept.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  /// Drops the least recently used, an eighth more than is needed, so that not every insertion has to look for them.
  private func makeRoom(_ size: Int, _ state: inout State) {
    let target = min(limit - size, limit - limit / 8)
    for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      if state.byteCount <= target { return }
      state.entries.removeValue(forKey: key)
      state.byteCount -= entry.byteCount
    }
  }
}
