import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("TarArchive")
struct TarArchiveTests {
  /// What the error says when an archive is opened.
  private func message(_ bytes: [UInt8], limits: TarArchive.Limits = .init()) -> String? {
    do throws(AisError) {
      _ = try TarArchive(bytes, name: "x.scnm", limits: limits)
      return nil
    } catch { return error.description }
  }

  private func archive(_ fill: (inout TarBuilder) -> Void) -> [UInt8] {
    var builder = TarBuilder()
    fill(&builder)
    return builder.finished()
  }

  @Test("members are read by name, plain and gzip-compressed")
  func members() throws {
    let plain = archive {
      $0.add("folder", type: "5")
      $0.add("folder/a_weights.h5", [1, 2, 3])
      $0.add("empty")
      $0.add("long", [UInt8](repeating: 9, count: 2000))
    }
    for bytes in [plain, GzipBuilder.compress(plain)] {
      let members = try TarArchive(bytes, name: "x.scnm").members
      #expect(members.map(\.name) == ["folder/a_weights.h5", "empty", "long"])
      #expect(members.map(\.bytes.count) == [3, 0, 2000])
      #expect(members[0].bytes == [1, 2, 3])
      #expect(members[0].baseName == "a_weights.h5")
      #expect(TarArchive.isLikely(bytes))
    }
    let wanted = try TarArchive(plain, name: "x.scnm") { $0 == "long" }.members
    #expect(wanted.map(\.name) == ["long"])
  }

  @Test(
    "names that lead out of the archive are refused",
    arguments: ["../evil", "a/../../evil", "/etc/passwd", "..", "a/..", "//x"])
  func escapes(name: String) throws {
    let text = try #require(message(archive { $0.add(name, [1]) }))
    #expect(
      text
        == "'x.scnm' was not opened: it holds '\(name)', and its name leads out of the archive. Do not trust this file."
    )
  }

  @Test("a name with dots that leads nowhere is fine")
  func harmlessDots() throws {
    let bytes = archive { $0.add("./a..b/..c", [1]) }
    #expect(try TarArchive(bytes, name: "x").members.count == 1)
  }

  @Test(
    "links, devices and pipes are refused",
    arguments: [("1", "link"), ("2", "link"), ("3", "neither"), ("4", "neither"), ("6", "neither")])
  func specialMembers(type: Character, word: String) throws {
    let text = try #require(message(archive { $0.add("member", type: type, link: "target") }))
    #expect(text.contains("'member'") && text.contains(word))
  }

  @Test("too many members are refused")
  func manyMembers() {
    let bytes = archive { for index in 0..<300 { $0.add("m\(index)") } }
    #expect(message(bytes) == "'x.scnm' was not opened: it holds more than 256 members, which no model file does")
  }

  @Test("a member beyond its limit is refused before it is read, and all together too")
  func sizes() {
    var limits = TarArchive.Limits()
    limits.memberBytes = 1 << 20
    limits.totalBytes = 3 << 20
    let large = archive { $0.add("large", size: 5 << 30) }
    #expect(message(large, limits: limits)?.contains("'large' with more than 1 MiB") == true)
    let several = archive { for index in 0..<4 { $0.add("m\(index)", [UInt8](repeating: 7, count: 1 << 20)) } }
    #expect(message(several, limits: limits)?.contains("more than 3 MiB in all") == true)
  }

  @Test("a bomb is refused by how far it expands")
  func bomb() {
    var limits = TarArchive.Limits()
    limits.freeBytes = 1 << 20
    let bytes = GzipBuilder.compress(archive { $0.add("zeros", [UInt8](repeating: 0, count: 24 << 20)) })
    #expect(bytes.count < 200_000)
    #expect(
      message(bytes, limits: limits)
        == "'x.scnm' was not opened: it holds content more than 100 times as large as the archive, which no model file does"
    )
  }

  @Test("a bomb in a member that nobody wants is refused too")
  func unwantedBomb() {
    let bytes = GzipBuilder.compress(archive { $0.add("zeros", [UInt8](repeating: 0, count: 64 << 20)) })
    #expect(throws: AisError.self) { try TarArchive(bytes, name: "x", isWanted: { _ in false }) }
  }

  @Test("an archive cut short is refused, wherever it is cut")
  func truncation() {
    let plain = archive {
      $0.add("a", [UInt8](repeating: 1, count: 700))
      $0.add("b", [UInt8](repeating: 2, count: 700))
    }
    let contentEnd = plain.count - 1024
    for bytes in [plain, GzipBuilder.compress(plain)] {
      for count in stride(from: 1, to: bytes.count, by: 3) {
        let opened = try? TarArchive(Array(bytes[..<count]), name: "x")
        // What is cut off behind the last member's content is no loss.
        let whole = opened.map { $0.members.map(\.bytes.count) == [700, 700] } ?? false
        let onBoundary = bytes.count == plain.count && count % 512 == 0
        #expect(opened == nil || whole || (onBoundary && count < contentEnd))
      }
    }
    #expect(message([])?.hasPrefix("'x.scnm' is damaged: its archive cannot be read") == true)
  }

  @Test("any byte may be anything")
  func mutations() {
    let plain = archive {
      $0.add("a_weights.h5", [UInt8](repeating: 1, count: 600))
      $0.add("a_metadata.json", Array("{}".utf8))
    }
    var generator = SeededGenerator(seed: 8)
    for bytes in [plain, GzipBuilder.compress(plain)] {
      for _ in 0..<2000 {
        var mutated = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          mutated[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        _ = try? TarArchive(mutated, name: "x")
      }
    }
  }
}
