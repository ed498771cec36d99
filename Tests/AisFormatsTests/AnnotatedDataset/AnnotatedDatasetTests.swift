import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("AnnotatedDataset")
struct AnnotatedDatasetTests {
  static func sample() -> AnnotatedDataset {
    var membrane = AnnotatedDataset.Feature()
    membrane.title = "Membrane \"µ\""
    membrane.colour = [0.25, 0.5, 1]
    membrane.opacity = 0.5
    membrane.isHidden = true
    membrane.isOutline = true
    membrane.showsBoxes = false
    membrane.isFlood = true
    membrane.floodSensitivity = 35
    membrane.brushRadius = 7.5
    membrane.boxSize = 96
    var mask = SliceMask(height: 5, width: 7)
    mask.set(3..<12)
    membrane.masks[2] = .inMemory(mask)
    membrane.boxes[2] = [.init(y: 4, x: 6), .init(y: 0, x: 300)]
    membrane.boxes[1] = [.init(y: 1, x: 2)]
    var empty = AnnotatedDataset.Feature()
    empty.title = "Ribosome"
    return AnnotatedDataset(
      tomogramPath: "/data/TS_01.mrc", title: "TS_01", sliceCount: nil, height: 5, width: 7,
      pixelSize: .angstroms(13.5), currentSlice: 2, features: [membrane, empty], activeFeature: 1,
      display: .init(interpolates: true, isInverted: true, hasAutoContrast: false, contrast: -3.5...8))
  }

  @Test("what is written is read again, every attribute of it")
  func roundTrip() throws {
    let sample = Self.sample()
    let read = try AnnotatedDataset.read(.memory(try sample.encoded(path: "/data/TS_01.scns")), name: "TS_01.scns")
    #expect(read.tomogramPath == "/data/TS_01.mrc")
    #expect(read.height == 5 && read.width == 7 && read.currentSlice == 2)
    #expect(read.pixelSize.map { abs($0.angstrom - 13.5) < 1e-9 } == true)
    #expect(read.display == sample.display)
    #expect(read.activeFeature == 1)
    #expect(read.features.map(\.title) == ["Membrane \"µ\"", "Ribosome"])
    let (found, expected) = (read.features[0], sample.features[0])
    #expect(found.colour == expected.colour && found.opacity == expected.opacity)
    #expect(found.isHidden && found.isOutline && !found.showsBoxes && found.isFlood)
    #expect(found.floodSensitivity == 35 && found.brushRadius == 7.5 && found.boxSize == 96)
    #expect(found.boxes == expected.boxes)
    // A slice with boxes has a mask in the reference's files, be it empty.
    #expect(found.masks.keys.sorted() == [1, 2])
    #expect(try found.masks[1]?.read().isEmpty == true)
    #expect(try found.masks[2]?.read() == expected.masks[2]?.read())
    #expect(read.features[1].masks.isEmpty && read.features[1].boxes.isEmpty)
  }

  @Test("files from when the program's package had another name are read")
  func olderNames() throws {
    let bytes = try Self.sample().encoded(path: "/data/TS_01.scns")
    // Of the same length, so that the lengths before the texts stay right.
    let older = bytes.replacing("Ais.core.se_frame".utf8, with: "Pom.core.se_frame".utf8)
    #expect(try AnnotatedDataset.read(.memory(older), name: "old.scns").features.count == 2)
    let foreign = bytes.replacing("Ais.core.se_frame".utf8, with: "Xyz.core.se_frame".utf8)
    #expect(throws: AisError.self) { try AnnotatedDataset.read(.memory(foreign), name: "foreign.scns") }
  }

  @Test("every prefix of a sound file is refused with a sentence")
  func prefixes() throws {
    let bytes = try Self.sample().encoded(path: "/data/TS_01.scns")
    for count in 0..<bytes.count {
      #expect(throws: AisError.self) { try AnnotatedDataset.read(.memory(Array(bytes[..<count])), name: "cut.scns") }
    }
  }

  @Test("a file with the tomogram inside holds its bytes, says so, and is read like any other")
  func embedded() throws {
    let folder = try TemporaryFolder()
    let tomogram = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try AtomicFile.write(tomogram, to: folder.path("T.mrc"))
    let path = folder.path("T.scns")
    try Self.sample().write(to: path, embedding: try RandomAccessFile(folder.path("T.mrc")))
    let bytes = try RandomAccessFile(path).contents(limit: 1 << 20)
    #expect(bytes.contains(tomogram))
    let plain = try AnnotatedDataset.read(.memory(try Self.sample().encoded(path: path)), name: "plain.scns")
    let read = try AnnotatedDataset.read(path)
    #expect(read.includesTomogram && read.features.map(\.title) == plain.features.map(\.title))
    for (feature, expected) in zip(read.features, plain.features) {
      #expect(feature.boxes == expected.boxes && feature.masks.keys.sorted() == expected.masks.keys.sorted())
      for (slice, mask) in feature.masks { #expect(try mask.read() == expected.masks[slice]?.read()) }
    }
    for count in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: AisError.self) { try AnnotatedDataset.read(.memory(Array(bytes[..<count])), name: "cut.scns") }
    }
    let stopped = Cancellation()
    stopped.cancel()
    let error = #expect(throws: AisError.self) {
      try Self.sample().write(
        to: folder.path("stopped.scns"), embedding: try RandomAccessFile(folder.path("T.mrc")), cancellation: stopped)
    }
    #expect(error?.code == .cancelled && folder.names.sorted() == ["T.mrc", "T.scns"])
  }

  @Test("a file with any one byte changed is read or refused, and never ends the program")
  func changedBytes() throws {
    let bytes = try Self.sample().encoded(path: "/data/TS_01.scns")
    for index in bytes.indices {
      for change: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[index] ^= change
        guard let read = try? AnnotatedDataset.read(.memory(changed), name: "changed.scns") else { continue }
        for feature in read.features { for mask in feature.masks.values { _ = try? mask.read() } }
      }
    }
  }

  @Test("an array in the order of columns or of another kind of number says the same")
  func arrayKinds() throws {
    // numpy.array([[0, 0, 2], [1, 0, 0]]) as float64, big-endian, columns first.
    var bytes: [UInt8] = [0x80, 2]
    bytes += Array("cnumpy.core.multiarray\n_reconstruct\n".utf8)
    bytes += [0x28] + Array("cnumpy\nndarray\n".utf8) + [0x4B, 0, 0x85, 0x43, 1, 0x62, 0x74, 0x52]
    bytes += [0x28, 0x4B, 1, 0x4B, 2, 0x4B, 3, 0x86]
    bytes += Array("cnumpy\ndtype\n".utf8) + [0x58, 2, 0, 0, 0, 0x66, 0x38, 0x89, 0x88, 0x87, 0x52]
    bytes += [0x28, 0x4B, 3, 0x58, 1, 0, 0, 0, 0x3E, 0x74, 0x62, 0x88, 0x43, 48]
    for value: Double in [0, 1, 0, 0, 2, 0] {
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(56 - 8 * $0)) }
    }
    bytes += [0x74, 0x62, 0x2E]
    let graph = try PickleMachine.read(.memory(bytes), name: "x", vocabulary: .annotatedDataset)
    let array = try #require(graph.array(graph.root))
    #expect(array.shape == [2, 3] && array.isColumnMajor)
    #expect(try array.numbers(in: graph) == [0, 0, 2, 1, 0, 0])
    #expect(try array.mask(in: graph).runs == [2..<4])
  }

  @Test("the reference program's own file gives its masks and boxes", .enabled(if: Fixtures.hasShared))
  func referenceFile() throws {
    let dataset = try AnnotatedDataset.read(Fixtures.shared.appending(path: "ais/cell_c.scns").path)
    #expect(dataset.tomogramPath == "cell_c.mrc" && dataset.title == "cell_c" && dataset.sliceCount == 64)
    #expect(dataset.height == 200 && dataset.width == 200 && dataset.currentSlice == 52)
    #expect(dataset.pixelSize == .nanometers(1) && dataset.activeFeature == 0 && !dataset.includesTomogram)
    #expect(dataset.display.contrast == -6310.0...5804.0 && dataset.display.hasAutoContrast)
    let membrane = try #require(dataset.features.first)
    #expect(membrane.title == "Membrane" && membrane.boxSize == 64 && membrane.brushRadius == 10)
    #expect(membrane.colour == [0.25882352941176473, 0.8392156862745098, 0.6431372549019608])
    // Digests by Python's own unpickler with stand-ins for the program's classes.
    let digests = [
      12: "da8e8644f5d5c07bafd581cc936eb0e0ddd61c1115884683733a6ff72e34c3ab",
      22: "602270e679df26f838a1f224a05bae1c7816c5a7cbc54d967b87d786228fcbfe",
      32: "a34ab7a8dc7d5c66813500282f4359e997d23bc326836f24289d32b9adee90e6",
      42: "c518a25fbc4e80517ffa4350d7a2a57b78f6ea59f288098a96f39717def5d6c2",
      52: "d03d5ebd216ebfa4bd487c9cf7951dfbd240ae5f47e73b6b4f2c0fd2ad5ad67a",
    ]
    var found: [Int: String] = [:]
    for (slice, mask) in membrane.masks { found[slice] = SHA256.hex(of: try mask.read().bytes) }
    #expect(found == digests)
    #expect(membrane.boxes.mapValues(\.count) == [12: 14, 22: 14, 32: 14, 42: 14, 52: 14])
    #expect(membrane.boxes[12]?.first == .init(y: 117, x: 60))
  }
}
