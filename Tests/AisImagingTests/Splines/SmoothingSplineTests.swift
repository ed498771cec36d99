import AisCore
import AisImaging
import Foundation
import Testing

@Suite("Smoothing splines")
struct SmoothingSplineTests {
  private static func vectors(_ numbers: [Double]) -> [SIMD3<Double>] {
    stride(from: 0, to: numbers.count, by: 3).map { SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2]) }
  }

  @Test("knots, curve and derivative are those of SciPy's splprep", arguments: CurveGoldens.all.splines)
  func equalsSciPy(golden: CurveGoldens.Spline) throws {
    let curve = try #require(SmoothingSpline.fit(Self.vectors(golden.points), sum: golden.sum))
    #expect(curve.knots.count == golden.knots.count)
    for (ours, theirs) in zip(curve.knots, golden.knots) { #expect(abs(ours - theirs) < 1e-12) }
    // Both meet the sum of squares within a thousandth of it; where the curve lies then differs by less than that.
    let tolerance = golden.sum == 0 ? 1e-8 : 2e-2
    let derivative = curve.derivative
    let expected = zip(Self.vectors(golden.curve), Self.vectors(golden.derivative))
    for (index, (point, velocity)) in expected.enumerated() {
      let parameter = Double(index) / 40
      #expect((curve.point(at: parameter) - point).length < tolerance)
      #expect((derivative.point(at: parameter) - velocity).length < tolerance * 40)
    }
  }

  @Test("the sum of squares is met, and nothing is smoothed when it is 0", arguments: [0.0, 0.5, 20, 400])
  func meetsSum(sum: Double) throws {
    var random = SeededGenerator(seed: 5)
    let points = (0..<200).map { i -> SIMD3<Double> in
      let t = Double(i) / 20
      let place = SIMD3<Double>(t * 6, 20 * sin(t), 20 * cos(t))
      return place + SIMD3<Double>.random(in: -1...1, using: &random)
    }
    let curve = try #require(SmoothingSpline.fit(points, sum: sum))
    var way = [0.0]
    for (a, b) in zip(points, points.dropFirst()) { way.append(way.last! + (b - a).length) }
    let error = zip(points, way).reduce(0) { $0 + (curve.point(at: $1.1 / way.last!) - $1.0).squaredLength }
    #expect(abs(error - sum) <= 1e-3 * sum + 1e-18)
  }

  @Test("two, three and four points give a line, a parabola and a cubic through them", arguments: 2...4)
  func fewPoints(count: Int) throws {
    let points = (0..<count).map { i -> SIMD3<Double> in
      let t = Double(i)
      return SIMD3(t, t * t, t * t * t)
    }
    let curve = try #require(SmoothingSpline.fit(points, sum: 0))
    #expect(curve.degree == min(3, count - 1))
    #expect((curve.point(at: 0) - points.first!).length < 1e-9)
    #expect((curve.point(at: 1) - points.last!).length < 1e-9)
  }

  @Test("points that repeat are one; a single place is no curve")
  func repeated() {
    let a = SIMD3(1.0, 2, 3)
    #expect(SmoothingSpline.fit([a, a, a], sum: 1) == nil)
    #expect(SmoothingSpline.fit([], sum: 0) == nil)
    #expect(SmoothingSpline.fit([a, a, a + 1, a + 1, a + 2], sum: 0)?.degree == 2)
    #expect(SmoothingSpline.fitClosed([a, a + 1, a], sum: 0) == nil)
  }

  @Test("length and curvature of a circle and a helix are right to a thousandth", arguments: [0.0, 0.7])
  func lengthAndCurvature(pitch: Double) throws {
    let radius = 30.0
    let points = stride(from: 0, through: 300, by: 3).map { i -> SIMD3<Double> in
      let t = Double(i) / 50
      return SIMD3(pitch * radius * t, radius * sin(t), radius * cos(t))
    }
    let curve = try #require(SmoothingSpline.fit(points, sum: 0))
    let way = ArcLength(curve)
    let expected = 6 * radius * (1 + pitch * pitch).squareRoot()
    #expect(abs(way.length / expected - 1) < 1e-5)
    let geometry = CurveGeometry(curve)
    let curvature = 1 / (radius * (1 + pitch * pitch))
    for step in 2...18 {
      let parameter = way.parameter(after: way.length * Double(step) / 20)
      #expect(abs(geometry.curvature(at: parameter) / curvature - 1) < 1e-3)
    }
  }

  @Test("ways and parameters are inverse to each other")
  func inverse() throws {
    let points = (0..<40).map { i -> SIMD3<Double> in
      let t = Double(i)
      return SIMD3(t, 8 * sin(t / 4), t * t / 30)
    }
    let way = ArcLength(try #require(SmoothingSpline.fit(points, sum: 0)))
    var previous = way.curve.point(at: way.parameter(after: 0))
    var sum = 0.0
    for step in 1...2000 {
      let point = way.curve.point(at: way.parameter(after: way.length * Double(step) / 2000))
      sum += (point - previous).length
      #expect(abs(sum - way.length * Double(step) / 2000) < 1e-4)
      previous = point
    }
    #expect(way.parameter(after: -1) == 0)
    #expect(way.parameter(after: 1e9) == 1)
  }

  @Test("a closed curve comes round smoothly, with the circle's length and curvature")
  func closed() throws {
    let points = (0..<90).map { i -> SIMD3<Double> in
      let t = Double(i) / 90 * 2 * .pi
      return SIMD3(5, 20 * sin(t), 20 * cos(t))
    }
    let curve = try #require(SmoothingSpline.fitClosed(points, sum: 0))
    let range = 1.0 / 3...2.0 / 3
    #expect((curve.point(at: range.lowerBound) - curve.point(at: range.upperBound)).length < 1e-6)
    #expect(abs(ArcLength(curve, over: range).length / (40 * .pi) - 1) < 1e-5)
    let geometry = CurveGeometry(curve)
    #expect((geometry.tangent(at: range.lowerBound) - geometry.tangent(at: range.upperBound)).length < 1e-4)
    #expect(abs(geometry.curvature(at: range.lowerBound) * 20 - 1) < 1e-3)
  }

  @Test("a frame carried along a plane curve keeps its normal, along a helix it turns by the torsion")
  func transport() throws {
    let circle = (0...60).map { i -> SIMD3<Double> in
      let t = Double(i) / 20
      return SIMD3(0, 20 * sin(t), 20 * cos(t))
    }
    let plane = CurveGeometry(try #require(SmoothingSpline.fit(circle, sum: 0)))
    let parameters = (0...10).map { Double($0) / 10 }
    for normal in plane.transported(SIMD3(1, 0, 0), along: parameters) {
      #expect((normal - SIMD3(1, 0, 0)).length < 1e-9)
    }
    // Torsion of a helix of radius r and rise c per radian is c / (r² + c²); the principal normal turns against the
    // carried frame by torsion times length.
    let (r, c) = (10.0, 6.0)
    let helix = (0...200).map { i -> SIMD3<Double> in
      let t = Double(i) / 25
      return SIMD3(c * t, r * sin(t), r * cos(t))
    }
    let curve = try #require(SmoothingSpline.fit(helix, sum: 0))
    let geometry = CurveGeometry(curve)
    let way = ArcLength(curve)
    func principal(_ parameter: Double) -> SIMD3<Double> {
      let point = curve.point(at: parameter)
      return -SIMD3(0, point[1], point[2]).normalized
    }
    let stops = (0...40).map { way.parameter(after: way.length * Double($0) / 40) }
    let frames = geometry.transported(principal(0), along: stops)
    var turned = 0.0
    var before = 0.0
    for (stop, frame) in zip(stops, frames) {
      let tangent = geometry.tangent(at: stop)
      let normal = (principal(stop) - tangent * (principal(stop) * tangent).sum()).normalized
      let angle = atan2((frame.cross(normal) * tangent).sum(), (frame * normal).sum())
      turned += (angle - before).remainder(dividingBy: 2 * .pi)
      before = angle
    }
    #expect(abs(abs(turned) - way.length * c / (r * r + c * c)) < 0.01)
  }
}
