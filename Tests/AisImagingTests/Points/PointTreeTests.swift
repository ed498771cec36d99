import AisCore
import AisImaging
import Testing

@Suite("Trees of points")
struct PointTreeTests {
  static func random(_ count: Int, seed: UInt64, extent: Double = 100) -> [Position] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      Position(
        z: .random(in: 0..<extent, using: &generator), y: .random(in: 0..<extent, using: &generator),
        x: .random(in: 0..<extent, using: &generator))
    }
  }

  @Test("find the same neighbours as looking at every point", arguments: [1, 7, 8, 9, 100, 1000])
  func likeTheLoop(count: Int) {
    let points = Self.random(count, seed: 1)
    let tree = PointTree(points)
    for query in Self.random(50, seed: 2, extent: 120) {
      let distances = points.map { $0.distance(to: query) }
      #expect(tree.nearest(to: query)?.distance == distances.min())
      let near = tree.neighbours(of: query, within: 20)
      #expect(near.map(\.index) == points.indices.filter { distances[$0] <= 20 })
    }
  }

  @Test("leave the point itself out when asked to")
  func excluding() {
    let points = Self.random(200, seed: 3)
    let tree = PointTree(points)
    for (index, point) in points.enumerated() {
      #expect(tree.nearest(to: point)?.distance == 0)
      let others = points.indices.filter { $0 != index }.map { points[$0].distance(to: point) }
      #expect(tree.nearest(to: point, excluding: index)?.distance == others.min())
    }
  }

  @Test("take points at exactly the distance, and twins")
  func exact() {
    let points = [
      Position(z: 0, y: 0, x: 3), Position(z: 0, y: 4, x: 0), Position(z: 0, y: 0, x: 3),
      Position(z: 0, y: 0, x: -3.001),
    ]
    let near = PointTree(points).neighbours(of: Position(z: 0, y: 0, x: 0), within: 3)
    #expect(near.map(\.index) == [0, 2])
  }

  @Test("never find what is no number, and answer for no points at all")
  func notFinite() {
    let tree = PointTree([Position(z: .nan, y: 0, x: 0), Position(z: 0, y: .infinity, x: 0)])
    #expect(tree.nearest(to: Position(z: 0, y: 0, x: 0)) == nil)
    #expect(PointTree([]).neighbours(of: Position(z: 0, y: 0, x: 0), within: 5).isEmpty)
    #expect(PointTree([Position(z: 0, y: 0, x: 0)]).nearest(to: Position(z: .nan, y: 0, x: 0)) == nil)
  }

  @Test("stay quick when all points lie in one place")
  func twins() {
    let tree = PointTree(Array(repeating: Position(z: 1, y: 2, x: 3), count: 100_000))
    for index in 0..<1000 {
      #expect(tree.nearest(to: Position(z: 1, y: 2, x: 3), excluding: index)?.distance == 0)
    }
  }
}
