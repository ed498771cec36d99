import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Writing MRC")
struct MRCWriterTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func write(_ values: [Float], _ output: MRCOutput, _ name: String = "a.mrc", order: [Int]? = nil) throws {
    let writer = try MRCWriter(path: folder.path(name), output: output)
    let count = output.shape.sliceCount
    for z in order ?? Array(0..<output.shape.z) {
      try Array(values[z * count..<(z + 1) * count]).withUnsafeBufferPointer { (s) throws(AisError) in
        try writer.writeSlice(z, s)
      }
    }
    try writer.finish()
  }

  private func output(_ shape: Shape, _ type: ElementType) -> MRCOutput {
    MRCOutput(shape: shape, elementType: type, voxelSize: VoxelSize(.angstroms(10)))
  }

  @Test("values are rounded as told and cut to the type's range; NaN becomes 0 in integers")
  func conversion() throws {
    let values: [Float] = [-3e9, -1.5, -0.5, 0.5, 1.5, 254.7, 3e9, .nan, .infinity, -.infinity]
    func result(_ type: ElementType, _ rounding: MRCOutput.Rounding) throws -> [Float] {
      var output = output(Shape(z: 1, y: 1, x: 10), type)
      output.rounding = rounding
      try write(values, output)
      var options = TomogramOptions()
      options.byteSign = type == .uint8 ? .unsigned : .signed
      return try Tomogram.open(folder.path("a.mrc"), options: options).slice(0)
    }
    #expect(try result(.int8, .nearest) == [-128, -2, 0, 0, 2, 127, 127, 0, 127, -128])
    #expect(try result(.uint8, .towardZero) == [0, 0, 0, 0, 1, 254, 255, 0, 255, 0])
    #expect(try result(.int16, .nearest) == [-32768, -2, 0, 0, 2, 255, 32767, 0, 32767, -32768])
    #expect(try result(.uint16, .towardZero) == [0, 0, 0, 0, 1, 254, 65535, 0, 65535, 0])
    let half = try result(.float16, .nearest)
    #expect(half[0] == -65504 && half[6] == 65504 && half[7].isNaN && half[8] == .infinity)
    let full = try result(.float32, .nearest)
    #expect(full[0] == -3e9 && full[7].isNaN)
  }

  @Test("the same slices in any order give the same bytes")
  func orderDoesNotMatter() throws {
    var random = SeededGenerator(seed: 5)
    let shape = Shape(z: 9, y: 13, x: 11)
    let values = (0..<shape.count).map { _ in Float.random(in: -1...1, using: &random) }
    try write(values, output(shape, .float32), "a.mrc")
    try write(values, output(shape, .float32), "b.mrc", order: (0..<9).shuffled(using: &random))
    #expect(
      try Data(contentsOf: URL(filePath: folder.path("a.mrc"))) == Data(contentsOf: URL(filePath: folder.path("b.mrc")))
    )
  }

  @Test("the statistics are those of the voxels as stored")
  func statistics() throws {
    var random = SeededGenerator(seed: 6)
    let shape = Shape(z: 7, y: 10, x: 10)
    let values = (0..<shape.count).map { _ in Float.random(in: 1000...1100, using: &random) }
    try write(values, output(shape, .int16), "a.mrc")
    let stored = values.map { Double($0.rounded(.toNearestOrEven)) }
    let mean = stored.reduce(0, +) / 700
    let deviation = (stored.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 700).squareRoot()
    let header = try #require(try Tomogram.open(folder.path("a.mrc")).info.header)
    #expect(Double(header.minimum) == stored.min() && Double(header.maximum) == stored.max())
    #expect(abs(Double(header.mean) - mean) < 1e-3)
    #expect(abs(Double(header.rms) - deviation) < 1e-4)
  }

  @Test("an unknown voxel size is written as a cell of 0")
  func unknownVoxelSize() throws {
    try write([1, 2], MRCOutput(shape: Shape(z: 1, y: 1, x: 2), elementType: .int16, voxelSize: nil), "a.mrc")
    #expect(try Tomogram.open(folder.path("a.mrc")).voxelSize == nil)
  }

  @Test("long provenance is split over labels at blanks, in printable ASCII, ten lines at most")
  func labels() throws {
    let long =
      (0..<40).map { "word\($0)" }.joined(separator: " ") + " Zellmembran µ\n" + String(repeating: "x", count: 200)
    let lines = MRCLabels.lines(["short", long, "last"])
    #expect(lines.count <= 10)
    #expect(lines.allSatisfy { $0.utf8.count <= 80 && $0.unicodeScalars.allSatisfy { (32...126).contains($0.value) } })
    #expect(lines.first == "short")
    #expect(MRCLabels.lines(Array(repeating: "a", count: 30)).count == 10)
    #expect(MRCLabels.lines([""]).isEmpty)
  }

  @Test("nothing appears under the name before the end, and nothing is left when given up")
  func givenUp() throws {
    do {
      let writer = try MRCWriter(path: folder.path("a.mrc"), output: output(Shape(z: 2, y: 2, x: 2), .int8))
      #expect(folder.names.count == 1 && folder.names[0].hasPrefix(".a.mrc.") && folder.names[0].hasSuffix(".part"))
      writer.abandon()
      #expect(folder.names.isEmpty)
      let error = #expect(throws: AisError.self) {
        try [Float](repeating: 0, count: 4).withUnsafeBufferPointer { (s) throws(AisError) in
          try writer.writeSlice(0, s)
        }
      }
      #expect(error?.code == .cancelled)
    }
    _ = try MRCWriter(path: folder.path("b.mrc"), output: output(Shape(z: 2, y: 2, x: 2), .int8))
    #expect(folder.names.isEmpty)
  }

  @Test("an old file stays until the new one is whole")
  func replaced() throws {
    try Data("old".utf8).write(to: URL(filePath: folder.path("a.mrc")))
    let writer = try MRCWriter(path: folder.path("a.mrc"), output: output(Shape(z: 1, y: 1, x: 1), .int8))
    #expect(throws: AisError.self) { try writer.finish() }
    #expect(try String(contentsOfFile: folder.path("a.mrc"), encoding: .utf8) == "old")
    #expect(folder.names == ["a.mrc"])
    try write([1], output(Shape(z: 1, y: 1, x: 1), .int8), "a.mrc")
    #expect(try Tomogram.open(folder.path("a.mrc")).slice(0) == [1])
  }

  @Test("a missing slice is an error unless holes are allowed")
  func missingSlices() throws {
    let writer = try MRCWriter(path: folder.path("a.mrc"), output: output(Shape(z: 3, y: 1, x: 1), .int8))
    try [Float(1)].withUnsafeBufferPointer { (s) throws(AisError) in try writer.writeSlice(1, s) }
    let error = #expect(throws: AisError.self) { try writer.finish() }
    #expect(error?.message.contains("2 of its 3 slices") == true)
    var holes = output(Shape(z: 3, y: 1, x: 1), .int8)
    holes.allowsMissingSlices = true
    let other = try MRCWriter(path: folder.path("a.mrc"), output: holes)
    try [Float(5)].withUnsafeBufferPointer { (s) throws(AisError) in try other.writeSlice(1, s) }
    try other.finish()
    let tomogram = try Tomogram.open(folder.path("a.mrc"))
    #expect(try (0..<3).map { try tomogram.slice($0)[0] } == [0, 5, 0])
    #expect(tomogram.info.statistics?.minimum == 0)
  }

  @Test("a missing or forbidden folder, a folder as name and an impossible type are told")
  func refused() throws {
    func error(_ path: String, _ type: ElementType = .int8) -> AisError? {
      #expect(throws: AisError.self) { try MRCWriter(path: path, output: output(Shape(z: 1, y: 1, x: 1), type)) }
    }
    #expect(error(folder.path("no/such/a.mrc"))?.message.contains("is not there") == true)
    #expect(error(folder.root)?.message.contains("is a folder") == true)
    #expect(error(folder.path("a.mrc"), .int32)?.message.contains("int32") == true)
    #expect(error("/proc/a.mrc") != nil)
    #expect(folder.names.isEmpty)
  }

  @Test("a full disk is an error before the work and leaves nothing behind")
  func diskFull() throws {
    // More than any disk has, yet a number that the file system accepts or refuses as too large: both are told.
    let shape = Shape(z: 4_000_000, y: 1_000_000, x: 1000)
    let error = #expect(throws: AisError.self) {
      try MRCWriter(path: folder.path("a.mrc"), output: output(shape, .int8))
    }
    #expect(error?.code == .diskFull, "\(error?.message ?? "")")
    #expect(folder.names.isEmpty)
  }
}
