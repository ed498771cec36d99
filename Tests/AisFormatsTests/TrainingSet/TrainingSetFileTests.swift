import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Training sets as files")
struct TrainingSetFileTests {
  let folder = try! TemporaryFolder()

  private func source(_ number: Int) -> TrainingBoxSource {
    TrainingBoxSource(
      tomogram: "tomo", tomogramPath: "/data/tomo.mrc", feature: "Membrane",
      centre: VoxelIndex(z: number, y: 20, x: 30), annotatedSize: 64, extractedSize: 4)
  }

  private func volume(_ shape: Shape, _ first: Float) -> Volume<Float> {
    Volume(shape: shape, voxels: (0..<shape.count).map { first + Float($0) })
  }

  /// A set of boxes of 4 × 4 pixels at `path("set.scnt")`.
  @discardableResult
  private func write(count: Int, depth: Int = 1, jitter: Int = 0, slabLabels: Bool = false) throws -> String {
    var metadata = TrainingSetMetadata(pixelSize: .angstroms(13.48), boxSize: 4, depth: depth, jitter: jitter)
    metadata.features = ["Membrane"]
    metadata.normalisation = .globalMAD
    metadata.flavours = ["x_main", "x_raw"]
    let path = folder.path("set.scnt")
    let writer = try TrainingSetWriter(path, metadata: metadata)
    for number in 0..<count {
      let shape = Shape(z: depth + jitter, y: 4, x: 4)
      var images = [(flavour: "x_main", volume(shape, Float(number)))]
      if number == 0 { images.append((flavour: "x_raw", volume(shape, 100))) }
      try writer.append(
        source(number), images: images,
        label: Volume(shape: Shape(z: slabLabels ? shape.z : 1, y: 4, x: 4), repeating: Float(number % 3)))
    }
    try writer.close()
    try writer.file.finish()
    return path
  }

  @Test("what is written is read again", arguments: [(1, 0, false), (5, 16, true), (8, 16, false)])
  func roundTrip(depth: Int, jitter: Int, slabLabels: Bool) throws {
    let set = try TrainingSetFile.open(write(count: 5, depth: depth, jitter: jitter, slabLabels: slabLabels))
    #expect(set.count == 5)
    #expect(set.identifiers == set.identifiers.sorted())
    #expect(set.metadata.depth == depth && set.metadata.jitter == jitter && set.metadata.boxSize == 4)
    #expect(set.metadata.normalisation == .globalMAD)
    #expect(set.metadata.flavours == ["x_main", "x_raw"] && set.metadata.annotatedIndex == 0)
    #expect(abs((set.metadata.pixelSize?.angstrom ?? 0) - 13.48) < 1e-9)
    for number in 0..<5 {
      let index = try #require(set.identifiers.firstIndex(of: source(number).identifier))
      #expect(set.sources[set.identifiers[index]] == source(number))
      #expect(try set.image(index, flavour: 0).voxels[3] == Float(number) + 3)
      #expect(set.hasImage(index, flavour: 1) == (number == 0))
      let label = try set.label(index)
      #expect(label.shape.z == (slabLabels ? depth + jitter : 1))
      #expect(label.voxels.allSatisfy { $0 == Float(number % 3) })
    }
  }

  @Test("a box has the name that the reference program gives it")
  func identifier() {
    let source = TrainingBoxSource(
      tomogram: "tomo", tomogramPath: "", feature: "Membrane", centre: VoxelIndex(z: 10, y: 20, x: 30),
      annotatedSize: 64, extractedSize: 64)
    #expect(source.identifier == "783d04bfeb64ecad")
  }

  @Test("two boxes at one place are one")
  func sameBox() throws {
    let metadata = TrainingSetMetadata(pixelSize: nil, boxSize: 4, depth: 1, jitter: 0)
    let writer = try TrainingSetWriter(folder.path("twice.scnt"), metadata: metadata)
    let box = volume(Shape(z: 1, y: 4, x: 4), 0)
    #expect(try writer.append(source(1), images: [("x_main", box)], label: box))
    #expect(try !writer.append(source(1), images: [("x_main", box)], label: box))
    #expect(writer.count == 1)
  }

  @Test("an empty set opens and has no boxes")
  func empty() throws {
    #expect(try TrainingSetFile.open(write(count: 0)).count == 0)
  }

  @Test("the same boxes give the same bytes")
  func sameBytes() throws {
    let first = try Data(contentsOf: URL(filePath: write(count: 3)))
    #expect(try Data(contentsOf: URL(filePath: write(count: 3))) == first)
  }

  @Test("every prefix of a set is refused, and none crashes")
  func prefixes() throws {
    let whole = try [UInt8](Data(contentsOf: URL(filePath: write(count: 2))))
    // Without the second of the two blocks that end an archive it is whole still.
    for count in stride(from: 0, to: whole.count - 1024, by: 251) {
      let path = folder.path("cut.scnt")
      try Data(whole[..<count]).write(to: URL(filePath: path))
      #expect(throws: AisError.self, "of \(count) bytes") { try TrainingSetFile.open(path) }
    }
  }

  private func open(_ build: (inout TarBuilder) -> Void) throws -> TrainingSetFile {
    var tar = TarBuilder()
    build(&tar)
    let path = folder.path("made.scnt")
    try Data(tar.finished()).write(to: URL(filePath: path))
    return try TrainingSetFile.open(path)
  }

  private func code(_ body: () throws -> Void) -> AisError.Code? {
    do {
      try body()
      return nil
    } catch { return (error as? AisError)?.code }
  }

  @Test(
    "members that lead out of the archive are refused", arguments: ["../x_main/a.mrc", "/etc/passwd", "y/../../a.mrc"])
  func escapes(name: String) {
    #expect(code { _ = try open { $0.add(name, [1]) } } == .malformed)
  }

  @Test("links and devices are refused", arguments: ["1", "2", "3", "6"])
  func links(type: String) {
    #expect(code { _ = try open { $0.add("y/a.mrc", type: Character(type), link: "/etc/passwd") } } == .malformed)
  }

  @Test("a member that claims to be larger than the file is refused")
  func hugeMember() {
    #expect(code { _ = try open { $0.add("y/a.mrc", [1, 2, 3], size: 8 << 30 - 1) } } == .truncated)
  }

  @Test("a box that claims to be larger than it is, is refused when it is read")
  func hugeBox() throws {
    var header = MRCHeader()
    header.size = .init(20000, 20000, 1000)
    let bytes = header.encoded()
    let json = Array(#"{"box_size": 4, "box_depth": 1}"#.utf8)
    #expect(
      code {
        let set = try open {
          $0.add("metadata.json", json)
          $0.add("y/a.mrc", bytes)
          $0.add("x_main/a.mrc", bytes)
        }
        _ = try set.label(0)
      } == .truncated)
  }

  @Test(
    "metadata that make no sense are refused",
    arguments: [
      #"{"box_size": -4}"#, #"{"box_size": 4, "box_depth": 0}"#, #"{"box_size": 4, "z_jitter": 1e9}"#,
      #"{"box_size": 4, "normalization": "secret"}"#, "[", "",
    ])
  func metadata(text: String) {
    #expect(
      code {
        _ = try open {
          $0.add("metadata.json", Array(text.utf8))
          $0.add("y/a.mrc", [0])
          $0.add("x_main/a.mrc", [0])
        }
      } != nil)
  }

  @Test("labels without images are named")
  func lacking() throws {
    do {
      _ = try open {
        $0.add("metadata.json", Array(#"{"box_size": 4, "box_depth": 1}"#.utf8))
        $0.add("y/abc.mrc", [0])
        $0.add("x_main/other.mrc", [0])
      }
      Issue.record("it was opened")
    } catch {
      #expect("\(error)".contains("'abc'") && "\(error)".contains("x_main"))
    }
  }

  @Test("a box of another size than the set's is named when it is read")
  func otherSize() throws {
    let box = try MRCImage(volume(Shape(z: 1, y: 3, x: 3), 0)).encoded()
    let set = try open {
      $0.add("metadata.json", Array(#"{"box_size": 4, "box_depth": 1}"#.utf8))
      $0.add("y/abc.mrc", box)
      $0.add("x_main/abc.mrc", box)
    }
    #expect(code { _ = try set.image(0, flavour: 0) } == .shapeMismatch)
  }

  @Test("what is no training set is refused by what it is", arguments: ["", "GIF89a", "hello, this is some text"])
  func noSet(text: String) throws {
    let path = folder.path("other.scnt")
    try Data(text.utf8).write(to: URL(filePath: path))
    #expect(throws: AisError.self) { try TrainingSetFile.open(path) }
  }

  @Test("the reference program's set is read", .enabled(if: Fixtures.hasShared))
  func reference() throws {
    let set = try TrainingSetFile.open(Fixtures.shared.appending(path: "ais/64x64x1_10.00Apx_Membrane.scnt").path)
    #expect(set.count == 70 && set.sources.count == 70)
    #expect(set.metadata.features == ["Membrane"] && set.metadata.normalisation == .globalMAD)
    for (name, source) in set.sources { #expect(source.identifier == name) }
  }
}
