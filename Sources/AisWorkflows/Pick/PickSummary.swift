import AisCore
import AisPicking

extension PickFinding {
  /// What was found, for people: the number and the rules, what was dropped and why, and the sizes.
  package var lines: [String] {
    let count = list.particles.count
    var lines = [
      "\(count) \(count == 1 ? noun : noun + "s"): above \(angstromText(reading.level)) of 255 (\(reading.reason)), \(rules)"
    ]
    var dropped: [String] = []
    func note(_ number: Int, _ words: String) { if number > 0 { dropped.append("\(number) \(words)") } }
    note(tally.small, "too small")
    note(tally.crowded, "nearer to a heavier one than the spacing")
    note(tally.inMargin, "in the margin")
    note(tally.outside, "outside of what was asked for")
    note(tally.beyondLimit, "beyond the limit")
    if !dropped.isEmpty { lines.append("of \(tally.groups) \(groupNoun)s: " + dropped.joined(separator: ", ")) }
    if let histogram = SizeHistogram(sizes) {
      lines.append("\(sizeNoun) in \(sizeUnit): \(histogram.line), median \(SizeHistogram.number(histogram.median))")
    }
    return lines
  }
}

/// What a run over many segmentations found.
package struct PickSummary: Sendable {
  /// Of each segmentation that was searched.
  package var counts: [Int]

  /// What was found: `particle`, `point`.
  private let noun: String

  package init(_ outcomes: [BatchOutcome], noun: String) {
    counts = outcomes.compactMap { ($0.results as? PickResults)?.particles }
    self.noun = noun
  }

  /// How many were found, and how many segmentations have how many.
  package var lines: [String] {
    guard counts.count > 1 else { return [] }
    let total = counts.reduce(0, +)
    var lines = ["\(total) \(noun)s in \(counts.count) segmentations"]
    if total > 0 { lines += table }
    return lines
  }

  /// Six steps of equal width, from none to the most.
  private var table: [String] {
    let most = counts.max() ?? 0
    let steps = 6
    let width = max(1, (most + steps) / steps)
    var bins = [Int](repeating: 0, count: steps)
    for count in counts { bins[min(steps - 1, count / width)] += 1 }
    while bins.last == 0 { bins.removeLast() }
    let tallest = max(1, bins.max() ?? 1)
    let labels = bins.indices.map { width == 1 ? "\($0)" : "\($0 * width)–\(($0 + 1) * width - 1)" }
    let longest = labels.map(\.count).max() ?? 0
    return zip(labels, bins).map { label, count in
      let bar = String(repeating: "█", count: (count * 30 + tallest - 1) / tallest)
      return String(repeating: " ", count: longest - label.count) + "\(label) \(noun)s  \(bar) \(count)"
    }
  }
}
