import AisCore
import AisFormats
import AisTestSupport
import Testing

@Suite("Signed or unsigned bytes")
struct MRCByteSignTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A smooth picture around `centre` (as unsigned bytes, wrapping), header statistics unset.
  private func smooth(around centre: Double) -> MRCBytes {
    var random = SeededGenerator(seed: 3)
    var value = centre
    let bytes = (0..<64 * 64).map { _ -> UInt8 in
      value += Double.random(in: -3...3, using: &random) + (centre - value) * 0.02
      return UInt8(truncatingIfNeeded: Int(value.rounded()))
    }
    return MRCBytes(Shape(z: 1, y: 64, x: 64), mode: 0, voxels: bytes)
  }

  private func decision(
    _ file: MRCBytes, _ options: TomogramOptions = .init()
  ) throws -> (TomogramInfo.ByteSignDecision, [TomogramWarning], Tomogram) {
    try file.write(folder.path("a.mrc"))
    let tomogram = try Tomogram.open(folder.path("a.mrc"), options: options)
    return (try #require(tomogram.info.byteSign), tomogram.warnings, tomogram)
  }

  @Test("IMOD's flag decides", arguments: [(Int32(1), true), (0, false), (5, true)])
  func flag(flags: Int32, isSigned: Bool) throws {
    var file = smooth(around: 128)
    file.header.imodStamp = MRCHeader.IMODFlags.stamp
    file.header.imodFlags = flags
    let (decision, _, tomogram) = try decision(file)
    #expect(decision.isSigned == isSigned && decision.reason == .imodFlag)
    #expect(tomogram.info.elementType == (isSigned ? .int8 : .uint8))
  }

  @Test("then the header's statistics", arguments: [(Float(-20), Float(90), true), (0, 200, false), (130, 180, false)])
  func statistics(low: Float, high: Float, isSigned: Bool) throws {
    var file = smooth(around: 128)
    (file.header.minimum, file.header.maximum) = (low, high)
    let (decision, _, _) = try decision(file)
    #expect(decision.isSigned == isSigned && decision.reason == .headerStatistics)
  }

  @Test("a flag that the statistics contradict is followed, with a warning")
  func contradiction() throws {
    var file = smooth(around: 128)
    file.header.imodStamp = MRCHeader.IMODFlags.stamp
    file.header.imodFlags = 1
    (file.header.minimum, file.header.maximum) = (10, 240)
    let (decision, warnings, _) = try decision(file)
    #expect(decision.isSigned)
    #expect(warnings.map(\.code) == [.byteSignContradiction])
  }

  @Test("then the smoothness of the picture", arguments: [(128.0, false), (0.0, true), (190.0, false)])
  func voxels(centre: Double, isSigned: Bool) throws {
    let (decision, warnings, _) = try decision(smooth(around: centre))
    if centre == 190 {
      // Never crosses half the range: both readings are equally smooth, so the standard holds and the doubt is said.
      #expect(decision.isSigned && warnings.map(\.code) == [.byteSignUncertain])
    } else {
      #expect(decision.isSigned == isSigned && decision.reason == .voxels && warnings.isEmpty)
    }
  }

  @Test("values below 128 read the same either way")
  func small() throws {
    let (decision, warnings, tomogram) = try decision(smooth(around: 60))
    #expect(decision.isSigned && decision.reason == .standard && warnings.isEmpty)
    #expect(try tomogram.slice(0).allSatisfy { $0 >= 0 })
  }

  @Test("what is asked for wins, and the reference's reading is signed")
  func asked() throws {
    var file = MRCBytes(Shape(z: 1, y: 1, x: 2), mode: 0, voxels: [255, 1])
    (file.header.minimum, file.header.maximum) = (1, 255)
    var options = TomogramOptions()
    #expect(try decision(file).2.slice(0) == [255, 1])
    options.byteSign = .signed
    #expect(try decision(file, options).2.slice(0) == [-1, 1])
    options.compatibility = .reference
    options.byteSign = .unsigned
    #expect(try decision(file, options).2.slice(0) == [255, 1])
    options.byteSign = .automatic
    #expect(try decision(file, options).2.slice(0) == [-1, 1])
  }
}
