import AisCore
import Testing

@Suite("States that tasks wait for")
struct WatchedStateTests {
  @Test("a condition that holds already is not waited for")
  func holdsAlready() async {
    let state = WatchedState(3)
    await state.wait { $0 == 3 }
    #expect(state.read { $0 } == 3)
  }

  @Test("a change wakes those whose condition holds, and leaves the others waiting")
  func wakesSome() async {
    let state = WatchedState(0)
    await withTaskGroup(of: Int.self) { group in
      for least in [1, 2, 3] {
        group.addTask {
          await state.wait { $0 >= least }
          return least
        }
      }
      state.change { $0 = 1 }
      #expect(await group.next() == 1)
      state.change { $0 = 3 }
      var others: Set<Int> = []
      for await least in group { others.insert(least) }
      #expect(others == [2, 3])
    }
  }

  @Test("a cancelled task does not wait, whenever it was cancelled", arguments: 0..<50)
  func cancellation(round: Int) async {
    let state = WatchedState(false)
    let task = Task { await state.wait { $0 } }
    for _ in 0..<round % 5 { await Task.yield() }
    task.cancel()
    await task.value
    #expect(state.change { value in value } == false)
  }

  @Test("of many waiters and many changes none is forgotten")
  func many() async {
    let state = WatchedState(0)
    await withTaskGroup(of: Void.self) { group in
      for target in 1...200 { group.addTask { await state.wait { $0 >= target } } }
      for _ in 0..<4 { group.addTask { for _ in 0..<50 { state.change { $0 += 1 } } } }
    }
    #expect(state.read { $0 } == 200)
  }
}
