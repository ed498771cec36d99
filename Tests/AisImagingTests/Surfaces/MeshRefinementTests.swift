import AisCore
import AisImaging
import Testing

@Suite("Mesh smoothing")
struct MeshSmoothingTests {
  private let ball = SolidPhantom.sphere(
    radius: 20.3, centre: VoxelPoint(z: 24.2, y: 25.1, x: 23.6), shape: Shape(z: 49, y: 50, x: 49))

  @Test("takes the steps of a mask away and keeps the size")
  func mask() throws {
    var mesh = MarchingCubes.surface(of: SolidPhantom.mask(ball), level: 0.5)
    let rough = mesh.area / ball.area
    #expect(rough > 1.05, "the steps of a mask make its surface larger")
    MeshSmoothing.smooth(&mesh, iterations: 10, threads: 2)
    #expect(abs(mesh.area / ball.area - 1) < 0.015, "area \(mesh.area / ball.area)")
    #expect(abs(mesh.enclosedVolume / ball.volume - 1) < 0.01, "volume \(mesh.enclosedVolume / ball.volume)")
    #expect(mesh.isClosedAndOriented && mesh.eulerCharacteristic == 2)
    let centre = try #require(mesh.enclosedCentre)
    #expect(abs(centre.x - ball.centre.x) < 0.05 && abs(centre.z - ball.centre.z) < 0.05)
  }

  @Test("follows its formula on a tetrahedron, whose corners all neighbour each other")
  func formula() {
    let corners: [SIMD3<Float>] = [SIMD3(0, 0, 0), SIMD3(3, 0, 0), SIMD3(0, 6, 0), SIMD3(0, 0, 9)]
    var mesh = SurfaceMesh(
      vertices: corners, triangles: [SIMD3(0, 2, 1), SIMD3(0, 1, 3), SIMD3(1, 2, 3), SIMD3(0, 3, 2)])
    MeshSmoothing.smooth(&mesh, iterations: 1)
    // Each step takes every corner towards the centre by 4/3 of it.
    let centre = (corners[0] + corners[1] + corners[2] + corners[3]) / 4
    let factor: Float = (1 - 0.5 * 4 / 3) * (1 + 1 / 1.9 * 4 / 3)
    for (vertex, corner) in zip(mesh.vertices, corners) {
      let difference = vertex - (centre + (corner - centre) * factor)
      #expect((difference * difference).sum() < 1e-9)
    }
  }

  @Test("does not depend on the number of threads, and leaves nothing and no step alone")
  func edges() {
    let volume = MarchingCubesTests.noise(Shape(z: 30, y: 31, x: 32), seed: 3)
    let rough = MarchingCubes.surface(of: volume, level: 0.5)
    var (one, three, untouched) = (rough, rough, rough)
    MeshSmoothing.smooth(&one, iterations: 3, threads: 1)
    MeshSmoothing.smooth(&three, iterations: 3, threads: 3)
    MeshSmoothing.smooth(&untouched, iterations: 0)
    #expect(one == three && untouched == rough && one != rough)
    var nothing = SurfaceMesh()
    MeshSmoothing.smooth(&nothing, iterations: 5)
    #expect(nothing.isEmpty)
  }
}

@Suite("Mesh decimation")
struct MeshDecimationTests {
  @Test(
    "keeps sphere and torus closed, with their area, volume and Euler characteristic", arguments: [0, 1], [0.5, 0.1])
  func solids(index: Int, share: Double) throws {
    let solid = MarchingCubesTests.solids[index]
    var mesh = MarchingCubes.surface(of: SolidPhantom.shares(solid), level: 0.5)
    let target = Int(Double(mesh.triangles.count) * share)
    try MeshDecimation.decimate(&mesh, to: .init(triangles: target))
    #expect(mesh.triangles.count <= target && mesh.triangles.count >= target - 1)
    #expect(mesh.vertices.count == mesh.triangles.count / 2 + solid.euler, "no vertex is left over")
    #expect(mesh.isClosedAndOriented && mesh.hasSingleFans && mesh.eulerCharacteristic == solid.euler)
    #expect(abs(mesh.area / solid.area - 1) < 0.01, "area \(mesh.area / solid.area)")
    #expect(abs(mesh.enclosedVolume / solid.volume - 1) < 0.01, "volume \(mesh.enclosedVolume / solid.volume)")
    for vertex in mesh.vertices {
      let distance = solid.distance(VoxelPoint(z: Double(vertex.z), y: Double(vertex.y), x: Double(vertex.x)))
      #expect(abs(distance) < 0.3, "a vertex is \(distance) voxels off the surface")
    }
  }

  @Test(
    "keeps any surface a closed manifold of the same topology, however few triangles are asked for", arguments: 0..<6)
  func noise(seed: Int) throws {
    let volume = MarchingCubesTests.noise(Shape(z: 12, y: 13, x: 14), seed: UInt64(seed))
    var mesh = MarchingCubes.surface(of: volume, level: 0.5)
    let (euler, count) = (mesh.eulerCharacteristic, mesh.triangles.count)
    try MeshDecimation.decimate(&mesh, to: .init(triangles: 0))
    #expect(mesh.triangles.count < count * 9 / 10)
    #expect(mesh.isClosedAndOriented && mesh.hasSingleFans && mesh.eulerCharacteristic == euler)
  }

  @Test("gives a flat box few triangles within an error, and leaves what is round")
  func errorLimit() throws {
    var box = MarchingCubes.surface(of: Volume(shape: Shape(z: 30, y: 31, x: 32), repeating: 1), level: 0.5)
    let (area, volume) = (box.area, box.enclosedVolume)
    try MeshDecimation.decimate(&box, to: .init(error: 1e-3))
    #expect(box.triangles.count < 400)
    #expect(abs(box.area / area - 1) < 1e-3 && abs(box.enclosedVolume / volume - 1) < 1e-3)
    let solid = MarchingCubesTests.solids[0]
    var ball = MarchingCubes.surface(of: SolidPhantom.shares(solid), level: 0.5)
    let count = ball.triangles.count
    try MeshDecimation.decimate(&ball, to: .init(error: 0.05))
    #expect(ball.triangles.count < count / 4 && ball.triangles.count > 1000)
    for vertex in ball.vertices {
      #expect(abs(solid.distance(VoxelPoint(z: Double(vertex.z), y: Double(vertex.y), x: Double(vertex.x)))) < 0.2)
    }
  }

  @Test("leaves an octahedron, an open surface and nothing as they are, and stops when asked")
  func unchanged() throws {
    var voxel = MarchingCubes.surface(of: Volume(shape: Shape(z: 1, y: 1, x: 1), repeating: 1), level: 0.5)
    try MeshDecimation.decimate(&voxel, to: .init(triangles: 8))
    #expect(voxel.triangles.count == 8)
    try MeshDecimation.decimate(&voxel, to: .init(triangles: 0))
    #expect(voxel.isClosedAndOriented && voxel.triangles.count >= 4)
    let open = SurfaceMesh(
      vertices: [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0)], triangles: Array(repeating: SIMD3(0, 1, 2), count: 9))
    var copy = open
    try MeshDecimation.decimate(&copy, to: .init(triangles: 0))
    #expect(copy == open)
    var nothing = SurfaceMesh()
    try MeshDecimation.decimate(&nothing, to: .init(triangles: 0))
    #expect(nothing.isEmpty)
    let stop = Cancellation()
    stop.cancel()
    var ball = MarchingCubes.surface(of: SolidPhantom.shares(MarchingCubesTests.solids[0]), level: 0.5)
    #expect(throws: AisError.self) { try MeshDecimation.decimate(&ball, to: .init(triangles: 0), cancellation: stop) }
  }
}
