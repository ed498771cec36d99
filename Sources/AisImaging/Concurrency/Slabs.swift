import Dispatch
import Synchronization

/// Splits work along one axis into contiguous slabs, or into items that threads take one after the other.
package enum Slabs {
  /// Runs `body` on contiguous ranges that together cover `0..<count`, on at most `threads` threads, and waits.
  ///
  /// Slabs smaller than `minimum` are not worth a thread. Each index is computed alone, so that the result of a
  /// well-behaved `body` does not depend on the number of threads.
  package static func forEach(
    count: Int, threads: Int, minimum: Int = 1, _ body: @Sendable (Range<Int>) -> Void
  ) {
    guard count > 0 else { return }
    let slabs = max(1, min(threads, count / max(1, minimum)))
    if slabs == 1 { return body(0..<count) }
    DispatchQueue.concurrentPerform(iterations: slabs) { slab in
      body(count * slab / slabs..<count * (slab + 1) / slabs)
    }
  }

  /// Runs `body` on each of `0..<count`, on at most `threads` threads, and waits: for items of unequal size, each thread
  /// takes the next one when it is done with the last.
  package static func forEachItem(count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    let workers = max(1, min(threads, count))
    if workers == 1 {
      for item in 0..<count { body(item) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        if item >= count { return }
        body(item)
      }
    }
  }
}
