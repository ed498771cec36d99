import AisWorkflows
import Glibc
import Synchronization
import Testing

@Suite("Work on files far away")
struct FarStorageTests {
  @Test("gives every result in the order of the items", arguments: [0, 1, 15, 16, 17, 1000])
  func order(count: Int) {
    #expect(FarStorage.map(Array(0..<count)) { $0 * $0 } == (0..<count).map { $0 * $0 })
  }

  @Test("waits for several at once, and for no more than the width", arguments: [1, 3, 16])
  func width(width: Int) {
    let counters = Counters()
    _ = FarStorage.map(Array(0..<64), width: width) { _ in counters.visit(until: width) }
    #expect(counters.most.load(ordering: .relaxed) == width)
  }

  /// Counts who is there at once. Nobody leaves before so many have been there, so that it does not depend on the machine's speed.
  private final class Counters: Sendable {
    let now = Atomic<Int>(0)
    let most = Atomic<Int>(0)

    func visit(until width: Int) {
      let here = now.add(1, ordering: .relaxed).newValue
      most.max(here, ordering: .relaxed)
      while most.load(ordering: .relaxed) < width { sched_yield() }
      now.subtract(1, ordering: .relaxed)
    }
  }
}
