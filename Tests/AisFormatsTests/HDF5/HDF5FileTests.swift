import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("HDF5File")
struct HDF5FileTests {
  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: Fixtures.kept.appending(path: "hdf5/\(name).h5")))
  }

  private func file(_ name: String) throws -> HDF5File { try HDF5File(try Self.bytes(name), name: "\(name).h5") }

  /// What the error of `work` says.
  private func message(_ work: () throws(AisError) -> Void) -> String? {
    do throws(AisError) {
      try work()
      return nil
    } catch { return error.description }
  }

  @Test("text attributes of every kind are read")
  func strings() throws {
    let file = try file("everything")
    #expect(try file.strings("text", of: file.root) == ["Zellmembran µm"])
    #expect(try file.strings("bytes", of: file.root) == ["{\"plain\": \"ASCII\"}"])
    #expect(try file.strings("empty", of: file.root) == [""])
    #expect(try file.strings("names", of: file.root) == ["conv2d", "max_pooling2d", ""])
    #expect(try file.strings("fixed", of: file.root) == ["conv2d", "dense_10"])
    #expect(try file.strings("none", of: file.root) == [])
    #expect(try file.strings("missing", of: file.root) == nil)
  }

  @Test("number attributes are read, others are kept as unreadable until they are asked for")
  func attributes() throws {
    let file = try file("everything")
    guard case .numbers(let whole) = file.root.attributes["whole"] else {
      Issue.record("'whole' is not numbers")
      return
    }
    #expect(whole == [-3, 5])
    guard case .unreadable = file.root.attributes["flag"], case .unreadable = file.root.attributes["list"] else {
      Issue.record("'flag' and 'list' are of kinds that are not read")
      return
    }
    #expect(
      message { () throws(AisError) in _ = try file.strings("list", of: file.root) }
        == "'everything.h5' (at '/') uses a part of HDF5 that is not read here: lists of variable length. "
        + "Save the model again with Keras, which writes plain groups and float32 arrays.")
    #expect(
      message { () throws(AisError) in _ = try file.strings("whole", of: file.root) }
        == "'everything.h5' (at '/') is damaged: the attribute 'whole' holds numbers, expected text. "
        + "Copy or save the file again.")
  }

  @Test(
    "arrays of every size, sign and byte order become float32",
    arguments: [
      ("little-f4", -1), ("big-f4", -1), ("little-f8", -1), ("big-f8", -1), ("little-i1", -1), ("little-u1", 1),
      ("little-i2", -1), ("big-u2", 1), ("little-i4", -1), ("little-u4", 1), ("little-i8", -1), ("big-u8", 1),
    ])
  func arrays(name: String, first: Float) throws {
    let file = try file("everything")
    let dataset = try #require(file.root.dataset("numbers/\(name)"))
    #expect(dataset.shape == [2, 3])
    #expect(try file.floats(dataset) == [first, 2, 3, 100, 101, 102])
  }

  @Test("single values, empty arrays and compact arrays are read, by path")
  func specialArrays() throws {
    let file = try file("everything")
    let numbers = try #require(file.root.group("numbers"))
    #expect(try file.floats(try #require(numbers.dataset("scalar"))) == [2.5])
    #expect(try file.floats(try #require(numbers.dataset("nothing"))) == [])
    #expect(try file.floats(try #require(numbers.dataset("compact"))) == [0, 1, 2, 3])
    #expect(try file.floats(try #require(file.root.dataset("a/b/c"))) == [7])
    #expect(file.root.group("a")?.group("b")?.path == "/a/b")
    #expect(file.root.dataset("a/x/c") == nil)
    #expect(file.root.dataset("") == nil)
  }

  @Test("an array that cannot be read stands in nobody's way until it is asked for")
  func unreadableArrays() throws {
    let file = try file("everything")
    let half = try #require(file.root.dataset("numbers/half"))
    #expect(
      message { () throws(AisError) in _ = try file.floats(half) }?.contains(
        "floating-point numbers of 2 bytes that are neither float32 nor float64") == true)
    let unwritten = try #require(file.root.dataset("numbers/unwritten"))
    #expect(message { () throws(AisError) in _ = try file.floats(unwritten) }?.contains("never written") == true)
    let text = try #require(file.root.dataset("numbers/text"))
    #expect(message { () throws(AisError) in _ = try file.floats(text) }?.contains("text where numbers") == true)
  }

  @Test("groups with more entries than a node holds and headers that go on elsewhere are read")
  func manyEntries() throws {
    let file = try file("many")
    #expect(file.root.datasets.count == 270)
    for index in 0..<270 {
      let name = "value_" + String(String(1000 + index).suffix(3))
      #expect(try file.floats(try #require(file.root.datasets[name])) == [Float(index % 100)])
    }
    let group = try #require(file.root.group("group"))
    for index in 0..<40 { #expect(try file.strings("attribute_\(index)", of: group) == ["value \(index)"]) }
  }

  @Test(
    "what lies outside the part that is read is refused with what to do",
    arguments: [
      ("latest", "version 3 of the superblock"), ("soft_link", "a symbolic link"),
      ("hard_link", "'/a/self' is a second link"), ("ordered", "object headers of version 2"),
      ("committed", "'/type' is a type with a name"),
    ])
  func refusedFiles(name: String, reason: String) throws {
    let bytes = try Self.bytes("refused_\(name)")
    let text = try #require(message { () throws(AisError) in _ = try HDF5File(bytes, name: "model.h5") })
    #expect(text.contains(reason))
    // h5repack (1.10.8) was seen to mend 'latest', not the others; 'ordered' looks like 'latest' until it is repacked.
    let isConvertible = name == "latest" || name == "ordered"
    #expect(text.hasSuffix(isConvertible ? "Convert it: h5repack -f NONE -l CONTI OLD.h5 NEW.h5" : "float32 arrays."))
  }

  @Test(
    "arrays in chunks, compressed or elsewhere are refused with what to do",
    arguments: [
      ("chunked", "arrays stored in chunks"), ("compressed", "compressed arrays"),
      ("external", "values in another file"),
    ])
  func refusedArrays(name: String, reason: String) throws {
    let file = try file("refused_\(name)")
    let dataset = try #require(file.root.dataset("values"))
    let text = try #require(message { () throws(AisError) in _ = try file.floats(dataset) })
    #expect(text.contains(reason))
    #expect(text.contains("h5repack"))
  }

  @Test("a file that is no HDF5 file at all is refused", arguments: [[], [0x89], Array("nothing of the kind".utf8)])
  func foreign(bytes: [UInt8]) {
    #expect(
      message { () throws(AisError) in _ = try HDF5File(bytes, name: "x.h5") }
        == "'x.h5' is not an HDF5 file: it does not begin with HDF5's signature")
  }
}
