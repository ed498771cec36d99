import AisCore
import AisImaging
import Testing

@Suite("Distances to surfaces")
struct SurfaceDistanceTests {
  /// A square of two triangles in the plane z = 0, from 0, 0 to 10, 10.
  let square = SurfaceMesh(
    vertices: [SIMD3(0, 0, 0), SIMD3(10, 0, 0), SIMD3(10, 10, 0), SIMD3(0, 10, 0)],
    triangles: [SIMD3(0, 1, 2), SIMD3(0, 2, 3)])

  @Test(
    "are those to the plane, to its edges and to its corners",
    arguments: [(5.0, 5.0, 3.0, 3.0), (5, 5, -2, 2), (-4, 5, 3, 5), (5, 14, 0, 4), (13, 14, 0, 5), (2, 7, 0, 0)])
  func square(x: Double, y: Double, z: Double, expected: Double) throws {
    let distance = try #require(SurfaceDistance(square).distance(from: Position(z: z, y: y, x: x)))
    #expect(abs(distance - expected) < 1e-6)
  }

  @Test("agree with every triangle looked at alone")
  func likeTheLoop() throws {
    let corners = PointTreeTests.random(60, seed: 4).map { SIMD3(Float($0.x), Float($0.y), Float($0.z)) }
    let triangles = (0..<20).map { index -> SIMD3<UInt32> in SIMD3<UInt32>(0, 1, 2) &+ UInt32(3 * index) }
    let soup = SurfaceMesh(vertices: corners, triangles: triangles)
    let whole = SurfaceDistance(soup)
    let alone = triangles.map { SurfaceDistance(SurfaceMesh(vertices: corners, triangles: [$0])) }
    for query in PointTreeTests.random(100, seed: 5, extent: 150) {
      #expect(whole.distance(from: query) == alone.compactMap { $0.distance(from: query) }.min())
    }
  }

  @Test("the gap between two surfaces is their shortest way")
  func gap() throws {
    var other = square
    other.map(scale: SIMD3(repeating: 1), offset: SIMD3(4, 4, 7))
    #expect(abs(try #require(SurfaceDistance(square).gap(to: other)) - 7) < 1e-6)
  }

  @Test("a surface without triangles is at no distance, a triangle without area is a line")
  func degenerate() throws {
    #expect(SurfaceDistance(SurfaceMesh()).distance(from: Position(z: 0, y: 0, x: 0)) == nil)
    #expect(SurfaceDistance(square).gap(to: SurfaceMesh()) == nil)
    let line = SurfaceMesh(vertices: [SIMD3(0, 0, 0), SIMD3(5, 0, 0), SIMD3(10, 0, 0)], triangles: [SIMD3(0, 1, 2)])
    #expect(SurfaceDistance(line).distance(from: Position(z: 0, y: 3, x: 7)) == 3)
  }
}
