import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Files written whole or not at all")
struct AtomicFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("replace an old file in one step")
  func replace() throws {
    try AtomicFile.write(Array("one".utf8), to: folder.path("a"))
    try AtomicFile.write(Array("two".utf8), to: folder.path("a"))
    #expect(try String(contentsOfFile: folder.path("a"), encoding: .utf8) == "two")
    #expect(folder.names == ["a"])
    try AtomicFile.write([], to: folder.path("empty"))
    #expect(try Data(contentsOf: URL(filePath: folder.path("empty"))).isEmpty)
  }

  @Test("a name of 255 bytes is possible")
  func longName() throws {
    let name = String(repeating: "n", count: 255)
    try AtomicFile.write([1], to: folder.path(name))
    #expect(folder.names == [name])
    #expect(throws: AisError.self) { try AtomicFile.write([1], to: folder.path(name + "n")) }
    #expect(folder.names == [name])
  }

  @Test("leftovers of dead processes of this host are found and removed, others stay")
  func leftovers() throws {
    let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "host"
    // A process that has ended and been waited for.
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let dead = ".a.mrc.\(host).\(process.processIdentifier).1.part"
    let alive = ".a.mrc.\(host).\(getpid()).1.part"
    let elsewhere = ".a.mrc.other-host.1.1.part"
    for file in [dead, alive, elsewhere, ".hidden.part", "a.mrc"] {
      try Data().write(to: URL(filePath: folder.path(file)))
    }
    #expect(AtomicFile.leftovers(in: folder.root) == [folder.path(dead)])
    #expect(AtomicFile.removeLeftovers(in: folder.root) == [folder.path(dead)])
    #expect(folder.names == [alive, elsewhere, ".hidden.part", "a.mrc"].sorted())
  }
}
