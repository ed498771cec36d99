import Synchronization

/// A flag that asks running work to stop. Work looks at it between slabs and throws `AisError(.cancelled, …)`.
package final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  private let isRevoked: (@Sendable () -> Bool)?

  package init() { isRevoked = nil }

  /// Also stops work from the moment on at which `isRevoked` says so. It is asked often, from any thread.
  package init(isRevoked: @escaping @Sendable () -> Bool) { self.isRevoked = isRevoked }

  package func cancel() { flag.store(true, ordering: .relaxed) }

  package var isCancelled: Bool {
    if flag.load(ordering: .relaxed) { return true }
    guard let isRevoked, isRevoked() else { return false }
    cancel()
    return true
  }

  package func check() throws(AisError) {
    if isCancelled { throw AisError(.cancelled, "stopped before the end, as asked") }
  }
}
