import AisCore
import AisImaging
import AisPicking
import Foundation
import Testing

@Suite("Points on surfaces")
struct SurfacePickerTests {
  /// Voxels for which a rule holds, of their place in the edges' unit.
  private static func components(
    _ shape: Shape, edges: SIMD3<Double> = .one, _ isInside: (SIMD3<Double>) -> Bool
  ) throws -> ComponentRuns {
    var mask = Volume<Float>(shape: shape, repeating: 0)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x where isInside(SIMD3(Double(z), Double(y), Double(x)) * edges) {
          mask[z: z, y: y, x: x] = 1
        }
      }
    }
    return try ComponentRuns.find(in: VolumeSource(mask), above: 0.5)
  }

  private static func nearest(_ points: [SurfacePoint], edges: SIMD3<Double> = .one) -> [Double] {
    points.indices.map { i in
      points.indices.filter { $0 != i }.map { ((points[$0].place - points[i].place) * edges).length }.min() ?? .infinity
    }
  }

  @Test(
    "on a shell points are even, on its middle, with normals outward",
    arguments: [(24.0, 3.0, 8.0), (24, 4, 8), (35, 5, 12), (15, 3, 6)])
  func sphere(radius: Double, thickness: Double, spacing: Double) throws {
    let size = Int(2 * radius) + 17
    let centre = SIMD3(repeating: Double(size) / 2 + 0.21)
    let found = try Self.components(Shape(z: size, y: size, x: size)) { place in
      abs((place - centre).length - radius) <= thickness / 2
    }
    let points = try SurfacePicker(SurfaceSettings(spacing: spacing)).points(in: found)
    // As many as a lattice of triangles with this spacing would have, within a fifth.
    let expected = 4 * Double.pi * radius * radius / (spacing * spacing * 0.866)
    #expect(abs(Double(points.count) / expected - 1) < 0.2, "\(points.count) points, \(expected) expected")
    let away = points.map { abs(($0.place - centre).length - radius) }
    #expect(away.max()! < 0.5 && mean(away) < 0.15, "off the middle by up to \(away.max()!), \(mean(away)) on average")
    let tilts = points.map { degrees($0.normal, ($0.place - centre).normalized) }
    #expect(tilts.max()! < 6 && mean(tilts) < 2.5, "normals off by up to \(tilts.max()!)°, \(mean(tilts))° on average")
    #expect(points.allSatisfy { $0.angles.rot == 0 })
    let gaps = Self.nearest(points)
    let average = mean(gaps)
    #expect(abs(average / spacing - 1) < 0.15, "neighbours at \(average), wanted \(spacing)")
    #expect(gaps.min()! > 0.7 * spacing)
    let spread = (mean(gaps.map { ($0 - average) * ($0 - average) })).squareRoot()
    #expect(spread < 0.1 * spacing, "spread \(spread)")
    // No hole: nothing on the shell is further than a spacing from a point.
    for step in 0..<2000 {
      let z = 2 * (Double(step) + 0.5) / 2000 - 1
      let turn = Double(step) * 2.399963
      let r = (1 - z * z).squareRoot()
      let place = centre + SIMD3(z, r * sin(turn), r * cos(turn)) * radius
      #expect(points.contains { ($0.place - place).length < spacing })
    }
  }

  @Test("inward is the opposite, z is upward everywhere", arguments: SurfaceSettings.Normals.allCases)
  func rules(rule: SurfaceSettings.Normals) throws {
    let centre = SIMD3(20.0, 20, 20)
    let found = try Self.components(Shape(z: 40, y: 40, x: 40)) { abs(($0 - centre).length - 14) <= 2 }
    var settings = SurfaceSettings(spacing: 7)
    settings.normals = rule
    for point in try SurfacePicker(settings).points(in: found) {
      let outward = (point.normal * (point.place - centre).normalized).sum()
      switch rule {
      case .outward: #expect(outward > 0.95)
      case .inward: #expect(outward < -0.95)
      case .z: #expect(point.normal[0] >= 0)
      }
    }
  }

  @Test(
    "on a plane that leaves the volume points are even up to the faces, and normals agree",
    arguments: [SIMD3(1.0, 0, 0), SIMD3(1.0, 0.5, 0.3), SIMD3(0.0, 1, 0.2)])
  func plane(direction: SIMD3<Double>) throws {
    let normal = direction.normalized
    let centre = SIMD3(30.0, 30, 30)
    let found = try Self.components(Shape(z: 60, y: 60, x: 60)) { abs((($0 - centre) * normal).sum()) <= 2 }
    let points = try SurfacePicker(SurfaceSettings(spacing: 9)).points(in: found)
    #expect(points.count > 30)
    let away = points.map { abs((($0.place - centre) * normal).sum()) }
    #expect(away.max()! < 0.5 && mean(away) < 0.15, "off the plane by up to \(away.max()!), \(mean(away)) on average")
    // Towards greater z, or where the plane stands upright, towards greater y.
    let tilts = points.map { degrees($0.normal, normal) }
    #expect(tilts.max()! < 8 && mean(tilts) < 2.5, "normals off by up to \(tilts.max()!)°, \(mean(tilts))° on average")
    let gaps = Self.nearest(points)
    #expect(abs(mean(gaps) / 9 - 1) < 0.2)
    #expect(gaps.min()! > 6)
    // The faces are reached: a membrane goes on there.
    let nearFace = points.map { min($0.point.x, 59 - $0.point.x) }.min()!
    #expect(nearFace < 6)
  }

  @Test("a part of a vesicle has normals to its convex side", arguments: [60.0, 120, 180])
  func cap(opening: Double) throws {
    let centre = SIMD3(30.0, 30, 30)
    let least = cos(opening / 2 * .pi / 180)
    let found = try Self.components(Shape(z: 60, y: 60, x: 60)) { place in
      let arm = place - centre
      return abs(arm.length - 22) <= 1.8 && -arm[1] / arm.length >= least
    }
    let points = try SurfacePicker(SurfaceSettings(spacing: 7)).points(in: found)
    #expect(points.count > 5)
    for point in points { #expect((point.normal * (point.place - centre).normalized).sum() > 0.95) }
  }

  @Test("two membranes that nearly touch have points of their own")
  func doubleMembrane() throws {
    let found = try Self.components(Shape(z: 40, y: 60, x: 60)) { place in
      let isBridge = place[1] < 3
      return abs(place[0] - 15) <= 1.6 || abs(place[0] - 22) <= 1.6 || (isBridge && place[0] > 15 && place[0] < 22)
    }
    #expect(found.components.count == 1)
    let points = try SurfacePicker(SurfaceSettings(spacing: 10)).points(in: found)
    let inner = points.filter { $0.point.y > 14 }
    let lower = inner.filter { abs($0.point.z - 15) < 0.5 }
    let upper = inner.filter { abs($0.point.z - 22) < 0.5 }
    #expect(lower.count + upper.count == inner.count)
    #expect(min(lower.count, upper.count) > 20)
    #expect(abs(mean(Self.nearest(lower)) / 10 - 1) < 0.15)
  }

  @Test("spacing counts in the edges' unit when voxels are not cubes")
  func anisotropic() throws {
    let edges = SIMD3(14.0, 10, 10)
    let centre = SIMD3(300.0, 300, 300)
    let found = try Self.components(Shape(z: 44, y: 60, x: 60), edges: edges) { abs(($0 - centre).length - 230) <= 22 }
    var settings = SurfaceSettings(spacing: 80)
    settings.edges = VoxelEdges(z: 14, y: 10, x: 10)
    let points = try SurfacePicker(settings).points(in: found)
    let arms = points.map { $0.place * edges - centre }
    #expect(arms.allSatisfy { abs($0.length - 230) < 6 })
    let tilts = zip(points, arms).map { degrees($0.normal, $1.normalized) }
    #expect(tilts.max()! < 8 && mean(tilts) < 3, "normals off by up to \(tilts.max()!)°, \(mean(tilts))° on average")
    #expect(abs(mean(Self.nearest(points, edges: edges)) / 80 - 1) < 0.15)
  }

  @Test("points do not depend on the number of threads")
  func threads() throws {
    let found = try Self.components(Shape(z: 50, y: 50, x: 50)) { abs(($0 - SIMD3(25, 24, 26)).length - 18) <= 2 }
    let one = try SurfacePicker(SurfaceSettings(spacing: 6), threads: 1).points(in: found)
    let four = try SurfacePicker(SurfaceSettings(spacing: 6), threads: 4).points(in: found)
    #expect(one.map(\.point) == four.map(\.point) && one.map(\.angles) == four.map(\.angles))
  }

  @Test("an empty volume, a speck, a thread and a full volume have no sheets")
  func nothing() throws {
    let shape = Shape(z: 20, y: 20, x: 20)
    let picker = SurfacePicker(SurfaceSettings(spacing: 5))
    #expect(try picker.points(in: Self.components(shape) { _ in false }).isEmpty)
    #expect(try picker.points(in: Self.components(shape) { _ in true }).isEmpty)
    #expect(try picker.points(in: Self.components(shape) { $0 == SIMD3(4, 4, 4) }).isEmpty)
    #expect(try picker.points(in: Self.components(shape) { $0[0] == 4 && $0[1] == 4 }).isEmpty)
  }

  @Test(
    "a body twice as wide as thick is called solid, a plate, a small vesicle and a shallow cap are not",
    arguments: [VoxelEdges.one, VoxelEdges(z: 20, y: 10, x: 10)])
  func solid(edges: VoxelEdges) throws {
    // z, y, x; in voxels of the smallest edge.
    let edge = min(edges.z, edges.y)
    let relative = SIMD3(edges.z, edges.y, edges.x) / edge
    let shape = Shape(z: Int(44 / relative[0]), y: 200, x: 60)
    let found = try Self.components(shape, edges: relative) { place in
      let body = (place - SIMD3(21, 32, 30)) / SIMD3(12, 27, 27)
      let vesicle = (place - SIMD3(21, 75, 30)).length
      let cap = place - SIMD3(-10, 115, 30)
      let plate = place - SIMD3(21, 168, 30)
      return body.length <= 1 || abs(vesicle - 8) <= 2 || (abs(cap.length - 40) <= 2 && place[0] > 24)
        || (abs(plate[0]) <= 3 && abs(plate[1]) <= 17 && abs(plate[2]) <= 25)
    }
    #expect(found.components.count == 4)
    var settings = SurfaceSettings(spacing: 4 * edge)
    settings.edges = edges
    let points = try SurfacePicker(settings).points(in: found)
    #expect(Set(points.map(\.component)).count == 4)
    let solid = SolidPieces(among: points, in: found, edges: edges)
    #expect(solid.components == found.components.filter { $0.centroid.y < 60 }.map(\.index))
    #expect((15...23).contains(solid.greatestThickness / edge), "\(solid.greatestThickness / edge) voxels")
    #expect(SolidPieces(among: [], in: found, edges: edges).components.isEmpty)
  }

  @Test("a piece too large for the memory is refused with what to do; a stopped search says so")
  func limits() throws {
    let found = try Self.components(Shape(z: 20, y: 20, x: 20)) { abs($0[0] - 10) <= 1 }
    let small = #expect(throws: AisError.self) {
      try SurfacePicker(SurfaceSettings(spacing: 5), memory: ByteCount(1000)).points(in: found)
    }
    #expect(small?.code == .outOfMemory && small?.message.contains("--binning") == true)
    let cancellation = Cancellation()
    cancellation.cancel()
    let stopped = #expect(throws: AisError.self) {
      try SurfacePicker(SurfaceSettings(spacing: 5)).points(in: found, cancellation: cancellation)
    }
    #expect(stopped?.code == .cancelled)
  }
}

extension SurfacePoint {
  var place: SIMD3<Double> { SIMD3(point.z, point.y, point.x) }
  var normal: SIMD3<Double> { SIMD3(angles.zAxis.z, angles.zAxis.y, angles.zAxis.x) }
}

/// The angle between two directions of length 1.
private func degrees(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  acos(max(-1, min(1, (a * b).sum()))) * 180 / .pi
}
