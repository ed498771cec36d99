import AisCore
import AisFormats
import AisTestSupport
import Testing

@Suite("Boxes of a tomogram")
struct BoxReadingTests {
  /// What reading slice by slice gives of a box.
  private func expected(_ tomogram: Tomogram, _ box: VoxelBox) throws -> [Float] {
    try box.z.flatMap { z in
      let slice = try tomogram.slice(z)
      return box.y.flatMap { y in box.x.map { slice[y * tomogram.shape.x + $0] } }
    }
  }

  private func read(_ tomogram: Tomogram, _ box: VoxelBox, _ cancellation: Cancellation? = nil) throws -> [Float] {
    var values = [Float](repeating: -1, count: box.shape.count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(AisError) in
      try tomogram.read(box, into: buffer, cancellation: cancellation)
    }
    return values
  }

  @Test(
    "are what slices say, through every view and order of axes", arguments: TomogramViewTests.views,
    [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]])
  func views(view: TomogramView, axes: [Int]) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.mrc")
    var file = MRCBytes(
      Shape(z: 4, y: 6, x: 5), mode: 1, voxels: MRCBytes.bytes((0..<120).map { Int16($0) }, .littleEndian))
    file.header.axes = .init(axes[0], axes[1], axes[2])
    try file.write(path)
    var options = TomogramOptions()
    options.view = view
    let tomogram = try Tomogram.open(path, options: options)
    var random = SeededGenerator(seed: 5)
    let shape = tomogram.shape
    for _ in 0..<20 {
      func part(_ count: Int) -> Range<Int> {
        let first = Int.random(in: 0..<count, using: &random)
        return first..<Int.random(in: first...count, using: &random)
      }
      let box = VoxelBox(z: part(shape.z), y: part(shape.y), x: part(shape.x))
      #expect(try read(tomogram, box) == expected(tomogram, box))
    }
    #expect(try read(tomogram, VoxelBox(shape)) == expected(tomogram, VoxelBox(shape)))
  }

  @Test(
    "of wide rows come without the rest of the rows", arguments: [0, 1, 2, 6, 12, 101],
    [ByteOrder.littleEndian, .bigEndian])
  func narrow(mode: Int, order: ByteOrder) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.mrc")
    let shape = Shape(z: 2, y: 3, x: 9001)
    var random = SeededGenerator(seed: 6)
    let bits = [0: 8, 1: 16, 2: 32, 6: 16, 12: 16, 101: 4][mode]!
    let rowBytes = (shape.x * bits + 7) / 8
    // Exponents of half and single floats stay in the middle, away from what is no number.
    let voxels = (0..<shape.z * shape.y * rowBytes).map { _ in UInt8.random(in: 60...62, using: &random) }
    try MRCBytes(shape, mode: mode, order: order, voxels: voxels).write(path)
    let tomogram = try Tomogram.open(path)
    for columns in [0..<1, 17..<40, 8999..<9001, 100..<5000] {
      let box = VoxelBox(z: 0..<2, y: 1..<3, x: columns)
      #expect(try read(tomogram, box) == expected(tomogram, box))
    }
  }

  @Test("are not read to the end by who does not want them any more")
  func cancelled() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.mrc")
    try MRCBytes(Shape(z: 2, y: 3, x: 4), mode: 0, voxels: Array(repeating: 1, count: 24)).write(path)
    let tomogram = try Tomogram.open(path)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: AisError.self) { try read(tomogram, VoxelBox(tomogram.shape), cancellation) }
  }
}
