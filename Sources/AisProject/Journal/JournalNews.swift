import AisCore

/// Wakes those who wait for the journal to grow.
final class JournalNews: Sendable {
  private let latest: WatchedState<Int64>

  init(latest: Int64) { self.latest = WatchedState(latest) }

  /// Says that the journal has a line of this number. Lines come from several threads, in no certain order.
  func announce(_ sequence: Int64) { latest.change { $0 = max($0, sequence) } }

  /// Returns when there is a line beyond a number, or when the task is cancelled.
  func wait(beyond sequence: Int64) async { await latest.wait { $0 > sequence } }
}
