import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite("Keeping and sharing of tiles")
struct TileCacheTests {
  @Test("tiles that are kept never take more bytes than allowed")
  func bound() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 40, y: 100, x: 100), seed: 1), .int16)
    // Room for about ten of the forty slices of 20 kB.
    let service = fixture.service(cacheBytes: 200_000)
    for index in 0..<40 {
      _ = try await service.tile(of: fixture.file, plane: .xy, index: index, level: 0, row: 0, column: 0)
      #expect(service.keptBytes <= 200_000)
    }
    #expect(service.keptBytes > 100_000)
    // A tile larger than all the room is given, and not kept.
    let small = fixture.service(cacheBytes: 1000)
    let tile = try await small.tile(of: fixture.file, plane: .xy, index: 3, level: 0, row: 0, column: 0)
    #expect(tile.values(.halves) == Array(fixture.volume.slice(3)) && small.keptBytes == 0)
  }

  @Test("the least recently used goes first")
  func order() {
    let cache = ByteBoundedCache<Int, String>(limit: 10 * 1256)
    for key in 0..<10 { cache.insert("\(key)", byteCount: 1000, for: key) }
    #expect(cache[0] == "0")
    cache.insert("10", byteCount: 1000, for: 10)
    #expect(cache[0] == "0" && cache[1] == nil && cache[10] == "10")
    #expect(cache.byteCount <= cache.limit)
  }

  @Test("the same asked for many times at once is made once")
  func joined() async throws {
    let work = SharedWork<String, Int>()
    let begun = Counter()
    let orders = AsyncStream<SharedWork<String, Int>.Order>.makeStream()
    let answers = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          try await work.value("a") { order in
            begun.increase()
            orders.continuation.yield(order)
            return nil
          }
        }
      }
      while work.waiterCount < 20 { await Task.yield() }
      for await order in orders.stream {
        order.finish(.success(7))
        break
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers == Array(repeating: 7, count: 20))
    #expect(begun.value == 1)
  }

  @Test("work goes on while one waits for it, and is cancelled with the last")
  func cancelled() async throws {
    let work = SharedWork<String, Int>()
    let orders = AsyncStream<SharedWork<String, Int>.Order>.makeStream()
    let wait: @Sendable () async throws -> Int = {
      try await work.value("a") { order in
        orders.continuation.yield(order)
        return nil
      }
    }
    let first = Task(operation: wait)
    let second = Task(operation: wait)
    while work.waiterCount < 2 { await Task.yield() }
    var iterator = orders.stream.makeAsyncIterator()
    let order = try #require(await iterator.next())
    first.cancel()
    let error = await #expect(throws: AisError.self) { try await first.value }
    #expect(error?.code == .cancelled)
    #expect(!order.cancellation.isCancelled && work.waiterCount == 1)
    second.cancel()
    await #expect(throws: AisError.self) { try await second.value }
    #expect(order.cancellation.isCancelled)
    // Whoever comes now begins anew, and the late result of the old work is nobody's.
    let third = Task(operation: wait)
    let again = try #require(await iterator.next())
    order.finish(.success(1))
    again.finish(.success(2))
    #expect(try await third.value == 2)
  }

  @Test("a task that is cancelled already reads nothing")
  func cancelledBefore() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 2, y: 10, x: 10), seed: 1))
    let service = fixture.service()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await service.tile(of: fixture.file, plane: .xy, index: 0, level: 0, row: 0, column: 0)
    }
    let error = await #expect(throws: AisError.self) { try await task.value }
    #expect(error?.code == .cancelled)
  }

  @Test("the next slices in the direction of travel are read ahead, and dropped when one goes elsewhere")
  func readAhead() async throws {
    let fixture = try SliceFixture(SliceFixture.volume(Shape(z: 60, y: 20, x: 20), seed: 1), .uint8)
    let service = fixture.service()
    for index in [30, 29, 28] {
      _ = try await service.tile(of: fixture.file, plane: .xy, index: index, level: 0, row: 0, column: 0)
    }
    // 30, 29, 28, and 27 and 26 ahead; the first step looked upwards, to 31 and 32, as far as that went.
    while service.aheadLoad > 0 { await Task.yield() }
    let least = 5 * 20 * 20 * 2
    #expect(service.keptBytes >= least)
    try FileManager.default.removeItem(atPath: fixture.file.path)
    // Nothing is left to read from: these are here already.
    for index in [27, 26] {
      let tile = try await service.tile(of: fixture.file, plane: .xy, index: index, level: 0, row: 0, column: 0)
      #expect(tile.values(.halves) == Array(fixture.volume.slice(index)))
    }
  }

  @Test("urgent work goes before work that may wait, which leaves it a thread")
  func lanes() async {
    let lane = WorkLane("test", width: 2, quality: .default)
    let gate = DispatchSemaphore(value: 0)
    let (stream, news) = AsyncStream<String>.makeStream()
    // One thread is held by work that may wait; the other must stay free of such.
    lane.submit(.ahead) {
      gate.wait()
      news.yield("first")
    }
    let ticket = lane.submit(.ahead) { news.yield("waited") }
    lane.submit(.urgent) { news.yield("urgent") }
    var iterator = stream.makeAsyncIterator()
    #expect(await iterator.next() == "urgent")
    lane.makeUrgent(ticket)
    #expect(await iterator.next() == "waited")
    gate.signal()
    #expect(await iterator.next() == "first")
  }
}

/// Counts from several threads.
final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func increase() { count.withLock { $0 += 1 } }
}
