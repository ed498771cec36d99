import AisCore
import AisImaging
import Testing

@Suite("Mask overlap") struct MaskOverlapTests {
  @Test("the coefficients follow their formulae")
  func formulae() {
    let overlap = MaskOverlap(shared: 6, onlyTested: 2, onlyTruth: 4)
    #expect(overlap.dice == 12.0 / 18)
    #expect(overlap.intersectionOverUnion == 0.5)
    #expect(overlap.precision == 0.75)
    #expect(overlap.recall == 0.6)
  }

  @Test("two empty masks agree")
  func empty() {
    let overlap = OverlapHistogram().overlap(threshold: 128)
    #expect(overlap == MaskOverlap(shared: 0, onlyTested: 0, onlyTruth: 0))
    #expect(overlap.dice == 1 && overlap.precision == 1 && overlap.recall == 1)
  }

  @Test("one pass gives the same counts at every threshold as counting anew")
  func againstCounting() {
    var generator = SeededGenerator(seed: 5)
    let values: [Float] = (0..<500).map { _ in
      Bool.random(using: &generator)
        ? Float.random(in: -20...300, using: &generator) : Float(Int.random(in: 0...255, using: &generator))
    }
    let truth = (0..<500).map { _ in Bool.random(using: &generator) }
    var histogram = OverlapHistogram()
    for (value, isTrue) in zip(values, truth) { histogram.add(value, isTrue: isTrue) }
    for threshold in 0...254 {
      let mask = values.map { $0 > Float(threshold) }
      let shared = zip(mask, truth).count { $0 && $1 }
      #expect(
        histogram.overlap(threshold: threshold)
          == MaskOverlap(
            shared: shared, onlyTested: mask.count { $0 } - shared, onlyTruth: truth.count { $0 } - shared))
    }
  }

  @Test("NaN, infinities and values out of range are counted at the ends")
  func oddValues() {
    var histogram = OverlapHistogram()
    for value: Float in [.nan, -.infinity, -1, 0] { histogram.add(value, isTrue: true) }
    for value: Float in [.infinity, 1e9, 255] { histogram.add(value, isTrue: true) }
    #expect(histogram.overlap(threshold: 0).shared == 3)
    #expect(histogram.overlap(threshold: 254).shared == 3)
    #expect(histogram.truthCount == 7)
  }

  @Test("the best threshold separates what can be separated")
  func best() {
    var histogram = OverlapHistogram()
    for value in 0..<100 { histogram.add(Float(value), isTrue: false) }
    for value in 150..<200 { histogram.add(Float(value), isTrue: true) }
    #expect((99...149).contains(histogram.bestThreshold))
    #expect(histogram.overlap(threshold: histogram.bestThreshold).dice == 1)
  }
}
