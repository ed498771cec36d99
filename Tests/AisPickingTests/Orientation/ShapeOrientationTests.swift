import AisCore
import AisImaging
import AisPicking
import Foundation
import Testing

@Suite("Orientations from shapes")
struct ShapeOrientationTests {
  /// A rod (or with a negative stretch a disc) of half-length 12 and radius 4 along a direction, in a volume of 41³.
  private func group(along axis: (z: Double, y: Double, x: Double), isRod: Bool) throws -> Component {
    var volume = Volume<Float>(shape: Shape(z: 41, y: 41, x: 41), repeating: 0)
    let (long, short) = isRod ? (12.0, 4.0) : (3.0, 12.0)
    for z in 0..<41 {
      for y in 0..<41 {
        for x in 0..<41 {
          let p = (z: Double(z) - 20, y: Double(y) - 20, x: Double(x) - 20)
          let t = p.z * axis.z + p.y * axis.y + p.x * axis.x
          let square = p.z * p.z + p.y * p.y + p.x * p.x - t * t
          if t * t / (long * long) + square / (short * short) < 1 { volume[z: z, y: y, x: x] = 1 }
        }
      }
    }
    return try ComponentRuns.find(in: VolumeSource(volume), above: 0.5).components[0]
  }

  private static let directions: [(z: Double, y: Double, x: Double)] = [
    (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.8, 0), (0.36, 0.48, 0.8), (0.2, -0.4, 0.8944271909999159),
  ]

  @Test("rods and discs point along their axis, upwards", arguments: directions.indices)
  func axes(index: Int) throws {
    let axis = Self.directions[index]
    let centre = VoxelPoint(z: 20, y: 20, x: 20)
    for (isRod, which) in [(true, ShapeOrientation.Axis.longAxis), (false, .normal)] {
      let group = try group(along: axis, isRod: isRod)
      let angles = try #require(
        ShapeOrientation(axis: which).angles(of: group, edges: .one, volumeCentre: centre))
      let found = angles.zAxis
      let cosine = abs(found.z * axis.z + found.y * axis.y + found.x * axis.x)
      #expect(acos(min(1, cosine)) * 180 / .pi < 2)
      #expect(found.z >= -1e-12 && angles.rot == 0)
      // A rod has no shortest axis, a disc no longest.
      let other: ShapeOrientation.Axis = which == .normal ? .longAxis : .normal
      #expect(ShapeOrientation(axis: other).angles(of: group, edges: .one, volumeCentre: centre) == nil)
    }
  }

  @Test("the sign is towards the centre of the volume, or out from it")
  func signs() throws {
    let group = try group(along: (0, 0, 1), isRod: true)
    let centre = VoxelPoint(z: 20, y: 20, x: 5)
    let inward = ShapeOrientation(axis: .longAxis, sign: .center).direction(
      of: group, edges: .one, volumeCentre: centre)
    let outward = ShapeOrientation(axis: .longAxis, sign: .out).direction(of: group, edges: .one, volumeCentre: centre)
    #expect(try #require(inward).x < -0.99)
    #expect(try #require(outward).x > 0.99)
  }

  @Test("a ball has no axis, and a single voxel neither")
  func none() throws {
    for radius in [6.0, 0.5] {
      let volume = Phantom.volume(Shape(z: 21, y: 21, x: 21), [.init(z: 10, y: 10, x: 10, radius: radius)])
      let group = try ComponentRuns.find(in: VolumeSource(volume), above: 0.5).components[0]
      for axis in ShapeOrientation.Axis.allCases {
        #expect(
          ShapeOrientation(axis: axis).angles(of: group, edges: .one, volumeCentre: VoxelPoint(z: 10, y: 10, x: 10))
            == nil)
      }
    }
  }

  @Test("flattened voxels do not make a ball a disc")
  func anisotropic() throws {
    let bodies = [Phantom.Body(VoxelPoint(z: 10, y: 15, x: 15), radii: (5, 10, 10))]
    let group = try ComponentRuns.find(
      in: VolumeSource(Phantom.volume(Shape(z: 21, y: 31, x: 31), bodies)), above: 0.5
    ).components[0]
    let normal = ShapeOrientation(axis: .normal)
    let centre = VoxelPoint(z: 10, y: 15, x: 15)
    #expect(normal.direction(of: group, edges: .one, volumeCentre: centre) != nil)
    #expect(normal.direction(of: group, edges: VoxelEdges(z: 2, y: 1, x: 1), volumeCentre: centre) == nil)
  }

  @Test("principal axes are eigenvectors, at right angles, the shortest first")
  func principalAxes() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      func value() -> Double { .random(in: -1...1, using: &random) }
      // AᵀA is symmetric and has no negative eigenvalue.
      let a = (0..<3).map { _ in (0..<3).map { _ in value() } }
      func entry(_ i: Int, _ j: Int) -> Double { (0..<3).reduce(0) { $0 + a[$1][i] * a[$1][j] } }
      let matrix = VoxelCovariance(
        zz: entry(0, 0), zy: entry(0, 1), zx: entry(0, 2), yy: entry(1, 1), yx: entry(1, 2), xx: entry(2, 2))
      let found = PrincipalAxes(matrix)
      #expect(found.variances == found.variances.sorted())
      for i in 0..<3 {
        let v = [found.axes[i].z, found.axes[i].y, found.axes[i].x]
        for row in 0..<3 {
          let product = (0..<3).reduce(0) { $0 + entry(row, $1) * v[$1] }
          #expect(abs(product - found.variances[i] * v[row]) < 1e-12)
        }
        for j in 0..<3 {
          let w = [found.axes[j].z, found.axes[j].y, found.axes[j].x]
          #expect(abs((0..<3).reduce(0) { $0 + v[$1] * w[$1] } - (i == j ? 1 : 0)) < 1e-12)
        }
      }
    }
  }
}
