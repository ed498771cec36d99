/// A queue of numbered items that gives out those of the lowest level first, and of one level those that came first.
///
/// Each item may be in the queue once at a time. A tree of bits says which levels are occupied, so that a push or pop takes a few
/// steps whatever the number of levels. Memory: 4 bytes an item, 8 a level. Bare pointers, because a flood spends its time here.
final class LevelQueue {
  /// For each item the one behind it, −1 for the last of a level.
  private let next: UnsafeMutablePointer<Int32>
  /// For each level its first item, −1 when it is empty, and its last.
  private let first: UnsafeMutablePointer<Int32>
  private let last: UnsafeMutablePointer<Int32>
  /// Whether a level holds anything, then whether 64 levels do, 64² levels, …: tier after tier, the last is one word.
  private let occupied: UnsafeMutablePointer<UInt64>
  /// Where the tiers start.
  private let tiers: [Int]

  init(items: Int, levels: Int) {
    next = .allocate(capacity: max(1, items))
    first = .allocate(capacity: max(1, levels))
    last = .allocate(capacity: max(1, levels))
    first.initialize(repeating: -1, count: max(1, levels))
    var tiers: [Int] = []
    var (words, count) = (0, max(1, levels))
    repeat {
      count = (count + 63) / 64
      tiers.append(words)
      words += count
    } while count > 1
    self.tiers = tiers
    occupied = .allocate(capacity: words)
    occupied.initialize(repeating: 0, count: words)
  }

  deinit {
    next.deallocate()
    first.deallocate()
    last.deallocate()
    occupied.deallocate()
  }

  @inline(__always)
  func push(_ item: Int, level: Int) {
    next[item] = -1
    if first[level] < 0 {
      first[level] = Int32(truncatingIfNeeded: item)
      setBit(of: level)
    } else {
      next[Int(last[level])] = Int32(truncatingIfNeeded: item)
    }
    last[level] = Int32(truncatingIfNeeded: item)
  }

  @inline(__always)
  func pop() -> Int? {
    var tier = tiers.count - 1
    guard occupied[tiers[tier]] != 0 else { return nil }
    var level = 0
    while tier >= 0 {
      level = level << 6 | occupied[tiers[tier] + level].trailingZeroBitCount
      tier -= 1
    }
    let item = Int(first[level])
    first[level] = next[item]
    if first[level] < 0 { clearBit(of: level) }
    return item
  }

  private func setBit(of level: Int) {
    var position = level
    for start in tiers {
      occupied[start + position >> 6] |= 1 << UInt64(position & 63)
      position >>= 6
    }
  }

  private func clearBit(of level: Int) {
    var position = level
    for start in tiers {
      occupied[start + position >> 6] &= ~(1 << UInt64(position & 63))
      if occupied[start + position >> 6] != 0 { return }
      position >>= 6
    }
  }
}
