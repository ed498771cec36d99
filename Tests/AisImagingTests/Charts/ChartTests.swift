import AisImaging
import Testing

@Suite("Charts")
struct ChartTests {
  @Test(
    "axes end on round numbers and have a few of them",
    arguments: [(0.0, 1.0), (0.13, 0.97), (-3, 8), (0, 123_456), (1e-6, 4e-6), (5, 5), (0, 0), (-2e9, 3e9)])
  func axes(low: Double, high: Double) {
    let axis = AxisScale(covering: [low, high])
    #expect(axis.low <= low && axis.high >= high)
    #expect((2...12).contains(axis.ticks.count))
    #expect(Set(axis.ticks.map(axis.label)).count == axis.ticks.count)
    #expect(abs(axis.part(axis.low)) < 1e-9 && abs(axis.part(axis.high) - 1) < 1e-9)
  }

  @Test("labels have the digits that they need and the minus sign of print")
  func labels() {
    let axis = AxisScale(covering: [-0.2, 0.3])
    #expect(axis.label(-0.1) == "−0.1" && axis.label(0) == "0.0")
    #expect(AxisScale(covering: [0.0, 100]).label(20) == "20")
    #expect(AxisScale(covering: [0.0, 5e7]).label(2e7) == "2e7")
  }

  @Test("logarithmic axes run over decades and show nothing at or below zero")
  func logarithmic() {
    let axis = AxisScale(covering: [0, -1, 30, 4000], isLogarithmic: true)
    #expect(axis.ticks == [10, 100, 1000, 10_000])
    #expect(axis.part(0) == -.infinity && abs(axis.part(100) - 1.0 / 3) < 1e-12)
  }

  @Test("things beside each other are named when they are few, and numbered when they are many")
  func places() {
    let few = AxisScale(places: ["a", "b", "c"])
    #expect(few.ticks == [1, 2, 3] && few.label(2) == "b" && few.isNamed && few.part(0.5) == 0)
    let many = AxisScale(places: (0..<40).map { "T\($0)" })
    #expect(!many.isNamed && many.ticks.count <= 12 && many.label(many.ticks[1]) == "5")
    #expect(AxisScale(places: []).ticks == [1])
  }

  @Test("an axis over nothing that is a number is still an axis")
  func nothing() {
    #expect(AxisScale(covering: [Double.nan, .infinity]).ticks.count > 1)
    #expect(AxisScale(covering: [Double](), isLogarithmic: true).ticks.count > 1)
  }

  @Test("a line is where its numbers say")
  func line() {
    var chart = Chart(
      title: "", xTitle: "", yTitle: "", x: AxisScale(exactly: 0...1), y: AxisScale(exactly: 0...1))
    let empty = chart.draw(width: 400, height: 300)
    chart.layers = [.line([(0, 0.5), (1, 0.5)], Colour(red: 1, green: 0, blue: 0), title: nil)]
    let picture = chart.draw(width: 400, height: 300)
    let red = (0..<300).filter { picture[x: 200, y: $0].red > 0.9 && picture[x: 200, y: $0].green < 0.4 }
    let axis = (0..<300).last { empty[x: 200, y: $0].red < 0.6 }
    let grid = (0..<300).filter { (0.8..<0.95).contains(empty[x: 200, y: $0].red) }
    // The line lies half-way between the lowest and the highest line of the grid.
    #expect(axis != nil && !red.isEmpty && grid.count >= 4)
    let middle = (Double(grid.min()!) + Double(axis!)) / 2
    #expect(abs(Double(red[red.count / 2]) - middle) <= 2)
  }

  @Test("bars, dots, marks and numbers that are none leave the picture whole")
  func layers() {
    var chart = Chart(
      title: "A title that is much too long for a picture of this size, and then some", xTitle: "x", yTitle: "y",
      x: AxisScale(exactly: 0...1), y: AxisScale(exactly: 0...1))
    chart.layers = [
      .bars([(0...0.5, 0.4), (0.5...1, .nan)], Chart.colours[0], title: "bars"),
      .dots([(0.2, 0.2), (.nan, 1), (7, 9)], Chart.colours[1], title: "dots"),
      .line([(0, 0), (.nan, .nan), (1, .infinity)], Chart.colours[2], title: "line"),
      .mark(x: 0.9, Chart.colours[3], title: "mark"), .mark(x: 4, Chart.colours[3], title: "outside"),
    ]
    let picture = chart.draw(width: 200, height: 150)
    #expect(picture.width == 200 && picture.height == 150)
    #expect(Chart.sheet([chart, chart, chart], columns: 2, width: 100, height: 80).height == 160)
  }
}

@Suite("Histograms")
struct HistogramTests {
  @Test("count every finite number once")
  func counts() {
    let values = (0..<1000).map { Double($0) } + [.nan, .infinity]
    let histogram = Histogram(values)
    #expect(histogram.counts.reduce(0, +) == 1000)
    #expect(histogram.edges.first == 0 && histogram.edges.last == 999)
    #expect(histogram.counts.max()! - histogram.counts.min()! <= 2)
  }

  @Test("numbers over several decades are binned by factors")
  func decades() {
    let histogram = Histogram([1, 10, 100, 1000, 10_000])
    #expect(histogram.isLogarithmic && histogram.counts.reduce(0, +) == 5)
    #expect(abs(histogram.edges.last! - 10_000) < 1e-6)
  }

  @Test("one value many times, and none at all")
  func degenerate() {
    #expect(Histogram([3, 3, 3]).counts == [3])
    #expect(Histogram([0]).counts == [1])
    #expect(Histogram([]).counts.isEmpty && Histogram([.nan]).counts.isEmpty)
  }

  @Test("quantiles lie between neighbours as NumPy puts them")
  func quantiles() {
    #expect(Histogram.quantile([1, 2, 3, 4], 0.5) == 2.5)
    #expect(Histogram.quantile([1, 2, 4], 0.25) == 1.5)
    #expect(Histogram.quantile([7], 0.9) == 7)
  }
}
