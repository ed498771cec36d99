/// A worker's view of its own right to its task: others may take the task when they see no sign of life for the lease.
///
/// A process can be stopped and not know it (a debugger, a hypervisor, a suspended laptop, a stalled disk). When its signs of
/// life came further apart than half the lease, its right is in doubt until the journal has confirmed it.
package struct OwnLease: Sendable {
  private let length: Duration
  private var lastSign: Duration
  private var isDoubtful = false

  package init(length: Duration, now: Duration) {
    self.length = length
    lastSign = now
  }

  /// A sign of life was written at this time of the worker's clock.
  package mutating func signed(at now: Duration) {
    if now - lastSign > length / 2 { isDoubtful = true }
    lastSign = now
  }

  /// Whether the journal must be asked before the work goes on.
  package func isDoubtful(at now: Duration) -> Bool { isDoubtful || now - lastSign > length / 2 }

  /// The journal has confirmed at this time that the task is still the worker's.
  package mutating func confirmed(at now: Duration) {
    isDoubtful = false
    lastSign = max(lastSign, now)
  }
}
