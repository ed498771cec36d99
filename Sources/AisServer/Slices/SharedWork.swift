import AisCore
import Synchronization

/// Work that several callers want at once is done once. It is cancelled when the last of them has given up.
package final class SharedWork<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// What work is given: it reports its result once, from any thread.
  package struct Order: Sendable {
    package let cancellation: Cancellation
    package let finish: @Sendable (Result<Value, AisError>) -> Void
  }

  private typealias Waiter = CheckedContinuation<Result<Value, AisError>, Never>

  private struct Flight {
    var cancellation: Cancellation
    var waiters: [Int: Waiter]
    var makesUrgent: (@Sendable () -> Void)?
  }

  private struct State {
    var flights: [Key: Flight] = [:]
    var serial = 0
    /// Callers that gave up before they were entered.
    var gone: Set<Int> = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Waits for the value of `key`; throws `cancelled` as soon as the caller's task is cancelled.
  ///
  /// - Parameter start: begins the work where nobody has, and returns what makes it urgent. Called by one caller only, outside of
  ///   locks.
  package func value(
    _ key: Key, isUrgent: Bool = true, start: @Sendable (Order) -> (@Sendable () -> Void)?
  ) async throws(AisError) -> Value {
    let id = state.withLock { state in
      state.serial += 1
      return state.serial
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in
        enter(key, id, waiter, isUrgent, start)
      }
    } onCancel: {
      leave(key, id)
    }
    state.withLock { _ = $0.gone.remove(id) }
    return try result.get()
  }

  /// Callers that wait for something.
  package var waiterCount: Int { state.withLock { $0.flights.values.reduce(0) { $0 + $1.waiters.count } } }

  private enum Entry { case gone, joined((@Sendable () -> Void)?), new(Cancellation) }

  private func enter(
    _ key: Key, _ id: Int, _ waiter: Waiter, _ isUrgent: Bool, _ start: @Sendable (Order) -> (@Sendable () -> Void)?
  ) {
    let entry: Entry = state.withLock { state in
      if state.gone.contains(id) { return .gone }
      if var flight = state.flights[key], !flight.cancellation.isCancelled {
        flight.waiters[id] = waiter
        state.flights[key] = flight
        return .joined(flight.makesUrgent)
      }
      let cancellation = Cancellation()
      state.flights[key] = Flight(cancellation: cancellation, waiters: [id: waiter])
      return .new(cancellation)
    }
    switch entry {
    case .gone: waiter.resume(returning: .failure(Self.givenUp))
    case .joined(let makesUrgent): if isUrgent { makesUrgent?() }
    case .new(let cancellation):
      let makesUrgent = start(
        Order(cancellation: cancellation) { result in self.finish(key, cancellation, result) })
      state.withLock { state in
        if state.flights[key]?.cancellation === cancellation { state.flights[key]?.makesUrgent = makesUrgent }
      }
    }
  }

  private func finish(_ key: Key, _ cancellation: Cancellation, _ result: Result<Value, AisError>) {
    let waiters = state.withLock { state -> [Waiter] in
      // A flight that was given up may have been followed by another of the same name.
      guard let flight = state.flights[key], flight.cancellation === cancellation else { return [] }
      state.flights.removeValue(forKey: key)
      return Array(flight.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }

  private func leave(_ key: Key, _ id: Int) {
    let waiter = state.withLock { state -> Waiter? in
      guard let waiter = state.flights[key]?.waiters.removeValue(forKey: id) else {
        state.gone.insert(id)
        return nil
      }
      if state.flights[key]?.waiters.isEmpty == true {
        state.flights[key]?.cancellation.cancel()
        state.flights.removeValue(forKey: key)
      }
      return waiter
    }
    waiter?.resume(returning: .failure(Self.givenUp))
  }

  private static var givenUp: AisError { AisError(.cancelled, "nobody waits for it any more") }
}
