import AisCore
import AisProject
import AisTestSupport
import Foundation
import Testing

@Suite("The lease of a project")
struct ProjectLeaseTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("Cells.ais") }
  private var lease: String { path + "/lease.json" }

  init() throws { folder = try TemporaryFolder() }

  /// The lease file with some members replaced.
  private func rewrite(_ change: (inout [String: Any]) -> Void) throws {
    let data = try Data(contentsOf: URL(filePath: lease))
    var record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    change(&record)
    try JSONSerialization.data(withJSONObject: record).write(to: URL(filePath: lease))
  }

  /// A lease file as another process would have left it.
  private func leaveLease(_ change: (inout [String: Any]) -> Void) throws {
    let project = try Project.create(path)
    let data = try Data(contentsOf: URL(filePath: lease))
    try project.close()
    try data.write(to: URL(filePath: lease))
    try rewrite(change)
  }

  private func owner(_ record: inout [String: Any], _ change: (inout [String: Any]) -> Void) {
    var owner = record["owner"] as? [String: Any] ?? [:]
    change(&owner)
    record["owner"] = owner
  }

  @Test("a project that is open is refused with its owner and address")
  func inUse() throws {
    let project = try Project.create(path, address: "http://ws7:8421")
    let words = try #require(message { _ = try Project.open(path) })
    #expect(
      words.contains(
        "is open: by '\(NSUserName())' on '\(ProcessInfo.processInfo.hostName)' (process \(getpid())) at http://ws7:8421, since"
      ))
    project.setAddress("http://ws7:9000")
    #expect(message { _ = try Project.open(path) }?.contains("at http://ws7:9000") == true)
    try project.close()
    try Project.open(path).close()
  }

  @Test("the lease of a process that ended is taken over at once")
  func deadProcess() throws {
    // The number is this process's own, which started at another time.
    try leaveLease { record in owner(&record) { $0["started"] = "1" } }
    let project = try Project.open(path)
    try project.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["project.sqlite"])
  }

  @Test("an owner on another host whose number does not rise is dead, one whose number rises is not")
  func otherHost() throws {
    try leaveLease { record in owner(&record) { $0["host"] = "node17" } }
    let quick = ProjectTiming(interval: 0.05, silence: 0.6)
    // A thread of its own: the test blocks the one that it runs on.
    let ending = Cancellation()
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [lease] in
      while !ending.isCancelled {
        Thread.sleep(forTimeInterval: 0.05)
        guard let data = try? Data(contentsOf: URL(filePath: lease)),
          var record = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { continue }
        record["beat"] = (record["beat"] as? Int ?? 0) + 1
        try? JSONSerialization.data(withJSONObject: record).write(to: URL(filePath: lease), options: .atomic)
      }
      ended.signal()
    }
    let words = message { _ = try Project.open(path, timing: quick) }
    #expect(words?.contains("on 'node17'") == true)
    ending.cancel()
    ended.wait()
    let project = try Project.open(path, timing: quick)
    try project.close()
  }

  @Test("an owner that slept while another took over writes nothing more")
  func takenOver() throws {
    // No beat but the one below, which could come between the other's reading and writing.
    let project = try Project.create(path, timing: ProjectTiming(interval: 3600, silence: 0.1))
    let sample = try Sample(project)
    try rewrite { record in
      record["token"] = "another"
      owner(&record) { $0["host"] = "node17" }
    }
    project.beat()
    let words = message { _ = try project.apply([sample.stroke(box(0, 0, 1, 1))], by: anna) }
    #expect(words?.contains("was taken over by 'node17'") == true)
    #expect(try sample.mask().isEmpty)
    try project.close()
    // The other's lease stays.
    #expect(FileManager.default.fileExists(atPath: lease))
  }

  @Test("a damaged lease is not taken for a free project")
  func damaged() throws {
    try leaveLease { _ in }
    try "{".write(toFile: lease, atomically: true, encoding: .utf8)
    #expect(message { _ = try Project.open(path) }?.contains("If it is not, delete the file") == true)
  }
}
