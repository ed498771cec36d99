import AisCore
import AisImaging

/// How likely a tomogram is to spoil a batch: judged from a look at it and from what its networks find in a few slices.
package struct PreviewSuspicion: Sendable, Hashable, Encodable {
  /// 0: nothing strange; beyond 20: look at it before the night.
  package var score = 0.0
  /// Sentences, the worst first.
  package var reasons: [String] = []

  /// What three slices of one tomogram showed.
  package struct Evidence: Sendable {
    /// Of each feature, the part of the voxels above its threshold, 0 to 1.
    package var shares: [String: Double]
    package var faults: [Judgement]
    /// Why it could not be segmented at all.
    package var failure: AisError?

    package init(shares: [String: Double] = [:], faults: [Judgement] = [], failure: AisError? = nil) {
      self.shares = shares
      self.faults = faults
      self.failure = failure
    }
  }

  /// Judges each of many by itself and among the others: networks find about as much in one tomogram as in the next.
  package static func judge(_ evidence: [Evidence]) -> [PreviewSuspicion] {
    var medians: [String: Double] = [:]
    for feature in Set(evidence.flatMap(\.shares.keys)) {
      let found = evidence.compactMap { $0.shares[feature] }.sorted()
      medians[feature] = found[found.count / 2]
    }
    return evidence.map { one($0, medians, isAlone: evidence.count < 4) }
  }

  private static func one(_ evidence: Evidence, _ medians: [String: Double], isAlone: Bool) -> PreviewSuspicion {
    var points: [(Double, String)] = []
    if let failure = evidence.failure { points.append((200, failure.message)) }
    for fault in evidence.faults {
      points.append((fault.severity == .error ? 100 : fault.severity == .warning ? 20 : 1, fault.evidence))
    }
    for (feature, share) in evidence.shares.sorted(by: { $0.key < $1.key }) {
      let median = medians[feature] ?? 0
      if share > 0.5 {
        points.append((30, "\(feature) fills \(percent(share)) of the slices: perhaps the contrast is inverted."))
      } else if share == 0 {
        let others = median > 0 ? ", in others \(percent(median))" : ""
        points.append((median > 0 ? 25 : 5, "no \(feature) in the slices\(others)."))
      } else if !isAlone, median > 0, share / median > 5 || share / median < 0.2 {
        points.append(
          (10, "\(feature) fills \(percent(share)) of the slices, in others \(percent(median)): perhaps another scale.")
        )
      }
    }
    points.sort { $0.0 > $1.0 }
    return PreviewSuspicion(score: points.reduce(0) { $0 + $1.0 }, reasons: points.map(\.1))
  }

  private static func percent(_ share: Double) -> String {
    let value = share * 100
    return "\(angstromText(value >= 10 ? value.rounded() : (value * 100).rounded() / 100)) %"
  }
}
