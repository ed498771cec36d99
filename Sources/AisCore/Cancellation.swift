import Synchronization

/// A flag that asks running work to stop. Work looks at it between slabs and throws `AisError(.cancelled, …)`.
package final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  package init() {}

  package func cancel() { flag.store(true, ordering: .relaxed) }
  package var isCancelled: Bool { flag.load(ordering: .relaxed) }

  package func check() throws(AisError) {
    if isCancelled { throw AisError(.cancelled, "stopped before the end, as asked") }
  }
}
