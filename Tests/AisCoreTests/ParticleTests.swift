import AisCore
import Testing

@Suite("Points, positions and angles of particles")
struct ParticleTests {
  @Test("A point in a binned volume lies at the centre of the voxels that were binned")
  func unbinning() {
    // Voxel 0 of a volume binned by 4 covers voxels 0 to 3, whose centre is 1.5.
    #expect(VoxelPoint(z: 0, y: 1, x: 2).unbinned(by: 4) == VoxelPoint(z: 1.5, y: 5.5, x: 9.5))
    #expect(VoxelPoint(z: 7, y: 8, x: 9).unbinned(by: 1) == VoxelPoint(z: 7, y: 8, x: 9))
  }

  @Test("Binning undoes unbinning", arguments: 1...5)
  func binningIsTheInverse(factor: Int) {
    let point = VoxelPoint(z: 3.25, y: -1.5, x: 100.125)
    let back = point.unbinned(by: factor).binned(by: factor)
    #expect(abs(back.z - point.z) < 1e-12 && abs(back.y - point.y) < 1e-12 && abs(back.x - point.x) < 1e-12)
  }

  @Test("Positions are in ångström along each axis")
  func positions() {
    let voxelSize = VoxelSize(z: .angstroms(2), y: .angstroms(3), x: .angstroms(4))
    let position = VoxelPoint(z: 1, y: 1, x: 1).position(voxelSize)
    #expect(position == Position(z: 2, y: 3, x: 4))
    #expect(position.point(voxelSize) == VoxelPoint(z: 1, y: 1, x: 1))
    #expect(Position(z: 0, y: 0, x: 0).distance(to: Position(z: 2, y: 3, x: 6)) == 7)
  }

  @Test(
    "The angles of a direction turn the particle's z axis along it",
    arguments: [(1.0, 0.0, 0.0), (0, 1, 0), (0, 0, 1), (-1, 0, 0), (0.5, -2, 3), (0, -1, -1)])
  func directions(z: Double, y: Double, x: Double) {
    let length = (z * z + y * y + x * x).squareRoot()
    let axis = EulerAngles(zAxis: (z, y, x)).zAxis
    #expect(abs(axis.z - z / length) < 1e-12)
    #expect(abs(axis.y - y / length) < 1e-12)
    #expect(abs(axis.x - x / length) < 1e-12)
  }
}
