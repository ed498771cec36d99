import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("TIFF stacks")
struct TIFFTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8], name: String = "a.tif", _ options: TomogramOptions = .init()) throws -> Tomogram {
    try Data(bytes).write(to: URL(filePath: folder.path(name)))
    return try Tomogram.open(folder.path(name), options: options)
  }

  /// Two pages of 4 × 3 whose pixels count up.
  private func stack<T: FixedWidthInteger>(_: T.Type, format: Int, isBigEndian: Bool = false) -> TIFFBytes {
    let order: ByteOrder = isBigEndian ? .bigEndian : .littleEndian
    let pages = (0..<2).map { page in
      TIFFBytes.Page(
        bits: T.bitWidth, format: format,
        chunks: [MRCBytes.bytes((0..<12).map { T(truncatingIfNeeded: $0 + 100 * page - 6) }, order)])
    }
    return TIFFBytes(isBigEndian: isBigEndian, pages: pages)
  }

  @Test("integers of all kinds and both byte orders", arguments: [false, true])
  func integers(isBigEndian: Bool) throws {
    func check<T: FixedWidthInteger>(_ type: T.Type, _ format: Int, _ element: ElementType) throws {
      let tomogram = try open(stack(type, format: format, isBigEndian: isBigEndian).bytes)
      #expect(tomogram.shape == Shape(z: 2, y: 3, x: 4))
      #expect(tomogram.info.elementType == element)
      for z in 0..<2 {
        #expect(try tomogram.slice(z) == (0..<12).map { Float(T(truncatingIfNeeded: $0 + 100 * z - 6)) })
      }
    }
    try check(UInt8.self, 1, .uint8)
    try check(Int8.self, 2, .int8)
    try check(UInt16.self, 1, .uint16)
    try check(Int16.self, 2, .int16)
    try check(UInt32.self, 1, .uint32)
    try check(Int32.self, 2, .int32)
  }

  @Test("floating-point numbers", arguments: [false, true])
  func reals(isBigEndian: Bool) throws {
    let order: ByteOrder = isBigEndian ? .bigEndian : .littleEndian
    let values = (0..<12).map { Float($0) * 0.75 - 3 }
    func page(_ bits: Int, _ bytes: [UInt8]) -> [UInt8] {
      TIFFBytes(isBigEndian: isBigEndian, pages: [.init(bits: bits, format: 3, chunks: [bytes])]).bytes
    }
    #expect(try open(page(32, MRCBytes.bytes(values.map(\.bitPattern), order))).slice(0) == values)
    #expect(try open(page(64, MRCBytes.bytes(values.map { Double($0).bitPattern }, order))).slice(0) == values)
    #expect(try open(page(16, MRCBytes.bytes(values.map { Float16($0).bitPattern }, order))).slice(0) == values)
  }

  @Test("one label becomes a mask, told from all others", arguments: [false, true])
  func labels(isInverted: Bool) throws {
    func check<T: FixedWidthInteger>(_ type: T.Type, _ format: Int) throws {
      for index in [0, 5, 11] {
        var options = TomogramOptions()
        options.label = Int(T(truncatingIfNeeded: index - 6))
        options.view = TomogramView(isInverted: isInverted)
        let tomogram = try open(stack(type, format: format).bytes, options)
        #expect(try tomogram.slice(0) == (0..<12).map { $0 == index ? 1 : 0 }, "\(type) \(options.label!)")
        #expect(try tomogram.slice(1).allSatisfy { $0 == 0 })
      }
    }
    try check(UInt8.self, 1)
    try check(Int8.self, 2)
    try check(UInt16.self, 1)
    try check(Int16.self, 2)
    // 4294967290 and 4294967295 are one number in single precision.
    try check(UInt32.self, 1)
    try check(Int32.self, 2)

    func page(_ bits: Int, _ bytes: [UInt8]) -> [UInt8] {
      TIFFBytes(pages: [.init(bits: bits, format: 3, chunks: [bytes])]).bytes
    }
    let values = (0..<12).map { Float($0) * 0.75 - 3 }
    var options = TomogramOptions()
    options.label = 3
    let mask = values.map { Float($0 == 3 ? 1 : 0) }
    #expect(try open(page(32, MRCBytes.bytes(values.map(\.bitPattern), .littleEndian)), options).slice(0) == mask)
    #expect(
      try open(page(64, MRCBytes.bytes(values.map { Double($0).bitPattern }, .littleEndian)), options).slice(0) == mask)
    #expect(
      try open(page(16, MRCBytes.bytes(values.map { Float16($0).bitPattern }, .littleEndian)), options).slice(0) == mask
    )
  }

  @Test("strips and tiles that do not fit the size of the picture")
  func stripsAndTiles() throws {
    let pixels = (0..<5 * 20).map { UInt8($0) }
    var strips = TIFFBytes.Page(width: 20, height: 5, rowsPerStrip: 2)
    strips.chunks = [Array(pixels[0..<40]), Array(pixels[40..<80]), Array(pixels[80..<100])]
    #expect(try open(TIFFBytes(pages: [strips]).bytes).slice(0) == pixels.map(Float.init))
    var tiles = TIFFBytes.Page(width: 20, height: 5, tile: (16, 16))
    tiles.chunks = [0, 16].map { left in
      (0..<256).map { i in
        let (y, x) = (i / 16, left + i % 16)
        return y < 5 && x < 20 ? pixels[y * 20 + x] : 99
      }
    }
    #expect(try open(TIFFBytes(pages: [tiles]).bytes).slice(0) == pixels.map(Float.init))
    var options = TomogramOptions()
    options.view = TomogramView(axes: .xzy)
    let viewed = try open(TIFFBytes(pages: [tiles, strips]).bytes, options)
    #expect(viewed.shape == Shape(z: 5, y: 2, x: 20))
    #expect(try viewed.slice(3) == (pixels[60..<80] + pixels[60..<80]).map(Float.init))
  }

  @Test("packed strips are decoded")
  func packed() throws {
    // PackBits: 1-n copies of the next byte, or n+1 bytes as they are.
    var page = TIFFBytes.Page()
    page.compression = 32773
    page.chunks = [[UInt8(bitPattern: -11), 7]]
    let tomogram = try open(TIFFBytes(pages: [page]).bytes)
    #expect(try tomogram.slice(0) == [Float](repeating: 7, count: 12))
    #expect(tomogram.info.compression == "packbits")
  }

  @Test("the voxel size of ImageJ, OME and the resolution tags; a printer's is unknown")
  func voxelSizes() throws {
    func size(_ change: (inout TIFFBytes.Page) -> Void) throws -> TomogramInfo.HeaderVoxelSize {
      var page = TIFFBytes.Page(chunks: [[UInt8](repeating: 0, count: 12)])
      change(&page)
      return try open(TIFFBytes(pages: [page]).bytes).info.voxelSize
    }
    #expect(
      try size {
        $0.description = "ImageJ=1.53t\nimages=1\nunit=nm\nspacing=2.5\n"
        $0.resolution = (1, 2)
      } == .init(z: .angstroms(25), y: .angstroms(5), x: .angstroms(5)))
    #expect(
      try size {
        $0.description =
          "<?xml?><OME><Pixels PhysicalSizeX=\"1.5\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.002\" PhysicalSizeZ=\"20\" PhysicalSizeZUnit=\"Å\"/></OME>"
      }
        == .init(z: .angstroms(20), y: .angstroms(20), x: .angstroms(15)))
    #expect(try size { $0.resolution = (3, 10_000_000) } == .init(y: .angstroms(10), x: .angstroms(10)))
    #expect(try size { $0.resolution = (2, 72) } == .init())
    #expect(try size { _ in } == .init())
  }

  @Test("ImageJ's large stacks with a single directory are whole")
  func imageJ() throws {
    var page = TIFFBytes.Page(description: "ImageJ=1.53t\nimages=3\nslices=3\n")
    page.chunks = [(0..<12).map { UInt8($0) }]
    // The other slices follow the first one at once.
    var file = TIFFBytes(pages: [page])
    file.pages[0].chunks[0] += (12..<36).map { UInt8($0) }
    var bytes = file.bytes
    // The strip's byte count is that of the first slice only.
    let wrong: [UInt8] = [0x17, 0x01, 4, 0, 1, 0, 0, 0, 36, 0, 0, 0]
    let place = try #require(bytes.firstRange(of: wrong))
    bytes[place.lowerBound + 8] = 12
    let tomogram = try open(bytes)
    #expect(tomogram.shape.z == 3)
    #expect(try tomogram.slice(2) == (24..<36).map { Float($0) })
  }

  @Test("colour, uneven pages, odd bit depths and movies are refused by name")
  func refused() throws {
    func message(_ bytes: [UInt8], _ name: String = "a.tif") -> String {
      (#expect(throws: AisError.self) { try open(bytes, name: name) })?.message ?? ""
    }
    let zeros = [UInt8](repeating: 0, count: 64)
    #expect(message(TIFFBytes(pages: [.init(samples: 3, chunks: [zeros])]).bytes).contains("colour"))
    #expect(
      message(TIFFBytes(pages: [.init(chunks: [zeros]), .init(width: 5, chunks: [zeros])]).bytes).contains(
        "page 2 has 5 × 3"))
    #expect(message(TIFFBytes(pages: [.init(bits: 12, chunks: [zeros])]).bytes).contains("12 bits"))
    var movie = TIFFBytes.Page(chunks: [zeros])
    movie.compression = 65001
    #expect(message(TIFFBytes(pages: [movie]).bytes).contains("a movie"))
    #expect(message(stack(UInt8.self, format: 1).bytes, "frames.eer").contains("a movie"))
  }

  @Test("every prefix of a stack, and a chain of pages that runs in a circle, is an error or a shorter stack")
  func hostile() throws {
    let bytes = stack(UInt16.self, format: 1).bytes
    for count in 4..<bytes.count {
      do {
        let tomogram = try open(Array(bytes[..<count]))
        for z in 0..<tomogram.shape.z { _ = try tomogram.slice(z) }
      } catch let error as AisError {
        #expect(error.message.contains("a.tif"))
      }
    }
    var circle = stack(UInt8.self, format: 1)
    circle.lastLink = 20
    _ = try? open(circle.bytes).slice(0)
    var giant = stack(UInt8.self, format: 1)
    giant.pages[0].height = 1 << 24
    giant.pages[0].width = 1 << 24
    giant.pages.removeLast()
    #expect((#expect(throws: AisError.self) { try open(giant.bytes) })?.code == .truncated)
    giant.pages[0].compression = 8
    #expect((#expect(throws: AisError.self) { try open(giant.bytes) })?.code == .truncated)
  }

  @Test("random damage never crashes the reader")
  func randomDamage() throws {
    var random = SeededGenerator(seed: 21)
    let good = stack(UInt16.self, format: 1).bytes
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do {
        let tomogram = try open(bytes)
        guard tomogram.shape.sliceCount < 1 << 22 else { continue }
        for z in 0..<tomogram.shape.z { _ = try tomogram.slice(z) }
      } catch let error as AisError {
        #expect(!error.message.isEmpty)
      }
    }
  }
}
