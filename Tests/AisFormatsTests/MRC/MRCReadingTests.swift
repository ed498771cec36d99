import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Reading MRC")
struct MRCReadingTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(_ file: MRCBytes, _ options: TomogramOptions = .init(), name: String = "a.mrc") throws -> Tomogram {
    try file.write(folder.path(name))
    return try Tomogram.open(folder.path(name), options: options)
  }

  private func open(raw bytes: [UInt8], _ options: TomogramOptions = .init()) throws -> Tomogram {
    try Data(bytes).write(to: URL(filePath: folder.path("a.mrc")))
    return try Tomogram.open(folder.path("a.mrc"), options: options)
  }

  private func voxels(_ tomogram: Tomogram) throws -> [Float] {
    try (0..<tomogram.shape.z).flatMap { try tomogram.slice($0) }
  }

  static let shape = Shape(z: 2, y: 3, x: 5)
  static let int16s = (0..<30).map { Int16($0 * 1000 - 15000) }

  @Test("both byte orders give the same voxels", arguments: [ByteOrder.littleEndian, .bigEndian])
  func byteOrders(order: ByteOrder) throws {
    let int16 = MRCBytes(Self.shape, mode: 1, order: order, voxels: MRCBytes.bytes(Self.int16s, order))
    #expect(try voxels(open(int16)) == Self.int16s.map(Float.init))
    let uint16 = MRCBytes(
      Self.shape, mode: 6, order: order, voxels: MRCBytes.bytes(Self.int16s.map { UInt16(bitPattern: $0) }, order))
    #expect(try voxels(open(uint16)) == Self.int16s.map { Float(UInt16(bitPattern: $0)) })
    let reals = (0..<30).map { Float($0) * 1.7 - 9 }
    let float32 = MRCBytes(Self.shape, mode: 2, order: order, voxels: MRCBytes.bytes(reals.map(\.bitPattern), order))
    #expect(try voxels(open(float32)) == reals)
    let halves = reals.map { Float16($0) }
    let float16 = MRCBytes(Self.shape, mode: 12, order: order, voxels: MRCBytes.bytes(halves.map(\.bitPattern), order))
    #expect(try voxels(open(float16)) == halves.map(Float.init))
    #expect(try open(float16).info.byteOrder == order)
    #expect(try open(float16).warnings.isEmpty)
  }

  @Test(
    "a missing machine stamp is replaced by what makes sense, and said",
    arguments: [ByteOrder.littleEndian, .bigEndian])
  func missingStamp(order: ByteOrder) throws {
    var file = MRCBytes(Self.shape, mode: 1, order: order, voxels: MRCBytes.bytes(Self.int16s, order))
    file.header.machineStamp = [0, 0, 0, 0]
    let tomogram = try open(file)
    #expect(tomogram.info.byteOrder == order)
    #expect(try voxels(tomogram) == Self.int16s.map(Float.init))
    #expect(tomogram.warnings.map(\.code) == [.machineStampMissing])
  }

  @Test("a wrong machine stamp is noticed", arguments: [ByteOrder.littleEndian, .bigEndian])
  func wrongStamp(order: ByteOrder) throws {
    var file = MRCBytes(Self.shape, mode: 1, order: order, voxels: MRCBytes.bytes(Self.int16s, order))
    file.header.machineStamp = order == .littleEndian ? [0x11, 0x11, 0, 0] : [0x44, 0x44, 0, 0]
    let tomogram = try open(file)
    #expect(tomogram.info.byteOrder == order)
    #expect(try voxels(tomogram) == Self.int16s.map(Float.init))
    #expect(tomogram.warnings.map(\.code) == [.machineStampWrong])
  }

  @Test("byte volumes whose size reads well either way follow the file's length")
  func ambiguousSize() throws {
    // 256 little-endian is 65536 big-endian and the other way round.
    let shape = Shape(z: 1, y: 256, x: 256)
    var file = MRCBytes(shape, mode: 0, voxels: [UInt8](repeating: 7, count: 65536))
    file.header.machineStamp = [0, 0, 0, 0]
    file.header.axes = .init(0, 0, 0)
    file.header.mapBytes = [0, 0, 0, 0]
    file.header.size = .init(256, 256, 1)
    #expect(try open(file).shape == shape)
  }

  @Test("4-bit voxels are unpacked, odd rows filled up to whole bytes")
  func packed() throws {
    // Row of 5: low half first; the last byte's high half is padding.
    let row: [UInt8] = [0x21, 0x43, 0xF5]
    let file = MRCBytes(Shape(z: 2, y: 1, x: 5), mode: 101, voxels: row + [0x10, 0x32, 0x04])
    let tomogram = try open(file)
    #expect(tomogram.info.elementType == .uint4)
    #expect(try tomogram.slice(0) == [1, 2, 3, 4, 5])
    #expect(try tomogram.slice(1) == [0, 1, 2, 3, 4])
    var imod = MRCBytes(Shape(z: 1, y: 1, x: 2), mode: 0, voxels: [0x21, 0x43])
    imod.header.imodStamp = MRCHeader.IMODFlags.stamp
    imod.header.imodFlags = 16
    let doubled = try open(imod)
    #expect(doubled.shape == Shape(z: 1, y: 1, x: 4))
    #expect(try doubled.slice(0) == [1, 2, 3, 4])
    #expect(doubled.voxelSize == VoxelSize(.angstroms(10)))
  }

  @Test(
    "complex, colour and unknown modes are refused by name",
    arguments: [(3, "complex"), (4, "complex"), (16, "colours")])
  func refusedModes(mode: Int, word: String) throws {
    let error = #expect(throws: AisError.self) {
      try open(MRCBytes(Shape(z: 1, y: 2, x: 2), mode: mode, voxels: .init(repeating: 0, count: 64)))
    }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains(word) == true)
  }

  @Test(
    "every order of the axes is put right",
    arguments: [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]])
  func axes(codes: [Int]) throws {
    // True volume: x 2, y 3, z 4, voxel (x, y, z) has the value 100 z + 10 y + x.
    let sizes = [2, 3, 4]
    let stored = codes.map { sizes[$0 - 1] }
    var values: [Int16] = []
    for s in 0..<stored[2] {
      for r in 0..<stored[1] {
        for c in 0..<stored[0] {
          var place = [0, 0, 0]
          place[codes[0] - 1] = c
          place[codes[1] - 1] = r
          place[codes[2] - 1] = s
          values.append(Int16(place[0] + 10 * place[1] + 100 * place[2]))
        }
      }
    }
    var file = MRCBytes(
      Shape(z: stored[2], y: stored[1], x: stored[0]), mode: 1, voxels: MRCBytes.bytes(values, .littleEndian))
    file.header.axes = .init(codes[0], codes[1], codes[2])
    // The cell and its sampling are along x, y, z whatever the order.
    file.header.sampling = .init(2, 3, 4)
    file.header.cell = .init(2 * 5, 3 * 6, 4 * 7)
    file.header.start = .init(codes[0] * 11, codes[1] * 11, codes[2] * 11)
    // Cached, one slice a block, and too large for the cache.
    for cacheBytes in [1 << 20, 64, 0] {
      var options = TomogramOptions()
      options.cacheBytes = cacheBytes
      let tomogram = try open(file, options)
      #expect(tomogram.shape == Shape(z: 4, y: 3, x: 2))
      #expect(tomogram.voxelSize == VoxelSize(z: .angstroms(7), y: .angstroms(6), x: .angstroms(5)))
      #expect(tomogram.info.start == VoxelIndex(z: 33, y: 22, x: 11))
      for z in 0..<4 {
        #expect(try tomogram.slice(z) == (0..<3).flatMap { y in (0..<2).map { Float($0 + 10 * y + 100 * z) } })
      }
    }
    var reference = TomogramOptions()
    reference.compatibility = .reference
    #expect(try open(file, reference).shape == Shape(z: stored[2], y: stored[1], x: stored[0]))
  }

  @Test("an unknown voxel size is nil, each axis for itself", arguments: [Float(0), .nan, .infinity, -3])
  func unknownVoxelSize(cell: Float) throws {
    var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    file.header.cell = .init(cell, cell, cell)
    #expect(try open(file).voxelSize == nil)
    #expect(try open(file).warnings.map(\.code) == [.voxelSizeUnknown])
    file.header.cell = .init(50, 30, cell)
    #expect(try open(file).voxelSize == VoxelSize(.angstroms(10)))
    #expect(try open(file).info.voxelSize.z == nil)
    #expect(try open(file).warnings.map(\.code) == [.voxelSizePartlyUnknown])
    file.header.cell = .init(50, cell, 20)
    #expect(try open(file).voxelSize == nil)
    var options = TomogramOptions()
    options.voxelSize = VoxelSize(.angstroms(7))
    #expect(try open(file, options).voxelSize == VoxelSize(.angstroms(7)))
  }

  @Test("different edges of a voxel are kept")
  func anisotropic() throws {
    var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    file.header.cell = .init(5, 6, 8)
    #expect(try open(file).voxelSize == VoxelSize(z: .angstroms(4), y: .angstroms(2), x: .angstroms(1)))
  }

  @Test("IMOD's inverted origin is turned back")
  func invertedOrigin() throws {
    var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    file.header.origin = .init(-1, 2, -3)
    #expect(try open(file).info.origin == .init(z: -3, y: 2, x: -1))
    file.header.imodStamp = MRCHeader.IMODFlags.stamp
    file.header.imodFlags = 4
    #expect(try open(file).info.origin == .init(z: 3, y: -2, x: 1))
  }

  @Test("the extended header is kept and skipped")
  func extended() throws {
    var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    file.extended = (0..<77).map { UInt8($0) }
    file.header.extendedType = "SERI"
    let tomogram = try open(file)
    #expect(tomogram.info.extendedHeader == .init(type: "SERI", byteCount: 77))
    #expect(try tomogram.extendedHeaderBytes() == file.extended)
    #expect(try voxels(tomogram) == Self.int16s.map(Float.init))
  }

  @Test("a volume of a stack can be read alone")
  func volumeStack() throws {
    var file = MRCBytes(
      Shape(z: 4, y: 1, x: 2), mode: 1, voxels: MRCBytes.bytes((0..<8).map { Int16($0) }, .littleEndian))
    file.header.spaceGroup = 401
    file.header.sampling = .init(2, 1, 2)
    file.header.cell = .init(20, 10, 20)
    let whole = try open(file)
    #expect(whole.info.volumeCount == 2 && whole.shape.z == 4)
    var options = TomogramOptions()
    options.volume = 1
    let second = try open(file, options)
    #expect(second.shape == Shape(z: 2, y: 1, x: 2))
    #expect(try voxels(second) == [4, 5, 6, 7])
    #expect(second.voxelSize == VoxelSize(.angstroms(10)))
    options.volume = 2
    #expect(throws: AisError.self) { try open(file, options) }
  }

  @Test("every prefix of a file is an error, never a crash, and permissive reading gives the whole sections")
  func prefixes() throws {
    let file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    let bytes = file.bytes
    var permissive = TomogramOptions()
    permissive.isPermissive = true
    for count in Array(0..<bytes.count) where count % 37 == 0 || count > 1000 {
      let error = #expect(throws: AisError.self) { try open(raw: Array(bytes[..<count])) }
      #expect(error?.message.contains("a.mrc") == true)
      #expect(error?.code == .truncated || count < 1024, "\(count): \(error?.message ?? "")")
      if count >= 1024 + 30 {
        let tomogram = try open(raw: Array(bytes[..<count]), permissive)
        #expect(tomogram.shape.z == 1)
        #expect(tomogram.warnings.map(\.code) == [.truncated])
        #expect(try tomogram.slice(0) == Self.int16s[..<15].map(Float.init))
      }
    }
  }

  @Test("bytes after the voxels are a warning")
  func extraBytes() throws {
    let file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian) + [1, 2, 3])
    #expect(try open(file).warnings.map(\.code) == [.extraBytes])
  }

  @Test("lies in the header are errors with a reason")
  func lies() throws {
    func message(_ change: (inout MRCHeader) -> Void) throws -> String {
      var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
      change(&file.header)
      let error = #expect(throws: AisError.self) { try open(file) }
      return error?.message ?? ""
    }
    let huge = 1 << 24
    #expect(try message { $0.size = .init(huge, huge, huge) }.contains("broken header"))
    #expect(try message { $0.size = .init(1 << 20, 1 << 20, 1) }.contains("truncated"))
    #expect(try message { $0.size = .init(-5, 3, 2) }.contains("not an MRC file"))
    #expect(try message { $0.size = .init(0, 3, 2) }.contains("not an MRC file"))
    #expect(try message { $0.size = .init(Int(Int32.max), 3, 2) }.contains("not an MRC file"))
    #expect(try message { $0.extendedByteCount = Int(Int32.max) }.contains("extended header of 2147483647 bytes"))
    #expect(try message { $0.extendedByteCount = -1 }.contains("extended header of -1 bytes"))
    #expect(try message { $0.mode = 77 }.contains("not an MRC file"))
  }

  @Test("a broken extended size, axis order or label count is mended where that is possible")
  func mended() throws {
    var file = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian))
    file.header.extendedByteCount = -1
    var permissive = TomogramOptions()
    permissive.isPermissive = true
    let tomogram = try open(file, permissive)
    #expect(tomogram.warnings.map(\.code) == [.extendedHeaderInvalid])
    #expect(try voxels(tomogram) == Self.int16s.map(Float.init))
    file.header.extendedByteCount = 0
    file.header.axes = .init(1, 1, 3)
    #expect(try open(file).warnings.map(\.code) == [.axesInvalid])
  }

  @Test("random headers never crash the reader")
  func randomHeaders() throws {
    var random = SeededGenerator(seed: 11)
    let good = MRCBytes(Self.shape, mode: 1, voxels: MRCBytes.bytes(Self.int16s, .littleEndian)).bytes
    var opened = 0
    for _ in 0..<400 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        bytes[Int.random(in: 0..<256, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var options = TomogramOptions()
      options.isPermissive = Bool.random(using: &random)
      do {
        let tomogram = try open(raw: bytes, options)
        _ = try voxels(tomogram)
        opened += 1
      } catch let error as AisError {
        #expect(!error.message.isEmpty)
      }
    }
    #expect(opened > 0 && opened < 400)
  }

  @Test("folders, missing files, pipes and empty files are told apart")
  func notFiles() throws {
    func error(_ path: String) -> AisError? { #expect(throws: AisError.self) { try Tomogram.open(path) } }
    #expect(error(folder.path("missing.mrc"))?.code == .notFound)
    #expect(error(folder.root)?.message.contains("a folder") == true)
    #expect(mkfifo(folder.path("pipe.mrc"), 0o600) == 0)
    #expect(error(folder.path("pipe.mrc"))?.message.contains("a pipe or device") == true)
    try Data().write(to: URL(filePath: folder.path("empty.mrc")))
    #expect(error(folder.path("empty.mrc"))?.message.contains("is empty") == true)
    try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: folder.path("movie.EER")))
    #expect(error(folder.path("movie.EER"))?.message.contains("a movie") == true)
    try Data("data_\n\nloop_\n_rlnCoordinateX\n".utf8).write(to: URL(filePath: folder.path("a.star")))
    #expect(error(folder.path("a.star")) != nil)
  }

  @Test("a file that shrinks or vanishes while it is read is one error, and reading goes on where it can")
  func shrinking() throws {
    let shape = Shape(z: 3, y: 64, x: 64)
    let file = MRCBytes(
      shape, mode: 1, voxels: MRCBytes.bytes((0..<shape.count).map { Int16($0 % 100) }, .littleEndian))
    let tomogram = try open(file)
    _ = try tomogram.slice(0)
    #expect(truncate(folder.path("a.mrc"), 1024 + 8192 + 100) == 0)
    let error = #expect(throws: AisError.self) { try tomogram.slice(1) }
    #expect(error?.code == .truncated)
    #expect(error?.message.contains("shrank while it was read") == true)
    #expect(try tomogram.slice(0).count == 4096)
    // Removed but still open: the bytes stay.
    let other = try open(file, name: "b.mrc")
    try FileManager.default.removeItem(atPath: folder.path("b.mrc"))
    #expect(try other.slice(2).count == 4096)
  }
}
