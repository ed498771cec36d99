import AisCore
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("Files on a command line")
struct InputCollectionTests {
  private func folder(_ names: [String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in names { try Data("x".utf8).write(to: URL(filePath: folder.path(name))) }
    return folder
  }

  private static let names = [
    "T1.mrc", "T1__Membrane.mrc", "T1__Ribosome.mrc.gz", "T2__Membrane.mrc", "T2__Membrane.json", "notes.md",
  ]

  @Test("a folder gives tomograms or segmentations, as they are wanted")
  func kinds() throws {
    let folder = try folder(Self.names)
    func found(_ kind: InputKind) throws -> [String] {
      try InputCollection([folder.root], of: kind).paths.map { ($0 as NSString).lastPathComponent }
    }
    #expect(try found(.tomograms) == ["T1.mrc"])
    #expect(try found(.segmentations()) == ["T1__Membrane.mrc", "T1__Ribosome.mrc.gz", "T2__Membrane.mrc"])
    #expect(try found(.segmentations(feature: "Membrane")) == ["T1__Membrane.mrc", "T2__Membrane.mrc"])
    #expect(try found(.files("note", endings: ["md"])) == ["notes.md"])
  }

  @Test("a folder without what is wanted says what was expected")
  func nothing() throws {
    let folder = try folder(Self.names)
    #expect {
      _ = try InputCollection([folder.root], of: .segmentations(feature: "Actin"))
    } throws: { ($0 as? AisError)?.message.contains("<tomogram>__Actin.mrc") == true }
    #expect {
      _ = try InputCollection([folder.path("missing")], of: .files("annotation", endings: ["star"]))
    } throws: { ($0 as? AisError)?.message.contains("Expected an annotation") == true }
  }

  @Test("a text file is a list, unless text files are what is wanted")
  func lists() throws {
    let folder = try folder(["a.txt", "T1__Membrane.mrc"])
    try Data("T1__Membrane.mrc\n".utf8).write(to: URL(filePath: folder.path("a.txt")))
    #expect(
      try InputCollection([folder.path("a.txt")], of: .segmentations()).paths == [folder.path("T1__Membrane.mrc")])
    #expect(
      try InputCollection([folder.path("a.txt")], of: .files("list", endings: ["txt"])).paths == [folder.path("a.txt")])
  }
}
