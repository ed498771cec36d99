import Foundation
import Synchronization

/// Work on files that may lie on storage far away, where each one is waited for.
package enum FarStorage {
  /// Files that are waited for at once.
  package static let width = 16

  /// Does the same with every item, several at once on threads that mostly wait, and gives the results in the order of the items.
  ///
  /// Not for work that computes: there are more threads than processors. `body` is called on any thread.
  package static func map<Item: Sendable, Value: Sendable>(
    _ items: [Item], width: Int = width, _ body: @escaping @Sendable (Item) -> Value
  ) -> [Value] {
    let isDone = DispatchGroup()
    let workers = Workers(items: items, body: body)
    for _ in 0..<min(width, items.count) {
      isDone.enter()
      // Threads of their own: Dispatch starts no more than there are processors, although all of them wait.
      Thread.detachNewThread {
        workers.run()
        isDone.leave()
      }
    }
    isDone.wait()
    return workers.results.withLock { $0.map { $0! } }
  }

  private final class Workers<Item: Sendable, Value: Sendable>: Sendable {
    let items: [Item]
    let body: @Sendable (Item) -> Value
    let results: Mutex<[Value?]>
    let next = Atomic<Int>(0)

    init(items: [Item], body: @escaping @Sendable (Item) -> Value) {
      self.items = items
      self.body = body
      results = Mutex(Array(repeating: nil, count: items.count))
    }

    func run() {
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        if item >= items.count { return }
        let value = body(items[item])
        results.withLock { $0[item] = value }
      }
    }
  }
}
