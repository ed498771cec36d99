import AisCore
import AisFormats
import AisWorkflows
import Testing

@Suite("What is said of picked particles")
struct PickTextTests {
  @Test("a histogram is a line of bars from the least to the greatest")
  func histogram() throws {
    let even = try #require(SizeHistogram([1, 2, 3, 4], bins: 4))
    #expect(even.counts == [1, 1, 1, 1] && !even.isLogarithmic && even.median == 2.5)
    #expect(even.line == "1 ████ 4")
    let wide = try #require(SizeHistogram([1, 10, 10, 1000], bins: 3))
    #expect(wide.isLogarithmic && wide.counts == [1, 2, 1])
    let gaps = try #require(SizeHistogram([1, 1, 1, 1, 9], bins: 3))
    #expect(gaps.line == "1 █·▃ 9")
  }

  @Test("a histogram of equal values, of one and of none")
  func few() throws {
    #expect(try #require(SizeHistogram([5, 5])).line == "5")
    #expect(try #require(SizeHistogram([0.25])).median == 0.25)
    #expect(SizeHistogram([]) == nil)
    #expect(SizeHistogram([.nan]) == nil)
  }

  @Test(
    "numbers have as many digits as people read",
    arguments: [(1234.56, "1235"), (56.78, "56.8"), (0.25, "0.25"), (7, "7")])
  func numbers(value: Double, text: String) {
    #expect(SizeHistogram.number(value) == text)
  }

  @Test("the tomogram's name ends before the feature's")
  func names() {
    #expect(SegmentationName.tomogram(of: "a/T__1__Ribosome.mrc.gz") == "T__1")
    #expect(SegmentationName.tomogram(of: "a/T__1__Ribosome.mrc.gz", atFirstMark: true) == "T")
    #expect(SegmentationName.tomogram(of: "labels.mrc") == "labels")
    #expect(SegmentationName.tomogram(of: "__Ribosome.mrc") == "__Ribosome")
  }
}

@Suite("What the values of a segmentation mean")
struct PredictionScaleTests {
  @Test(
    "the type decides, who wrote it, and where these leave it open the greatest value",
    arguments: [
      (ElementType.uint16, false, Float(1), PredictionScale.Kind.bytes), (.int8, true, 1, .signedBytes),
      (.int8, false, 1, .labels), (.int8, false, 127, .signedBytes), (.uint8, false, 200, .bytes),
      (.float32, true, 0.2, .fractions), (.float32, false, 1, .fractions), (.float32, false, 255, .bytes),
      (.float16, true, 0.5, .bytes), (.uint32, false, 4e9, .labels),
    ])
  func decided(type: ElementType, ours: Bool, greatest: Float, expected: PredictionScale.Kind) throws {
    let scale = try PredictionScale.decide(type, isOurs: ours) { () throws(AisError) in greatest }
    #expect(scale.kind == expected)
  }
}
