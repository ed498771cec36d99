import AisTestSupport
import Foundation

/// What NumPy, SciPy and scikit-image compute (`Tools/reference/imaging_goldens.py`).
struct ImagingGoldens: Decodable {
  struct Resize: Decodable {
    var source: [Int]
    var target: [Int]
    var input: [Float]
    var output: [Float]
  }
  struct Blur: Decodable {
    var shape: [Int]
    var sigma: [Double]
    var border: String
    var input: [Float]
    var output: [Float]
  }
  struct Padding: Decodable {
    var count: Int
    var before: Int
    var after: Int
    var sources: [Int]
  }
  struct Turn: Decodable {
    var index: Int
    var shape: [Int]
    var output: [Float]
  }
  struct Statistics: Decodable {
    var shape: [Int]
    var seeded: [Float]
    var centre: Double
    var scale: Double
  }
  struct Sample: Decodable {
    var shape: [Int]
    var indices: [Int]
    var margins: [Int]
  }
  var resizes: [Resize]
  var splines: [Resize]
  var blurs: [Blur]
  var paddings: [Padding]
  var turns: [Turn]
  var statistics: [Statistics]
  var samples: [Sample]

  static let all: ImagingGoldens = {
    let file = Fixtures.repository.appending(path: "Tests/Fixtures/imaging/goldens.json")
    return try! JSONDecoder().decode(ImagingGoldens.self, from: Data(contentsOf: file))
  }()
}

/// The largest difference relative to the largest value: results are sums in Double stored as Float, so that only the
/// last bit may differ.
func relativeDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  let size = b.map(abs).max() ?? 1
  return zip(a, b).map { abs($0 - $1) }.max().map { $0 / max(size, 1e-30) } ?? 0
}
