import AisPicking
import Testing

@Suite("Otsu's threshold")
struct OtsuThresholdTests {
  @Test("the middle of the gap between two groups is taken, whatever their sizes")
  func gap() throws {
    var histogram = [Int](repeating: 0, count: 256)
    histogram[0] = 1_000_000
    histogram[200] = 30
    histogram[210] = 20
    let otsu = try #require(OtsuThreshold(histogram: histogram))
    #expect(otsu.bin == 99)
    #expect(otsu.lowerMean == 0)
    #expect(otsu.upperMean == 204)
  }

  @Test("every way to part a small histogram is compared")
  func exhaustive() throws {
    let histogram = [3, 9, 2, 0, 1, 5, 8, 2]
    func variance(_ bin: Int) -> Double {
      func moments(_ bins: Range<Int>) -> (count: Double, mean: Double) {
        let count = Double(bins.reduce(0) { $0 + histogram[$1] })
        return (count, Double(bins.reduce(0) { $0 + $1 * histogram[$1] }) / count)
      }
      let (low, high) = (moments(0..<bin + 1), moments(bin + 1..<histogram.count))
      return low.count * high.count * (low.mean - high.mean) * (low.mean - high.mean)
    }
    let otsu = try #require(OtsuThreshold(histogram: histogram))
    let best = (0..<histogram.count - 1).map(variance).max()!
    #expect(abs(variance(otsu.bin) - best) < 1e-9 * best)
  }

  @Test("a histogram of one value, or of none, has no threshold", arguments: [[0, 7, 0], [0, 0], []])
  func none(histogram: [Int]) {
    #expect(OtsuThreshold(histogram: histogram) == nil)
  }
}
