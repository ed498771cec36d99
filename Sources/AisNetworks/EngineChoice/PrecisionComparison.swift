import AisFormats

/// What less precise arithmetic does to a network's answers: how far they are off, and whether thresholds find the same.
package struct PrecisionComparison: Sendable, Equatable {
  /// What answers from 0 to 1 are cut at, of 255.
  package static let thresholds = [64, 128, 192]
  /// What is allowed: of 255 on average, and of Dice at every threshold.
  package static let largestMeanDifference = 1.0
  package static let smallestDice = 0.995
  /// With fewer positions than this above the lowest threshold nothing can be said.
  package static let fewestFound = 500

  private var count = 0
  private var sum = 0.0
  private var found = [(exact: Int, half: Int, both: Int)](repeating: (0, 0, 0), count: thresholds.count)

  package init() {}

  /// Counts in answers, from 0 to 1, to one more input.
  package mutating func add(exact: [Float], half: [Float]) {
    precondition(exact.count == half.count)
    count += exact.count
    for (a, b) in zip(exact, half) { sum += Double(abs(a - b)) }
    for (index, threshold) in Self.thresholds.enumerated() {
      let level = Float(threshold) / 255
      var counts = found[index]
      for (a, b) in zip(exact, half) {
        counts.exact += a >= level ? 1 : 0
        counts.half += b >= level ? 1 : 0
        counts.both += a >= level && b >= level ? 1 : 0
      }
      found[index] = counts
    }
  }

  /// Of 255. Not a number where an answer is none.
  package var meanDifference: Double { count == 0 ? 0 : sum * 255 / Double(count) }

  /// At each threshold; `nil` where neither finds anything.
  package var dice: [Double?] {
    found.map { $0.exact + $0.half == 0 ? nil : 2 * Double($0.both) / Double($0.exact + $0.half) }
  }

  package var isTelling: Bool { (found.first?.exact ?? 0) >= Self.fewestFound }

  package var isAccurate: Bool {
    isTelling && meanDifference <= Self.largestMeanDifference
      && dice.allSatisfy { $0.map { $0 >= Self.smallestDice } ?? true }
  }

  /// For people: "mean difference 0.004 of 255, Dice at 64, 128, 192: 0.9998, 0.9991, none".
  package var sentence: String {
    guard isTelling else { return "the network finds too little there to tell" }
    let scores = dice.map { $0.map { DecimalText.fixed($0, 4) } ?? "none" }.joined(separator: ", ")
    return "mean difference \(DecimalText.fixed(meanDifference, 3)) of 255, Dice at "
      + Self.thresholds.map(String.init).joined(separator: ", ") + ": \(scores)"
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && a.sum == b.sum && zip(a.found, b.found).allSatisfy { $0 == $1 }
  }
}

/// The numbers that a network is computed with, and why.
package struct PrecisionChoice: Sendable, Equatable {
  /// What was found out about one kind of numbers.
  package struct Trial: Sendable, Equatable {
    package var element: TorchTensor.Element
    /// Wall time of the same input with 32 bits over that with these.
    package var speedup: Double
    package var comparison: PrecisionComparison
    /// Why it could not be tried.
    package var failure: String?

    package init(
      element: TorchTensor.Element, speedup: Double = 0, comparison: PrecisionComparison = PrecisionComparison(),
      failure: String? = nil
    ) {
      self.element = element
      self.speedup = speedup
      self.comparison = comparison
      self.failure = failure
    }

    /// Less than this is not worth a difference in the last digits.
    package static let smallestSpeedup = 1.1

    var isWorthwhile: Bool { failure == nil && comparison.isAccurate && speedup >= Self.smallestSpeedup }

    var sentence: String {
      if let failure { return "\(element.rawValue) cannot be used: \(failure)" }
      return "\(element.rawValue) \(DecimalText.fixed(speedup, 2)) times as quick as float32, \(comparison.sentence)"
    }
  }

  package var element: TorchTensor.Element
  /// In the order in which they are preferred.
  package var trials: [Trial]

  /// The first of those that are accurate and quicker; float32 where none is.
  package init(_ trials: [Trial]) {
    element = trials.first(where: \.isWorthwhile)?.element ?? .float32
    self.trials = trials
  }

  /// For people: "float16: float16 1.90 times as quick as float32, mean difference …; bfloat16 …".
  package var sentence: String { "\(element.rawValue): " + trials.map(\.sentence).joined(separator: "; ") }
}
