import Dispatch

/// Splits work along one axis into contiguous slabs, one a thread.
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
}
