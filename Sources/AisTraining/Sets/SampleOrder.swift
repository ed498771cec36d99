import AisCore
import Synchronization

/// Which boxes each batch of an epoch holds; decided by the seed, the epoch and the step.
struct SampleOrder: Sendable {
  let batchSize: Int
  let stepsPerEpoch: Int
  private let plan: Plan
  private let seed: UInt64
  private let kept = Kept()

  private enum Plan: Sendable {
    /// All boxes again and again, each pass in another order; the last of each batch is one with the feature.
    case passes(samples: [Int], positives: [Int])
    /// A fixed number of boxes with the feature and of those without.
    case fixed([Int])
  }

  /// - Parameters:
  ///   - copies: passes over all boxes in an epoch.
  ///   - negativesPerPositive: when given, boxes without the feature are repeated, or left out, to be that many times as many.
  init(
    positives: [Int], negatives: [Int], batchSize wanted: Int, copies: Int, negativesPerPositive ratio: Double?,
    seed: UInt64
  ) {
    self.seed = seed
    let all = (positives + negatives).sorted()
    precondition(!all.isEmpty && wanted >= 1 && copies >= 1, "an epoch needs boxes")
    if let ratio, !positives.isEmpty {
      let wantedNegatives = negatives.isEmpty ? 0 : Int(ratio * Double(copies * positives.count))
      let list =
        (0..<copies).flatMap { _ in positives } + (0..<wantedNegatives).map { negatives[$0 % negatives.count] }
      plan = .fixed(list)
      batchSize = min(wanted, list.count)
      stepsPerEpoch = list.count / batchSize
      return
    }
    var size = wanted
    while size > all.count { size /= 2 }
    plan = .passes(samples: all, positives: positives)
    batchSize = max(1, size)
    stepsPerEpoch = max(1, all.count / batchSize * copies)
  }

  /// The boxes of a batch.
  func batch(epoch: Int, step: Int) -> [Int] {
    switch plan {
    case .fixed(let list):
      let order = kept.order(list, seed, [0, UInt64(epoch)])
      return (0..<batchSize).map { list[order[step * batchSize + $0]] }
    case .passes(let samples, let positives):
      let addsPositive = batchSize > 1 && !positives.isEmpty
      let free = addsPositive ? batchSize - 1 : batchSize
      var result = (0..<free).map { slot in
        let draw = step * free + slot
        let order = kept.order(samples, seed, [1, UInt64(epoch), UInt64(draw / samples.count)])
        return samples[order[draw % samples.count]]
      }
      if addsPositive {
        let order = kept.order(positives, seed, [2, UInt64(epoch), UInt64(step / positives.count)])
        result.append(positives[order[step % positives.count]])
      }
      return result
    }
  }

  /// The shuffles of late: batches that follow each other share them.
  private final class Kept: Sendable {
    private let orders = Mutex<[[UInt64]: [Int]]>([:])

    func order(_ list: [Int], _ seed: UInt64, _ streams: [UInt64]) -> [Int] {
      if let order = orders.withLock({ $0[streams] }) { return order }
      var generator = SeededGenerator(seed: seed, streams: streams)
      let order = Array(list.indices).shuffled(using: &generator)
      orders.withLock {
        if $0.count > 16 { $0.removeAll() }
        $0[streams] = order
      }
      return order
    }
  }
}
