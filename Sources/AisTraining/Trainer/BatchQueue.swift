import AisCore
import Foundation

/// Batches prepared ahead by threads of their own, handed out in their order.
///
/// - Invariant: `condition` guards everything that changes, which makes it safe to share.
final class BatchQueue: @unchecked Sendable {
  private let source: any BatchSource
  private let condition = NSCondition()
  /// The next place that nobody prepares yet, and the next that will be handed out.
  private var claimed: Int
  private var wanted: Int
  private let end: Int
  private let ahead: Int
  private var ready: [Int: Result<TrainingBatch, AisError>] = [:]
  private var isStopped = false

  /// - Parameters:
  ///   - places: of the first and behind the last batch, each epoch · stepsPerEpoch + step.
  ///   - workers: threads that prepare.
  init(_ source: any BatchSource, places: Range<Int>, workers: Int) {
    self.source = source
    claimed = places.lowerBound
    wanted = places.lowerBound
    end = places.upperBound
    ahead = workers + 1
    for _ in 0..<workers {
      let thread = Thread { [self] in work() }
      thread.name = "ais-batches"
      thread.start()
    }
  }

  /// The next batch; waits for it. `nil` behind the last.
  func next() throws(AisError) -> TrainingBatch? {
    condition.lock()
    guard wanted < end else {
      condition.unlock()
      return nil
    }
    while ready[wanted] == nil { condition.wait() }
    let result = ready.removeValue(forKey: wanted)
    wanted += 1
    condition.broadcast()
    condition.unlock()
    return try result?.get()
  }

  /// Lets the threads end. A batch in work is finished and dropped.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  private func work() {
    while let place = claim() {
      let result = prepare(place)
      condition.lock()
      ready[place] = result
      condition.broadcast()
      condition.unlock()
    }
  }

  private func claim() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopped, claimed < end, claimed - wanted >= ahead { condition.wait() }
    guard !isStopped, claimed < end else { return nil }
    claimed += 1
    return claimed - 1
  }

  private func prepare(_ place: Int) -> Result<TrainingBatch, AisError> {
    do throws(AisError) {
      let (epoch, step) = place.quotientAndRemainder(dividingBy: source.stepsPerEpoch)
      return .success(try source.batch(epoch: epoch, step: step))
    } catch {
      return .failure(error)
    }
  }
}
