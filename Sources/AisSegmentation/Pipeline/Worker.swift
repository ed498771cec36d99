import AisCore
import Foundation

/// A thread of its own for work that blocks, and the error it ended with.
final class Worker: @unchecked Sendable {
  // Invariant: `isDone` and `failure` are read and written with `condition` locked.
  private let condition = NSCondition()
  private var isDone = false
  private var failure: AisError?

  /// Starts `body` on a new thread.
  init(_ name: String, _ body: @escaping @Sendable () throws(AisError) -> Void) {
    let thread = Thread { [self] in
      var failure: AisError?
      do throws(AisError) { try body() } catch { failure = error }
      condition.lock()
      self.failure = failure
      isDone = true
      condition.broadcast()
      condition.unlock()
    }
    thread.name = name
    thread.start()
  }

  /// Waits for the end and gives the error, if there was one.
  func join() -> AisError? {
    condition.lock()
    defer { condition.unlock() }
    while !isDone { condition.wait() }
    return failure
  }
}
