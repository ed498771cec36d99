/// A queue of numbers in the order of small whole priorities, the lowest first; of equals, the last to come first.
struct BucketQueue {
  private var buckets: [[Int32]]
  /// No bucket below it holds anything.
  private var lowest = 0

  init(priorities: Int) { buckets = Array(repeating: [], count: priorities) }

  /// Adds an item; priorities beyond the last count as the last.
  mutating func push(_ item: Int, priority: Int) {
    let bucket = max(0, min(priority, buckets.count - 1))
    buckets[bucket].append(Int32(item))
    lowest = min(lowest, bucket)
  }

  mutating func pop() -> Int? {
    while lowest < buckets.count {
      if let item = buckets[lowest].popLast() { return Int(item) }
      lowest += 1
    }
    return nil
  }
}
