/// A queue of numbered items that gives out those of the lowest level first, and of one level those that came first.
///
/// Each item may be in the queue once at a time. A tree of bits says which levels are occupied, so that a push or pop takes a few
/// steps whatever the number of levels. Memory: 4 bytes an item, 8 a level.
struct LevelQueue {
  private var next: [Int32]
  private var first: [Int32]
  private var last: [Int32]
  /// Whether a level, 64 levels, 64² levels, … hold anything.
  private var occupied: [[UInt64]]

  init(items: Int, levels: Int) {
    next = [Int32](repeating: -1, count: items)
    first = [Int32](repeating: -1, count: levels)
    last = [Int32](repeating: -1, count: levels)
    occupied = []
    var count = max(1, levels)
    repeat {
      count = (count + 63) / 64
      occupied.append([UInt64](repeating: 0, count: count))
    } while count > 1
  }

  mutating func push(_ item: Int, level: Int) {
    next[item] = -1
    if first[level] < 0 {
      first[level] = Int32(item)
      var position = level
      for tier in occupied.indices {
        occupied[tier][position >> 6] |= 1 << UInt64(position & 63)
        position >>= 6
      }
    } else {
      next[Int(last[level])] = Int32(item)
    }
    last[level] = Int32(item)
  }

  mutating func pop() -> Int? {
    guard occupied[occupied.count - 1][0] != 0 else { return nil }
    var level = 0
    for tier in occupied.indices.reversed() { level = level << 6 | occupied[tier][level].trailingZeroBitCount }
    let item = Int(first[level])
    first[level] = next[item]
    if first[level] < 0 {
      var position = level
      for tier in occupied.indices {
        occupied[tier][position >> 6] &= ~(1 << UInt64(position & 63))
        if occupied[tier][position >> 6] != 0 { break }
        position >>= 6
      }
    }
    return item
  }
}
