import AisCore
import AisFormats
import AisJobs
import AisTestSupport
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite("The folder of a batch")
struct BatchFolderTests {
  @Test("of many that write the same entry at once, exactly one is told that it did")
  func race() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    for number in 1...20 {
      let winners = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { index in
        let entry = JournalEntry(task: "t", number: number, kind: .claimed, worker: "w\(index)", host: "h")
        if (try? folder.append(entry)) == true { winners.withLock { $0.append("w\(index)") } }
      }
      let winner = winners.withLock { $0 }
      #expect(winner.count == 1)
      #expect(try folder.entry("t", number)?.worker == winner.first)
    }
    #expect(try folder.journalExtents() == ["t": 20])
    let hidden = try FileManager.default.contentsOfDirectory(atPath: folder.journalPath).filter { $0.hasPrefix(".") }
    #expect(hidden.isEmpty)
  }

  @Test("plans and entries come back as they were written")
  func roundTrip() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    let plan = BatchPlan(
      workingFolder: "/data", host: "h", date: Date(timeIntervalSince1970: 0),
      stages: [.init(command: "segment", words: ["segment", "-m", "a b.scnm"], settings: "{}")],
      tasks: [
        BatchTask(
          id: "t", stage: 0, inputs: ["Töm\n1.mrc"], outputs: ["o"],
          forecast: .init(seconds: 1.5, memoryBytes: 1 << 40, diskBytes: 0))
      ])
    try folder.add(plan)
    try folder.add(plan)
    let plans = try #require(try folder.plans())
    #expect(plans.count == 2)
    #expect(plans[0].tasks == plan.tasks && plans[0].stages == plan.stages)
    #expect(try folder.plans(butFor: 2) == nil)
    var entry = JournalEntry(task: "t", number: 1, kind: .done, worker: "w", host: "h")
    entry.outputs = [.init(path: "o", bytes: 3, sha256: "abc")]
    #expect(try folder.append(entry))
    #expect(try folder.entry("t", 1) == entry)
    #expect(try folder.entry("t", 2) == nil)
  }

  @Test("its own folder will do in place of the output folder")
  func ownName() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.path("seg"))
    for path in [temporary.path("seg"), temporary.path("seg/"), folder.path, folder.path + "/"] {
      #expect(try BatchFolder(opening: path).path == folder.path)
    }
  }

  @Test("an observer reads what listings do not show yet")
  func lateListing() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    try folder.add(planOfOneTask())
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero)
    for (number, kind) in [(1, JournalEntry.Kind.claimed), (2, .done)] {
      _ = try folder.append(JournalEntry(task: "t", number: number, kind: kind, worker: "w", host: "h"))
    }
    try observer.refresh(task: "t")
    #expect(observer.schedule.state(of: "t") == .done)
  }

  @Test("equal work has an equal name, and other work another")
  func identity() {
    let stage = BatchPlan.Stage(command: "segment", words: ["a"], settings: "{}")
    var other = stage
    other.settings = "{1}"
    var words = stage
    words.words = ["b"]
    func id(_ stage: BatchPlan.Stage, _ inputs: [String], _ outputs: [String]) -> String {
      BatchTask.id(stage: stage, inputs: inputs, outputs: outputs, workingFolder: "/w")
    }
    #expect(id(stage, ["i"], ["o"]) == id(words, ["i"], ["o"]))
    #expect(id(stage, ["i"], ["o"]) != id(other, ["i"], ["o"]))
    #expect(id(stage, ["i", "j"], ["o"]) != id(stage, ["ij"], ["o"]))
    let name = id(stage, ["i"], ["out/../Ü ../TS 01;rm -rf.mrc"])
    #expect(name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
  }

  @Test("a process is gone only when the same kernel says so")
  func processes() {
    let me = ProcessIdentity.current
    #expect(!me.isGone(seenFrom: me))
    var gone = me
    gone.start = "1"
    #expect(gone.isGone(seenFrom: me))
    var elsewhere = gone
    elsewhere.boot = "another"
    #expect(!elsewhere.isGone(seenFrom: me))
    var contained = gone
    contained.namespace = "pid:[1]"
    #expect(!contained.isGone(seenFrom: me))
  }
}

private func planOfOneTask() -> BatchPlan {
  BatchPlan(
    workingFolder: "/", host: "h", date: .now, stages: [.init(command: "segment", words: [], settings: "")],
    tasks: [BatchTask(id: "t", stage: 0, inputs: ["i"], outputs: ["o"])])
}

@Suite("What a batch says when something is wrong")
struct BatchWordingTests {
  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was wrong"
  }

  @Test("a folder without a batch")
  func noBatch() throws {
    let temporary = try TemporaryFolder()
    #expect(
      message { _ = try BatchFolder(opening: temporary.root) }
        == "'\(temporary.root)' holds no batch: expected the folder 'ais-batch' in it, which 'ais batch run' makes. Give the "
        + "output folder of a batch, or start one: ais batch run segment -m MODEL -o '\(temporary.root)' TOMOGRAM…")
  }

  @Test("a plan of a newer form")
  func newerForm() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    let path = folder.plansPath + "/000001.json"
    try #"{"schema": "ais.batch/2", "program": {"name": "ais", "version": "7.1.0"}}"#
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(
      message { _ = try folder.plans() }
        == "'\(path)' was written by Ais 7.1.0 in the form 'ais.batch/2'; Ais \(AisVersion.current) knows 'ais.batch/1'. Go on "
        + "with Ais 7.1.0, or plan the work anew with another '-o'.")
  }

  @Test("tasks that another version planned")
  func otherVersion() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    try folder.add(planOfOneTask())
    let path = folder.plansPath + "/000001.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "\"version\" : \"\(AisVersion.current)\"", with: "\"version\" : \"0.0.9\"")
      .write(toFile: path, atomically: true, encoding: .utf8)
    var observer = BatchObserver(folder)
    try observer.refresh(now: .zero)
    #expect(
      message { try observer.checkVersion() }
        == "a task of the batch in '\(temporary.root)' was planned by Ais 0.0.9, and this is Ais \(AisVersion.current): one "
        + "batch should not mix results of two versions. Finish it with Ais 0.0.9, or plan what is left anew: type the line again "
        + "with which it was started.")
  }

  @Test("something else among the batch's files")
  func noJSON() throws {
    let temporary = try TemporaryFolder()
    let folder = try BatchFolder(making: temporary.root)
    let path = folder.plansPath + "/000001.json"
    try "hello".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(
      message { _ = try folder.plans() }
        == "'\(path)' is not the JSON that a batch keeps. Something else wrote it: move it away.")
  }
}
