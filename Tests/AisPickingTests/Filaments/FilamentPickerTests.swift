import AisCore
import AisImaging
import AisPicking
import Foundation
import Testing

@Suite("Filaments")
struct FilamentPickerTests {
  private static let whole = FilamentSettings(spacing: 4, minimumLength: 15)

  @Test("a straight filament is followed within a tenth of a voxel, at even distances", arguments: [0.0, 0.1])
  func straight(roughness: Double) throws {
    let (start, end) = (SIMD3(12.0, 15, 12), SIMD3(32.0, 85, 72))
    var phantom = FilamentPhantom(Shape(z: 44, y: 100, x: 90))
    phantom.draw(FilamentPhantom.line(start, end), radius: 4)
    if roughness > 0 { phantom.roughen(roughness, seed: 3) }
    let filaments = try phantom.filaments(Self.whole)
    #expect(filaments.count == 1)
    let filament = try #require(filaments.first)
    #expect(abs(filament.length - (end - start).length) < 2, "\(filament.length) of \((end - start).length)")
    #expect(filament.start == .free && filament.end == .free && !filament.isClosed)
    let direction = (end - start).normalized
    for point in filament.points {
      let arm = point.place - start
      #expect((arm - direction * (arm * direction).sum()).length < (roughness > 0 ? 0.6 : 0.1))
      #expect((point.direction * direction).sum() > cos((roughness > 0 ? 3 : 1) * .pi / 180))
      #expect(point.angles.rot == 0)
    }
    for (a, b) in zip(filament.points, filament.points.dropFirst()) {
      #expect(abs((a.place - b.place).length - 4) < 0.02)
      #expect(abs(b.way - a.way - 4) < 1e-9)
    }
    #expect(filament.points.count == Int((filament.length / 4).rounded(.up)))
    #expect(filament.points[0].place[0] < filament.points.last!.place[0])
  }

  @Test("radius of curvature and length of an arc and a helix are right within two hundredths", arguments: [0.0, 0.1])
  func curvature(roughness: Double) throws {
    let steps = (0...3000).map { Double($0) / 3000 }
    let arc = steps.map { SIMD3<Double>(12.3, 60 + 40.2 * sin(4.5 * $0), 60 + 40.2 * cos(4.5 * $0)) }
    let helix = steps.map { SIMD3<Double>(12 + 96 * $0, 40 + 22 * sin(12 * $0), 40 + 22 * cos(12 * $0)) }
    let cases: [([SIMD3<Double>], Shape, Double, Double, Double)] = [
      (arc, Shape(z: 25, y: 120, x: 120), 4.5, 40.2, 4.5 * 40.2),
      (helix, Shape(z: 120, y: 80, x: 80), 3.4, 22 + 8.0 * 8 / 22, (96.0 * 96 + 264 * 264).squareRoot()),
    ]
    for (curve, shape, width, radius, length) in cases {
      var phantom = FilamentPhantom(shape)
      phantom.draw(curve, radius: width)
      if roughness > 0 { phantom.roughen(roughness, seed: 1) }
      var settings = Self.whole
      settings.spacing = 1
      let filaments = try phantom.filaments(settings)
      #expect(filaments.count == 1)
      let filament = try #require(filaments.first)
      #expect(abs(filament.length - length) < 3.5, "\(filament.length) of \(length)")
      let away = filament.points.map { distance($0.place, to: curve) }
      #expect(mean(away) < 0.25)
      // Near the ends, the curve hangs in the air.
      let inner = filament.points.dropFirst(8).dropLast(8).map { 1 / $0.radiusOfCurvature }
      #expect(abs(mean(inner) * radius - 1) < (roughness > 0 ? 0.03 : 0.02), "curvature \(mean(inner)) of 1/\(radius)")
    }
  }

  @Test("a ring is closed: no ends, whole circumference, evenly spread points, curvature within a hundredth")
  func ring() throws {
    let circle = (0...3000).map { step -> SIMD3<Double> in
      let turn = Double(step) / 3000 * 2 * .pi
      return SIMD3(12.3, 60 + 40.2 * sin(turn), 60 + 40.2 * cos(turn))
    }
    var phantom = FilamentPhantom(Shape(z: 25, y: 120, x: 120))
    phantom.draw(circle, radius: 4.5)
    let filaments = try phantom.filaments(Self.whole)
    #expect(filaments.count == 1)
    let filament = try #require(filaments.first)
    #expect(filament.isClosed)
    #expect(abs(filament.length / (2 * .pi * 40.2) - 1) < 0.01)
    #expect(abs(mean(filament.points.map { 1 / $0.radiusOfCurvature }) * 40.2 - 1) < 0.01)
    let gap = filament.length / Double(filament.points.count)
    #expect(abs(gap - 4) < 0.1)
    for (a, b) in zip(filament.points, filament.points.dropFirst() + filament.points.prefix(1)) {
      // Chords are shorter than arcs by 2 parts in 1000; where the curve closes, it may miss itself a little.
      #expect(abs((a.place - b.place).length - gap) < 0.25)
    }
  }

  @Test("two crossing filaments stay two, at any angle from 30° on", arguments: [30.0, 45, 60, 90])
  func crossing(angle: Double) throws {
    var phantom = FilamentPhantom(Shape(z: 30, y: 130, x: 130))
    let middle = SIMD3(15.0, 65, 65)
    let half = angle / 2 * .pi / 180
    let directions = [SIMD3(0, sin(half), cos(half)), SIMD3(0, -sin(half), cos(half))]
    for direction in directions {
      phantom.draw(FilamentPhantom.line(middle - direction * 55, middle + direction * 55), radius: 3.5)
    }
    let filaments = try phantom.filaments(Self.whole)
    #expect(filaments.count == 2)
    for filament in filaments {
      #expect(filament.length > 100 && filament.length < 115)
      #expect(filament.start == .free && filament.end == .free)
      let heading = filament.points[3].direction
      let own = directions.max { abs(($0 * heading).sum()) < abs(($1 * heading).sum()) }!
      let away = filament.points.map { point -> Double in
        let arm = point.place - middle
        return (arm - own * (arm * own).sum()).length
      }
      #expect(away.max()! < 1.5)
    }
  }

  @Test("with junctions that split, a crossing gives four filaments that end there")
  func split() throws {
    var phantom = FilamentPhantom(Shape(z: 30, y: 110, x: 110))
    phantom.draw(FilamentPhantom.line(SIMD3(15, 10, 55), SIMD3(15, 100, 55)), radius: 3.5)
    phantom.draw(FilamentPhantom.line(SIMD3(15, 55, 10), SIMD3(15, 55, 100)), radius: 3.5)
    var settings = Self.whole
    settings.junctions = .split
    let filaments = try phantom.filaments(settings)
    #expect(filaments.count == 4)
    for filament in filaments {
      #expect([filament.start, filament.end].filter { $0 == .junction }.count == 1)
      #expect([filament.start, filament.end].filter { $0 == .free }.count == 1)
    }
  }

  @Test("a branch ends at the trunk, which goes through; bumps on a filament are no branches")
  func branched() throws {
    var phantom = FilamentPhantom(Shape(z: 30, y: 110, x: 110))
    phantom.draw(FilamentPhantom.line(SIMD3(15, 10, 40), SIMD3(15, 100, 40)), radius: 3.5)
    phantom.draw(FilamentPhantom.line(SIMD3(15, 55, 40), SIMD3(15, 75, 95)), radius: 3.5)
    // A bump as high as the filament is wide.
    phantom.draw([SIMD3(15, 30, 35)], radius: 4)
    let filaments = try phantom.filaments(Self.whole).sorted { $0.length > $1.length }
    #expect(filaments.count == 2)
    #expect(abs(filaments[0].length - 90) < 4)
    #expect(filaments[0].start == .free && filaments[0].end == .free)
    #expect([filaments[1].start, filaments[1].end].contains(.junction))
    #expect(filaments[1].length > 45 && filaments[1].length < 60)
  }

  @Test("the minimum length is honoured, whatever a filament ends at", arguments: FilamentSettings.Junctions.allCases)
  func minimumLength(junctions: FilamentSettings.Junctions) throws {
    var phantom = FilamentPhantom(Shape(z: 30, y: 110, x: 130))
    phantom.draw(FilamentPhantom.line(SIMD3(15, 15, 10), SIMD3(15, 15, 100)), radius: 3)
    phantom.draw(FilamentPhantom.line(SIMD3(15, 60, 10), SIMD3(15, 60, 40)), radius: 3)
    // A piece of 30 voxels between two junctions.
    phantom.draw(FilamentPhantom.line(SIMD3(15, 85, 10), SIMD3(15, 85, 120)), radius: 3)
    phantom.draw(FilamentPhantom.line(SIMD3(15, 105, 10), SIMD3(15, 105, 120)), radius: 3)
    phantom.draw(FilamentPhantom.line(SIMD3(15, 85, 60), SIMD3(15, 105, 60)), radius: 3)
    var settings = FilamentSettings(spacing: 5, minimumLength: 0)
    settings.junctions = junctions
    let all = try phantom.filaments(settings)
    #expect(all.contains { $0.length < 35 })
    for limit in [20.0, 40, 80, 200] {
      settings.minimumLength = limit
      let kept = try phantom.filaments(settings)
      #expect(kept.count == all.filter { $0.length >= limit }.count)
      #expect(kept.allSatisfy { $0.length >= limit })
    }
  }

  @Test("filaments reach the faces of the volume and say so", arguments: [0.0, 25])
  func border(slope: Double) throws {
    var phantom = FilamentPhantom(Shape(z: 40, y: 60, x: 90))
    let start = SIMD3(15.0, 20, -20)
    phantom.draw(FilamentPhantom.line(start, start + SIMD3(slope / 5, slope, 130)), radius: 4)
    let filament = try #require(try phantom.filaments(Self.whole).first)
    #expect(filament.start == .border && filament.end == .border)
    let (low, high) = (filament.points.map { $0.point.x }.min()!, filament.points.map { $0.point.x }.max()!)
    #expect(low < 1 && high > 84)
    #expect(filament.points.allSatisfy { $0.point.x >= -0.01 && $0.point.x <= 89.01 })
    let direction = SIMD3(slope / 5, slope, 130).normalized
    #expect(abs(filament.length - 89 / direction[2]) < 1)
  }

  @Test("twist adds up from point to point, from 0 on; without it rot is 0")
  func twist() throws {
    var phantom = FilamentPhantom(Shape(z: 30, y: 30, x: 120))
    phantom.draw(FilamentPhantom.line(SIMD3(15, 15, 8), SIMD3(15, 15, 112)), radius: 3.5)
    var settings = Self.whole
    settings.twist = 27.5
    let filament = try #require(try phantom.filaments(settings).first)
    for (index, point) in filament.points.enumerated() {
      #expect(abs((point.angles.rot - 27.5 * Double(index)).remainder(dividingBy: 360)) < 1)
      #expect(point.angles.rot >= 0 && point.angles.rot < 360)
    }
  }

  @Test("along a bent filament the twist counts from a frame that does not turn about it")
  func twistOfArc() throws {
    let steps = (0...3000).map { Double($0) / 3000 * 4 }
    var phantom = FilamentPhantom(Shape(z: 110, y: 110, x: 30))
    phantom.draw(steps.map { SIMD3<Double>(55 + 40 * sin($0), 55 + 40 * cos($0), 15) }, radius: 4)
    var settings = Self.whole
    settings.twist = 0
    let filament = try #require(try phantom.filaments(settings).first)
    // The arc lies in a plane: the particle's x axis keeps its angle with it.
    func xAxis(_ angles: EulerAngles) -> SIMD3<Double> {
      let (rot, tilt, psi) = (angles.rot * .pi / 180, angles.tilt * .pi / 180, angles.psi * .pi / 180)
      let untwisted = SIMD3<Double>(sin(tilt), -sin(psi) * cos(tilt), cos(psi) * cos(tilt))
      let across = SIMD3<Double>(0, cos(psi), sin(psi))
      return untwisted * cos(rot) - across * sin(rot)
    }
    let angles = filament.points.map { acos(max(-1, min(1, xAxis($0.angles)[2]))) * 180 / .pi }
    #expect(angles.allSatisfy { abs($0 - angles[0]) < 3 })
    for (a, b) in zip(filament.points, filament.points.dropFirst()) {
      #expect((xAxis(a.angles) * xAxis(b.angles)).sum() > cos(10 * Double.pi / 180))
    }
  }

  @Test("voxels that are not cubes give lengths and curvature in their unit")
  func anisotropic() throws {
    let edges = SIMD3(20.0, 10, 10)
    let steps = (0...3000).map { Double($0) / 3000 * 4 }
    let curve = steps.map { SIMD3<Double>(600 + 400 * sin($0), 600 + 400 * cos($0), 150) / edges }
    var phantom = FilamentPhantom(Shape(z: 60, y: 120, x: 30))
    phantom.draw(curve, radius: 50, edges: edges)
    var settings = FilamentSettings(spacing: 40, minimumLength: 500)
    settings.edges = VoxelEdges(z: 20, y: 10, x: 10)
    let filament = try #require(try phantom.filaments(settings).first)
    #expect(abs(filament.length - 1600) < 60, "\(filament.length) of 1600")
    let inner = filament.points.dropFirst(3).dropLast(3).map { 1 / $0.radiusOfCurvature }
    #expect(abs(mean(inner) * 400 - 1) < 0.05)
    #expect(filament.points.allSatisfy { distance($0.place * edges, to: curve.map { $0 * edges }) < 8 })
  }

  @Test("filaments that touch side by side stay two, each in its own line")
  func touching() throws {
    // They come together, run side by side with walls that share voxels, and part again.
    var phantom = FilamentPhantom(Shape(z: 24, y: 60, x: 160))
    let axes = [-1.0, 1].map { side in
      (0...1500).map { step -> SIMD3<Double> in
        let x = 8 + 144 * Double(step) / 1500
        return SIMD3(12, 30 + side * (3.9 + 0.0016 * (x - 80) * (x - 80)), x)
      }
    }
    for axis in axes { phantom.draw(axis, radius: 4) }
    #expect(try phantom.components().components.count == 1)
    let filaments = try phantom.filaments(Self.whole)
    #expect(filaments.count == 2)
    for filament in filaments {
      #expect(filament.length > 135 && filament.start == .free && filament.end == .free)
      let own = filament.points[0].point.y < 30 ? axes[0] : axes[1]
      #expect(filament.points.map { distance($0.place, to: own) }.max()! < 1.6)
    }
  }

  @Test("of a fork with equal arms, the straighter two are one and the third ends there", arguments: [0.0, 15])
  func fork(turn: Double) throws {
    // Arms at 0°, 150° + turn and 210° + turn: both bends are allowed, with a turn one is less.
    var phantom = FilamentPhantom(Shape(z: 30, y: 130, x: 130))
    let middle = SIMD3(15.0, 65, 65)
    for angle in [0, 150 + turn, 210 + turn] {
      let arm = SIMD3(0, sin(angle * .pi / 180), cos(angle * .pi / 180)) * 50
      phantom.draw(FilamentPhantom.line(middle, middle + arm), radius: 3.5)
    }
    let filaments = try phantom.filaments(Self.whole).sorted { $0.length > $1.length }
    #expect(filaments.count == 2)
    #expect(filaments[0].start == .free && filaments[0].end == .free && abs(filaments[0].length - 100) < 4)
    #expect([filaments[1].start, filaments[1].end].filter { $0 == .junction }.count == 1)
    if turn > 0 {
      let ends = [filaments[0].points[0], filaments[0].points.last!].map { $0.place - middle }
      #expect(ends.contains { ($0.normalized * SIMD3(0, sin(165 * .pi / 180), cos(165 * .pi / 180))).sum() > 0.98 })
    }
    var split = Self.whole
    split.junctions = .split
    #expect(try phantom.filaments(split).count == 3)
  }

  @Test("rot follows the closed form on a helix: what the frame turns against the helix' own normal is its torsion")
  func twistOfHelix() throws {
    let (radius, rise) = (24.0, 9.0)
    let helix = (0...4000).map { step -> SIMD3<Double> in
      let turn = Double(step) / 4000 * 11
      return SIMD3(10 + rise * turn, 45 + radius * sin(turn), 45 + radius * cos(turn))
    }
    var phantom = FilamentPhantom(Shape(z: 120, y: 90, x: 90))
    phantom.draw(helix, radius: 3.4)
    let twist = -20.0
    var settings = FilamentSettings(spacing: 3, minimumLength: 50)
    settings.twist = twist
    let filament = try #require(try phantom.filaments(settings).first)
    // The angle about the axis between the particle's x axis and the normal that points to the helix' middle.
    func angle(_ point: Filament.Point) -> Double {
      let (rot, tilt, psi) = (
        point.angles.rot * .pi / 180, point.angles.tilt * .pi / 180, point.angles.psi * .pi / 180
      )
      let untwisted = SIMD3<Double>(sin(tilt), -sin(psi) * cos(tilt), cos(psi) * cos(tilt))
      let across = SIMD3<Double>(0, cos(psi), sin(psi))
      let x = untwisted * cos(rot) - across * sin(rot)
      let inward = (SIMD3(point.place[0], 45, 45) - point.place).normalized
      let normal = (inward - point.direction * (inward * point.direction).sum()).normalized
      return atan2((normal.cross(x) * point.direction).sum(), (normal * x).sum()) * 180 / .pi
    }
    // (z, y, x) is a mirror of (x, y, z): a cross product there turns the other way, and so does this angle. Torsion, in
    // degrees a unit of length, is rise / (radius² + rise²).
    let torsion = rise / (radius * radius + rise * rise) * 180 / .pi
    let inner = filament.points.dropFirst(4).dropLast(4)
    var steps: [Double] = []
    for (a, b) in zip(inner, inner.dropFirst()) {
      steps.append((angle(b) - angle(a)).remainder(dividingBy: 360))
    }
    let turned = mean(steps) / 3
    let (left, right) = ((twist / 3 - torsion), (twist / 3 + torsion))
    #expect(min(abs(abs(turned) - abs(left)), abs(abs(turned) - abs(right))) < 0.12, "\(turned) of \(left) or \(right)")
  }

  @Test("filaments do not depend on the number of threads")
  func threads() throws {
    var phantom = FilamentPhantom(Shape(z: 40, y: 100, x: 100))
    for index in 0..<8 {
      let y = 8 + 11 * Double(index)
      phantom.draw(FilamentPhantom.line(SIMD3(10, y, 10), SIMD3(30, y + 4, 90)), radius: 2.5 + Double(index % 3) / 2)
    }
    phantom.roughen(0.1, seed: 9)
    let one = try phantom.filaments(Self.whole)
    let four = try phantom.filaments(Self.whole, threads: 4)
    #expect(one.count == 8)
    #expect(one.map(\.points) == four.map(\.points))
  }

  @Test("an empty volume, specks and a solid ball are no filaments")
  func nothing() throws {
    var phantom = FilamentPhantom(Shape(z: 40, y: 40, x: 40))
    #expect(try phantom.filaments(Self.whole).isEmpty)
    phantom.mask[z: 3, y: 3, x: 3] = 1
    phantom.draw([SIMD3(20, 20, 20)], radius: 10)
    #expect(try FilamentPicker(Self.whole).filaments(in: phantom.components(minimum: 1)).isEmpty)
    let full = FilamentPhantom(Shape(z: 1, y: 1, x: 1))
    #expect(
      try FilamentPicker(FilamentSettings(spacing: 1, minimumLength: 0)).filaments(in: full.components(minimum: 0))
        .isEmpty)
  }

  @Test("a piece too large for the memory is refused with what to do; a stopped search says so")
  func limits() throws {
    var phantom = FilamentPhantom(Shape(z: 40, y: 40, x: 40))
    phantom.draw(FilamentPhantom.line(SIMD3(5, 5, 5), SIMD3(35, 35, 35)), radius: 3)
    let found = try phantom.components()
    let small = #expect(throws: AisError.self) {
      try FilamentPicker(Self.whole, memory: ByteCount(1000)).filaments(in: found)
    }
    #expect(small?.code == .outOfMemory && small?.message.contains("--binning") == true)
    let cancellation = Cancellation()
    cancellation.cancel()
    let stopped = #expect(throws: AisError.self) {
      try FilamentPicker(Self.whole).filaments(in: found, cancellation: cancellation)
    }
    #expect(stopped?.code == .cancelled)
  }
}
