import AisCore
import AisFormats
import AisTestSupport
import Testing

@Suite("Views of a tomogram")
struct TomogramViewTests {
  static let shape = Shape(z: 4, y: 3, x: 5)
  let folder: TemporaryFolder
  let path: String

  /// Voxel (z, y, x) has the value 100 z + 10 y + x.
  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("a.mrc")
    let output = MRCOutput(
      shape: Self.shape, elementType: .int16,
      voxelSize: VoxelSize(z: .angstroms(3), y: .angstroms(2), x: .angstroms(1)),
      origin: .init(z: 30, y: 20, x: 10), start: VoxelIndex(z: 7, y: 8, x: 9))
    let writer = try MRCWriter(path: path, output: output)
    for z in 0..<4 {
      let slice = (0..<3).flatMap { y in (0..<5).map { Float(100 * z + 10 * y + $0) } }
      try slice.withUnsafeBufferPointer { (s) throws(AisError) in try writer.writeSlice(z, s) }
    }
    try writer.finish()
  }

  private func open(_ view: TomogramView, cacheBytes: Int = 1 << 20) throws -> Tomogram {
    var options = TomogramOptions()
    options.view = view
    options.cacheBytes = cacheBytes
    return try Tomogram.open(path, options: options)
  }

  /// The stored voxel that a view shows at (z, y, x), written out by hand.
  private func expected(_ view: TomogramView, _ z: Int, _ y: Int, _ x: Int) -> Float {
    switch (view.axes, view.rotatesX, view.mirrorsZ) {
    case (.xyz, false, false): Float(100 * z + 10 * y + x)
    case (.xzy, false, false): Float(100 * y + 10 * z + x)
    case (.xyz, true, false): Float(100 * y + 10 * (2 - z) + x)
    case (.xyz, false, true): Float(100 * (3 - z) + 10 * y + x)
    case (.xzy, false, true): Float(100 * y + 10 * (2 - z) + x)
    case (.xyz, true, true): Float(100 * y + 10 * z + x)
    // Exchanged, then turned: new z runs against the file's z, y stays.
    case (.xzy, true, false): Float(100 * (3 - z) + 10 * y + x)
    case (.xzy, true, true): Float(100 * z + 10 * y + x)
    }
  }

  static let views: [TomogramView] = TomogramView.Axes.allCases.flatMap { axes in
    [false, true].flatMap { turn in
      [false, true].map { TomogramView(axes: axes, rotatesX: turn, mirrorsZ: $0) }
    }
  }

  @Test("show the voxels where they should be, whatever fits the cache", arguments: views, [1 << 20, 200, 0])
  func voxels(view: TomogramView, cacheBytes: Int) throws {
    let tomogram = try open(view, cacheBytes: cacheBytes)
    let shape = tomogram.shape
    let isSwapped = (view.axes == .xzy) != view.rotatesX
    #expect(shape == (isSwapped ? Shape(z: 3, y: 4, x: 5) : Self.shape))
    #expect(tomogram.voxelSize?.z == .angstroms(isSwapped ? 2 : 3))
    for z in 0..<shape.z {
      let wanted = (0..<shape.y).flatMap { y in (0..<shape.x).map { expected(view, z, y, $0) } }
      #expect(try tomogram.slice(z) == wanted, "slice \(z) of \(view.summary)")
    }
  }

  @Test("a copy written through the view equals the file", arguments: views)
  func inverse(view: TomogramView) throws {
    let tomogram = try open(view)
    let copy = folder.path("copy.mrc")
    let writer = try tomogram.makeOutput(path: copy, elementType: .int16, labels: ["copy"])
    #expect(writer.shape == tomogram.shape)
    for z in (0..<tomogram.shape.z).reversed() {
      try tomogram.slice(z).withUnsafeBufferPointer { (s) throws(AisError) in try writer.writeSlice(z, s) }
    }
    try writer.finish()
    let original = try Tomogram.open(path)
    let written = try Tomogram.open(copy)
    #expect(written.shape == original.shape)
    #expect(written.voxelSize == original.voxelSize)
    #expect(written.info.origin == original.info.origin)
    #expect(written.info.start == original.info.start)
    #expect(written.info.statistics?.minimum == original.info.statistics?.minimum)
    #expect(written.info.statistics?.maximum == original.info.statistics?.maximum)
    for z in 0..<original.shape.z { #expect(try written.slice(z) == original.slice(z)) }
  }

  @Test("a mirror is called a mirror, a rotation is not")
  func handedness() {
    #expect(TomogramView(axes: .xzy).isMirror)
    #expect(TomogramView(axes: .xzy).summary.contains("mirror"))
    #expect(!TomogramView(rotatesX: true).isMirror)
    #expect(!TomogramView(rotatesX: true).summary.contains("mirror"))
    #expect(TomogramView(mirrorsZ: true).isMirror)
    #expect(!TomogramView(axes: .xzy, mirrorsZ: true).isMirror)
    #expect(TomogramView.identity.summary == "as it is")
  }

  @Test("inverting changes the sign, and keeps unsigned values in their range")
  func inverted() throws {
    #expect(try open(TomogramView(isInverted: true)).slice(1)[0] == -100)
    let bytes = folder.path("bytes.mrc")
    var file = MRCBytes(Shape(z: 1, y: 1, x: 3), mode: 0, voxels: [0, 100, 255])
    file.header.maximum = 255
    try file.write(bytes)
    var options = TomogramOptions()
    options.view.isInverted = true
    #expect(try Tomogram.open(bytes, options: options).slice(0) == [255, 155, 0])
  }

  @Test("the voxel size given is that of the axes as viewed, and returns to the file's in the output")
  func override() throws {
    var options = TomogramOptions()
    options.view = TomogramView(axes: .xzy)
    options.voxelSize = VoxelSize(z: .angstroms(7), y: .angstroms(8), x: .angstroms(9))
    let tomogram = try Tomogram.open(path, options: options)
    #expect(tomogram.voxelSize == options.voxelSize)
    let writer = try tomogram.makeOutput(path: folder.path("o.mrc"), elementType: .int8, allowsMissingSlices: true)
    try writer.finish()
    let back = try Tomogram.open(folder.path("o.mrc"))
    #expect(back.voxelSize == VoxelSize(z: .angstroms(8), y: .angstroms(7), x: .angstroms(9)))
  }

  @Test("slices may be read from many threads at once")
  func threads() async throws {
    let tomogram = try open(TomogramView(axes: .xzy), cacheBytes: 200)
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<40 {
        group.addTask {
          let z = task % 3
          let wanted = (0..<4).flatMap { y in (0..<5).map { Float(100 * y + 10 * z + $0) } }
          return (try? tomogram.slice(z)) == wanted
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
