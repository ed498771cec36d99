import Foundation

/// Hands values from one thread to another. The producer reserves a place before it makes a value, so that no more
/// values exist than there are places.
final class Channel<Element: Sendable>: @unchecked Sendable {
  // Invariant: everything below is read and written with `condition` locked.
  private let condition = NSCondition()
  private var places: Int
  private var values: [Element] = []
  private var isFinished = false
  private var isAborted = false

  init(places: Int) { self.places = places }

  /// Waits for a place. `false`: nobody wants more values.
  func reserve() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while places == 0 && !isAborted { condition.wait() }
    if isAborted { return false }
    places -= 1
    return true
  }

  /// Puts a value into the place reserved for it.
  func send(_ value: Element) {
    condition.lock()
    values.append(value)
    condition.broadcast()
    condition.unlock()
  }

  /// No more values will come.
  func finish() {
    condition.lock()
    isFinished = true
    condition.broadcast()
    condition.unlock()
  }

  /// Nobody wants more values; those that wait are dropped.
  func abort() {
    condition.lock()
    isAborted = true
    values.removeAll()
    condition.broadcast()
    condition.unlock()
  }

  /// The next value, or `nil` at the end. Its place stays taken until `release()`.
  func receive() -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while values.isEmpty && !isFinished && !isAborted { condition.wait() }
    return values.isEmpty ? nil : values.removeFirst()
  }

  /// Frees the place of a value that is used up.
  func release() {
    condition.lock()
    places += 1
    condition.broadcast()
    condition.unlock()
  }
}
