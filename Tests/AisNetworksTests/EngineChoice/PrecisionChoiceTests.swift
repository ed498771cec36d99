import AisNetworks
import Testing

@Suite("What networks are computed with")
struct PrecisionChoiceTests {
  /// Answers from 0 to 1 of which 3000 lie above every threshold.
  private let exact = (0..<4000).map { $0 < 3000 ? Float(0.9) : Float(0.1) }

  private func comparison(_ half: [Float]) -> PrecisionComparison {
    var comparison = PrecisionComparison()
    comparison.add(exact: exact, half: half)
    return comparison
  }

  @Test("equal answers are accurate, and the mean difference is counted on the scale of 255")
  func equal() {
    let same = comparison(exact)
    #expect(same.isAccurate && same.meanDifference == 0 && same.dice == [1, 1, 1])
    let off = comparison(exact.map { $0 + 0.5 / 255 })
    #expect(abs(off.meanDifference - 0.5) < 1e-3 && off.isAccurate)
    #expect(!comparison(exact.map { $0 + 1.01 / 255 }).isAccurate)
  }

  @Test("Dice at any threshold decides", arguments: [(14, true), (40, false)])
  func dice(lost: Int, isAccurate: Bool) {
    // Values that slip under the highest threshold change the mean hardly.
    let found = comparison(exact.enumerated().map { $0.offset < lost ? 0.75 : $0.element })
    #expect(found.dice[1] == 1)
    #expect(abs((found.dice[2] ?? 0) - 2 * Double(3000 - lost) / Double(6000 - lost)) < 1e-12)
    #expect(found.isAccurate == isAccurate)
  }

  @Test(
    "thresholds that find nothing in either answer do not count, a network that finds nothing at all cannot be judged")
  func empty() {
    var low = PrecisionComparison()
    low.add(exact: exact.map { $0 / 2 }, half: exact.map { $0 / 2 })
    #expect(low.dice == [1, nil, nil] && low.isAccurate)
    var nothing = PrecisionComparison()
    nothing.add(exact: exact.map { $0 / 100 }, half: exact.map { $0 / 100 })
    #expect(!nothing.isAccurate)
    #expect(nothing.sentence == "the network finds too little there to tell")
    #expect(!PrecisionComparison().isAccurate)
  }

  @Test("an answer that is no number is not accurate")
  func notANumber() {
    #expect(!comparison(exact.enumerated().map { $0.offset == 7 ? .nan : $0.element }).isAccurate)
  }

  @Test("several inputs are counted together")
  func together() {
    var both = comparison(exact)
    both.add(exact: exact, half: exact.map { $0 + 1 / 255 })
    #expect(abs(both.meanDifference - 0.5) < 1e-3)
  }

  @Test("the first that is accurate and quicker is chosen, 32 bits where there is none, and the reason told")
  func choice() {
    let good = comparison(exact)
    let bad = comparison(exact.map { $0 + 0.1 })
    func choose(_ float16: PrecisionChoice.Trial, _ bfloat16: PrecisionChoice.Trial) -> TorchTensor.Element {
      PrecisionChoice([float16, bfloat16]).element
    }
    let quick = PrecisionChoice.Trial(element: .float16, speedup: 1.9, comparison: good)
    let slow = PrecisionChoice.Trial(element: .float16, speedup: 0.1, comparison: good)
    let wrong = PrecisionChoice.Trial(element: .float16, speedup: 1.9, comparison: bad)
    let broken = PrecisionChoice.Trial(element: .float16, speedup: 1.9, comparison: good, failure: "no kernel")
    let other = PrecisionChoice.Trial(element: .bfloat16, speedup: 1.8, comparison: good)
    let wrongOther = PrecisionChoice.Trial(element: .bfloat16, speedup: 1.8, comparison: bad)
    #expect(choose(quick, other) == .float16)
    for trial in [slow, wrong, broken] { #expect(choose(trial, other) == .bfloat16) }
    #expect(choose(wrong, wrongOther) == .float32)
    #expect(
      PrecisionChoice([broken, other]).sentence
        == "bfloat16: float16 cannot be used: no kernel; bfloat16 1.80 times as quick as float32, mean difference 0.000 of 255, Dice at 64, 128, 192: 1.0000, 1.0000, 1.0000"
    )
  }
}
