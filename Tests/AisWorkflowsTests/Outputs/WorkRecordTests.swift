import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

@Suite("The account of a piece of work")
struct WorkRecordTests {
  private struct Settings: Encodable, Sendable {
    var spacing: Double
  }

  private func record(_ folder: TemporaryFolder, spacing: Double = 10, input: String = "abc") throws -> WorkRecord {
    let path = folder.path("input.mrc")
    try Data(input.utf8).write(to: URL(filePath: path))
    return try WorkRecord(schema: "ais.test/1", settings: Settings(spacing: spacing), inputs: [path])
  }

  @Test("what was written is found the same, and only with the same settings and inputs")
  func sameness() throws {
    let folder = try TemporaryFolder()
    let record = try record(folder)
    let paths = [folder.path("a.star"), folder.path("a.png")]
    #expect(ExistingOutput.look(at: paths, record: record) == .absent)
    try record.write([(paths[0], Array("points".utf8)), (paths[1], Array("picture".utf8))])
    #expect(ExistingOutput.look(at: paths, record: record) == .same)
    #expect(isOther(ExistingOutput.look(at: paths, record: try self.record(folder, spacing: 11))))
    #expect(isOther(ExistingOutput.look(at: paths, record: try self.record(folder, input: "abd"))))
  }

  @Test("a list that was changed by hand is not replaced unasked")
  func changed() throws {
    let folder = try TemporaryFolder()
    let record = try record(folder)
    let path = folder.path("a.star")
    try record.write([(path, Array("points".utf8))])
    try Data("fewer".utf8).write(to: URL(filePath: path))
    let found = ExistingOutput.look(at: [path], record: record)
    guard case .other(let reason) = found else {
      Issue.record("found \(found)")
      return
    }
    #expect(reason.contains("changed") && reason.contains("--force") && reason.contains(path))
  }

  @Test("a file of somebody else is not replaced, be it the output or the account of it")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let record = try record(folder)
    let path = folder.path("a.star")
    try Data("theirs".utf8).write(to: URL(filePath: path))
    #expect(isOther(ExistingOutput.look(at: [path], record: record)))
    try FileManager.default.removeItem(atPath: path)
    try Data("{}".utf8).write(to: URL(filePath: WorkRecord.path(of: path)))
    #expect(isOther(ExistingOutput.look(at: [path], record: record)))
  }

  @Test("what a crash left unfinished is done again")
  func unfinished() throws {
    let folder = try TemporaryFolder()
    let record = try record(folder)
    let paths = [folder.path("a.star"), folder.path("a.png")]
    try record.write([(paths[0], Array("points".utf8)), (paths[1], Array("picture".utf8))])
    try FileManager.default.removeItem(atPath: paths[1])
    #expect(ExistingOutput.look(at: paths, record: record) == .absent)
    try FileManager.default.removeItem(atPath: paths[0])
    #expect(ExistingOutput.look(at: paths, record: record) == .absent)
  }

  @Test("comments name program, inputs, settings and fingerprint")
  func comments() throws {
    let folder = try TemporaryFolder()
    let record = try record(folder)
    let lines = try record.lines("pick")
    #expect(lines[0].hasPrefix("Ais \(AisVersion.current) pick"))
    #expect(lines[1].contains("input.mrc"))
    #expect(lines[2] == "settings {\"spacing\":10}")
    #expect(lines[3] == "ais fingerprint \(record.fingerprint)")
  }

  private func isOther(_ output: ExistingOutput) -> Bool { if case .other = output { true } else { false } }
}

@Suite("Names that a run is going to use")
struct OutputClaimsTests {
  @Test("two inputs of one name, and an output that is an input, are named")
  func clashes() throws {
    var claims = OutputClaims(inputs: ["/in/a.star"])
    claims.claim("/out/b.star", for: "/one/b.mrc")
    try claims.check()
    claims.claim("/out/../out/b.star", for: "/two/b.mrc")
    claims.claim("/in/a.star", for: "/three/a.mrc")
    #expect {
      try claims.check()
    } throws: { error in
      let error = error as? AisError
      return error?.code == .needsDecision
        && ["/one/b.mrc", "/two/b.mrc", "/in/a.star"].allSatisfy { error?.message.contains($0) == true }
    }
  }
}
