import AisCore
import AisNetworks
import Foundation

/// The devices that a training is shared among, each driven by a thread of its own, so that cards work at the same time. The first
/// is driven by the thread that trains. For that thread.
final class DeviceTeam {
  let devices: [TorchDevice]
  /// Of the devices behind the first.
  private let threads: [ReplicaThread]

  init(_ devices: [TorchDevice]) {
    precondition(!devices.isEmpty, "a training needs a device")
    self.devices = devices
    threads = devices.indices.dropFirst().map { ReplicaThread(name: "ais-device-\($0)") }
  }

  deinit { for thread in threads { thread.end() } }

  /// Does the same for the first `count` devices, by their places, all at the same time; ends when all have ended.
  ///
  /// Throws what the first of them threw, in the order of the devices. `body` may touch what belongs to its own place only.
  func each<Value>(
    _ count: Int, _ body: @escaping (_ place: Int) throws(AisError) -> Value
  ) throws(AisError) -> [Value] {
    let answers = (0..<count).map { _ in Answers<Value>() }
    for place in 1..<max(1, count) {
      threads[place - 1].begin { answers[place].take { () throws(AisError) in try body(place) } }
    }
    if count > 0 { answers[0].take { () throws(AisError) in try body(0) } }
    for place in 1..<max(1, count) { threads[place - 1].wait() }
    var values: [Value] = []
    for answer in answers {
      guard let result = answer.result else { continue }
      values.append(try result.get())
    }
    return values
  }

  /// Where a thread leaves what came out.
  private final class Answers<Value> {
    private(set) var result: Result<Value, AisError>?

    func take(_ body: () throws(AisError) -> Value) {
      do throws(AisError) { result = .success(try body()) } catch { result = .failure(error) }
    }
  }
}

/// A thread that does what it is given, one piece after another.
///
/// - Invariant: `condition` guards `work` and `isEnding`, which makes it safe to share. Who gives a piece waits for its end before
///   touching what the piece touches.
private final class ReplicaThread: @unchecked Sendable {
  private let condition = NSCondition()
  private var work: (() -> Void)?
  private var isEnding = false

  init(name: String) {
    let thread = Thread { [self] in run() }
    thread.name = name
    // As much as the first thread of a process has: gradients are found by deep calls.
    thread.stackSize = 8 << 20
    thread.start()
  }

  func begin(_ work: @escaping () -> Void) {
    condition.withLock {
      self.work = work
      condition.broadcast()
    }
  }

  /// Until nothing is left to do.
  func wait() {
    condition.lock()
    while work != nil { condition.wait() }
    condition.unlock()
  }

  func end() {
    condition.withLock {
      isEnding = true
      condition.broadcast()
    }
  }

  private func run() {
    while true {
      condition.lock()
      while work == nil, !isEnding { condition.wait() }
      let next = work
      condition.unlock()
      guard let next else { return }
      next()
      condition.withLock {
        work = nil
        condition.broadcast()
      }
    }
  }
}
